package propagation

import "github.com/traceferry/traceferry/internal/wire"

// TraceReason is why Envoy traces a request, as encoded in its x-request-id. The zero value is NotTraced.
type TraceReason uint8

const (
	NotTraced       TraceReason = iota // no reason, or not an id of Envoy
	SampledByEnvoy                     // chosen by random or overall sampling
	ForcedByService                    // requested by x-envoy-force-trace
	ForcedByClient                     // requested by x-client-trace-id
)

// String returns the reason in words.
func (r TraceReason) String() string { return wire.TraceReason(r).String() }

// TraceReasonOf returns the trace reason in an x-request-id of Envoy. The reason is character 14 of 36, in lower case
// (Envoy, source/extensions/request_id/uuid/config.cc). For every other string it returns NotTraced. It does not
// allocate, and is safe for concurrent use.
func TraceReasonOf(requestID string) TraceReason {
	return TraceReason(wire.TraceReasonOf(requestID))
}
