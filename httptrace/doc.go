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
// For a reverse proxy, use [Rewrite]. The propagation.Config of p says what is carried. Package preset has a Config for
// each mesh.
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
// [Middleware] and otelhttp.NewHandler work in either order. Outside of otelhttp, Middleware gives otelhttp its remote
// parent from every format. Inside of otelhttp, it leaves otelhttp's span active. Set p as OpenTelemetry's propagator
// too, so that both use the same parent.
//
// Put the [Transport] of this package inside of otelhttp's: otelhttp.NewTransport(httptrace.NewTransport(p, base)). In
// the other order, Transport runs before otelhttp starts its client span. Formats that otelhttp's propagator does not
// write then carry the span around the call. If otelhttp's propagator is not p, the headers that otelhttp writes are
// not filtered by destination.
//
// # Lost headers
//
// Set propagation.Observer.Lost to learn which line of the program makes a call that loses headers. [Transport] reports
// calls without the handler's context, calls after the handler has returned, restarted traces and headers that a transport
// inside has changed. [Guard] reports calls of clients without a Transport. See propagation.Loss.
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
// the header; [WithResponseTo] changes that. A reverse proxy needs [ProxyTransport], too. The page docs/answer.md shows
// all this, with CORS for browsers.
package httptrace
