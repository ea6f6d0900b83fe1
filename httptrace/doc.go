// Package httptrace carries trace headers across net/http: from the inbound request
// into its context, and from the context to outgoing requests. Two lines wire it:
//
//	handler := httptrace.Middleware(p)(mux)                                  // or chi: r.Use(httptrace.Middleware(p))
//	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
//
// and calls are made with the handler's context:
//
//	req, err := http.NewRequestWithContext(r.Context(), "GET", url, nil)
//	resp, err := client.Do(req)
//
// A reverse proxy takes [Rewrite]. What is carried is p's propagation.Config; package preset
// has one for each mesh.
//
// docs/frameworks.md has the lines for gin, echo, fiber, fasthttp, connect, h2c, WebSocket dialers, resty and others, and the
// mistake that is easy to make with each.
//
// Beside net/http/httptrace of the standard library, import this one under another name:
//
//	import ferry "github.com/traceferry/traceferry/httptrace"
//
// # With otelhttp
//
// Middleware and otelhttp.NewHandler work in either order: outside, Middleware gives
// otelhttp its remote parent in every format; inside, it leaves otelhttp's span active. Set
// p as OpenTelemetry's propagator too, so that both mean the same parent.
//
// Of transports ours is the inner one: otelhttp.NewTransport(httptrace.NewTransport(p, base)).
// The other way round ours runs before otelhttp starts its client span, so the
// formats that otelhttp's propagator does not write would name the span around the
// call, and what that propagator writes, if it is not p, nobody judges by whom it goes to.
//
// # At an edge
//
// Middleware believes every caller, unless a [Decider] says otherwise: [Edge], [PeersIn], [PeersWithID], or a
// function of your own. It must stand outside of otelhttp.NewHandler for that: inside, otelhttp has made its
// span the untrusted caller's child already, if it was not told otelhttp.WithPublicEndpointFn.
package httptrace
