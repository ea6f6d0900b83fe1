package propagation

import "github.com/traceferry/traceferry/internal/wire"

// TraceReason is why Envoy traces a request, as its x-request-id tells.
type TraceReason uint8

const (
	NotTraced       TraceReason = iota // no reason, or an id that is not Envoy's
	SampledByEnvoy                     // the random or overall sampling chose it
	ForcedByService                    // x-envoy-force-trace asked for it
	ForcedByClient                     // x-client-trace-id asked for it
)

// String returns the reason in words.
func (r TraceReason) String() string { return wire.TraceReason(r).String() }

// TraceReasonOf reads the reason out of an x-request-id: character 14 of 36, lower
// case (Envoy, source/extensions/request_id/uuid/config.cc). It is NotTraced for
// every other string, costs no allocation and may be called from any goroutine.
func TraceReasonOf(requestID string) TraceReason {
	return TraceReason(wire.TraceReasonOf(requestID))
}
