// Package httptrace carries trace headers across net/http: from the inbound request into its context, and from the
// context to outgoing requests. Setup takes two lines:
//
//	handler := httptrace.Middleware(p)(mux)                                  // or chi: r.Use(httptrace.Middleware(p))
//	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
//
// Make calls with the handler's context:
//
//	req, err := http.NewRequestWithContext(r.Context(), "GET", url, nil)
//	resp, err := client.Do(req)
//
// p is a propagation.Propagator. Its propagation.Config says what is carried. Package preset has a Config for each mesh:
//
//	p := propagation.MustNew(preset.Istio())
//
// For a reverse proxy, use [Rewrite].
//
// The page docs/frameworks.md has the setup lines for gin, echo, fiber, fasthttp, connect, h2c, WebSocket dialers,
// resty and others. For each it names a common mistake.
//
// The standard library has a package net/http/httptrace. To use both, import this one under another name:
//
//	import ferry "github.com/traceferry/traceferry/httptrace"
//
// # With otelhttp
//
// [Middleware] and otelhttp.NewHandler work in either order, if p is also OpenTelemetry's propagator:
// otel.SetTextMapPropagator(p). Then both use the same remote parent, from any format that p carries. A Middleware inside
// of otelhttp leaves otelhttp's span active.
//
// Put the [Transport] of this package inside of otelhttp's: otelhttp.NewTransport(httptrace.NewTransport(p, base)). In
// the other order, Transport runs before otelhttp starts its client span. Formats that otelhttp's propagator does not
// write then carry the ids of the span around the call, not of the client span. If otelhttp's propagator is not p, the
// headers that otelhttp writes are not filtered by destination.
//
// # Lost headers
//
// Set propagation.Observer.Lost to learn which line of the program makes a call that loses headers. [Transport] reports
// calls without the handler's context, calls after the handler has returned, restarted traces, and headers that its base
// has changed. [Guard] reports calls of clients without a Transport. See propagation.Loss.
//
// # At an edge
//
// Middleware trusts every caller by default. At an edge, pass a [Decider]: [Edge], [PeersIn], [PeersWithID], or a
// function of your own. Middleware must then be outside of otelhttp.NewHandler. Inside, otelhttp has already made its
// span a child of the untrusted caller's span, unless otelhttp.WithPublicEndpointFn prevents it.
//
// # The trace id in the response
//
// [WithTraceResponse], [WithServerTiming] and [WithResponseTraceID] tell the caller the trace id in a response header.
// Put them on a Middleware inside of otelhttp.NewHandler. By default only callers that are trusted in everything get
// the header; [WithResponseTo] changes that. A reverse proxy needs [ProxyTransport], too. The page docs/response.md has
// examples, also with CORS for browsers.
package httptrace
