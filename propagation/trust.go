package propagation

import "github.com/traceferry/traceferry/internal/policy"

// Trust is how far a service trusts one caller. The zero value, Continue, trusts the caller in everything. Each bit
// names a part of the received headers that is not trusted. Combine decisions with |, and except parts with &^:
//
//	propagation.DistrustSampling                          // continue the trace, with an open decision
//	propagation.Restart &^ propagation.DistrustHeaders    // a new trace that keeps the caller's Config.Headers
//
// An untrusted part is withheld. The functions of this package and of OpenTelemetry that read a context do not return
// it, and no outgoing call sends it. It stays in the context, within Config.Limits, for a span link
// ([UntrustedFromContext]) and for [Promote], which takes the decision back. A withheld line stays withheld if the
// application copies it from the request to a call by hand. A later Extract of the same request, by this or another
// Propagator, withholds at least as much.
//
// Decide once for each request, before anything else reads the headers: with httptrace.WithTrust, grpctrace.WithTrust,
// [Propagator.ExtractHTTPTrust] or [Propagator.ExtractMetadataTrust].
type Trust uint8

const (
	// DistrustIDs withholds what names spans and traces: all trace formats with their tracestate, and the formats that
	// are only carried (SkyWalking, ClientTrace, Linkerd1, AzureRequestID). A sampling decision is kept where a format
	// can express it without ids, as B3 can.
	DistrustIDs Trust = 1 << iota
	// DistrustSampling withholds the caller's sampling decision, so that it is open.
	//
	//   - Trace formats keep their ids and lose their decision.
	//   - A tracestate loses the members that hold a decision: dd, dt, es, nr and ot, of any tenant.
	//   - Formats that are only carried and may hold a decision are withheld.
	//   - Envoy's reason in x-request-id is reset.
	//
	// Formats and samplers that cannot leave a decision open use Config.Deferred. Envoy also samples at random by the
	// first digits of x-request-id. Add DistrustRequestID where callers may not choose to be sampled.
	//
	// OpenTelemetry has no open decision. A parent-based sampler takes Config.Deferred for the caller's decision. To
	// decide here, give that sampler another one for remote parents (trace.WithRemoteParentNotSampled).
	DistrustSampling
	// DistrustBaggage withholds baggage in every form: baggage, jaeger-baggage, uberctx-*, ot-baggage-*,
	// sw8-correlation, correlation-context, and the items in an x-ot-span-context. It also withholds OpenTelemetry's
	// baggage that is already in the context. Config.TrustRoutingKeys excepts some members.
	DistrustBaggage
	// DistrustRequestID withholds x-request-id. With Config.GenerateRequestID, Extract makes a new one.
	DistrustRequestID
	// DistrustHeaders withholds Config.Headers, UnsafeHeaders and HeaderAliases.
	DistrustHeaders

	_ // Ignore

	// Continue trusts the caller in everything. It is for a service behind its mesh.
	Continue Trust = 0
	// Restart trusts the caller in nothing, so a new trace begins. It is for the edge, where untrusted callers arrive.
	Restart = DistrustIDs | DistrustSampling | DistrustBaggage | DistrustRequestID | DistrustHeaders
	// Ignore acts as if the headers were absent. Unlike Restart, it keeps nothing for a span link or for Promote.
	Ignore = Restart | 1<<5
)

// String returns "continue", "restart", "ignore", or a list of what is distrusted: "distrust ids, sampling".
func (t Trust) String() string { return policy.Trust(t).String() }
