package propagation

import "github.com/traceferry/traceferry/internal/policy"

// Trust says how far a service trusts one caller. The zero value, Continue, trusts the caller in everything. Each bit
// names a part of the received headers that is not trusted. Join bits with |, and remove them with &^:
//
//	propagation.DistrustSampling                          // continue the trace, with an open decision
//	propagation.Restart &^ propagation.DistrustHeaders    // a new trace that keeps the caller's Config.Headers
//
// At an edge, use the deciders of packages httptrace and grpctrace, which decide by address or by certificate. Or
// give a function of your own to httptrace.WithTrust or grpctrace.WithTrust, or the Trust itself to
// [Propagator.ExtractHTTPTrust] or [Propagator.ExtractMetadataTrust]. Decide once for each request, before other code
// reads the headers.
//
// The package withholds an untrusted part. The functions of this package and of OpenTelemetry that read a context do
// not return it, and no outgoing call sends it. The context keeps it, within Config.Limits, for a span link
// ([UntrustedFromContext]) and for [Promote], which takes the decision back. A withheld line also stays withheld if
// the application copies it by hand from the request to a call.
//
// A decision holds for the whole request: a later Extract, by this or another Propagator, withholds at least as much.
type Trust uint8

// The parts of the headers that a service can distrust, and three common combinations.
const (
	// DistrustIDs withholds the ids of spans and traces: all trace formats with their tracestate, and the formats
	// that are only carried (SkyWalking, ClientTrace, Linkerd1, AzureRequestID). It keeps the sampling decision if
	// the format can express a decision without ids, as B3 can. It also keeps x-envoy-force-trace and l5d-sample,
	// which only DistrustSampling withholds.
	DistrustIDs Trust = 1 << iota
	// DistrustSampling withholds the caller's sampling decision, so that it is open.
	//
	//   - Trace formats keep their ids and lose their decision.
	//   - A tracestate loses the members that hold a decision: dd, dt, es, nr and ot, of any tenant.
	//   - The formats that are only carried are withheld, because they may hold a decision.
	//   - Envoy's trace reason in x-request-id is reset.
	//
	// Where the decision cannot stay open, Config.Deferred decides. That is so in OpenTelemetry: a parent-based
	// sampler takes Config.Deferred for the caller's decision. To decide in this service instead, give that sampler
	// another sampler for remote parents (trace.WithRemoteParentNotSampled).
	//
	// Two other headers influence sampling. Envoy also samples at random by the first digits of x-request-id, and
	// Sentry sends its decision in baggage. Add DistrustRequestID and DistrustBaggage if callers must not choose to
	// be sampled.
	DistrustSampling
	// DistrustBaggage withholds baggage in every form: baggage, jaeger-baggage, uberctx-*, ot-baggage-*,
	// sw8-correlation, correlation-context, and the items in an x-ot-span-context. It also withholds OpenTelemetry's
	// baggage that is already in the context. With Config.TrustRoutingKeys, the members of Config.RoutingKeys are not
	// withheld.
	DistrustBaggage
	// DistrustRequestID withholds x-request-id. With Config.GenerateRequestID, Extract makes a new one.
	DistrustRequestID
	// DistrustHeaders withholds Config.Headers, UnsafeHeaders and HeaderAliases.
	DistrustHeaders

	_ // Ignore

	// Continue trusts the caller in everything. Use it for a service behind its mesh.
	Continue Trust = 0
	// Restart trusts the caller in nothing, so a new trace begins. Use it at the edge, where untrusted callers
	// arrive.
	Restart = DistrustIDs | DistrustSampling | DistrustBaggage | DistrustRequestID | DistrustHeaders
	// Ignore acts as if the headers were absent. Unlike Restart, it keeps nothing for a span link or for Promote.
	Ignore = Restart | 1<<5
)

// String returns "continue", "restart", "ignore", or a list of the untrusted parts: "distrust ids, sampling".
func (t Trust) String() string { return policy.Trust(t).String() }
