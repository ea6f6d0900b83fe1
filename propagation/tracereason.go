package propagation

import "github.com/traceferry/traceferry/internal/wire"

// TraceReason is the reason why Envoy traces a request. Envoy writes it into the x-request-id that it generates. The
// zero value is NotTraced.
type TraceReason uint8

// The reasons why Envoy traces a request.
const (
	NotTraced       TraceReason = iota // Envoy does not trace the request, or did not write the id
	SampledByEnvoy                     // chosen by random or overall sampling
	ForcedByService                    // requested by x-envoy-force-trace
	ForcedByClient                     // requested by x-client-trace-id
)

// String returns the reason in words. It returns "unknown" for a value that is not a constant of this package.
func (r TraceReason) String() string { return wire.TraceReason(r).String() }

// TraceReasonOf returns the trace reason in an x-request-id of Envoy, such as that of [RequestIDFromContext]. The
// reason is the 15th of 36 characters, in lower case (Envoy, source/extensions/request_id/uuid/config.cc). For every
// other string TraceReasonOf returns NotTraced. It does not allocate, and is safe for concurrent use.
func TraceReasonOf(requestID string) TraceReason {
	return TraceReason(wire.TraceReasonOf(requestID))
}
