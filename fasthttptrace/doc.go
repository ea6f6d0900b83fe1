// Package fasthttptrace carries trace headers across github.com/valyala/fasthttp: from an inbound request into a context,
// and from a context to outgoing requests. It is a module of its own. Setup takes two lines:
//
//	server := &fasthttp.Server{Handler: fasthttptrace.Middleware(p)(handler)}
//	client := &fasthttp.Client{Transport: fasthttptrace.NewTransport(p, nil)}
//
// fasthttp uses a *fasthttp.RequestCtx again for later requests, so do not make calls with it. [Context] returns a
// context for calls, and [SetContext] gives that context to a call:
//
//	fasthttptrace.SetContext(req, fasthttptrace.Context(rc))
//	err := client.Do(req, resp)
//
// The context works with all other clients, too, such as those of net/http and grpc-go:
//
//	http.NewRequestWithContext(fasthttptrace.Context(rc), "GET", url, nil)
//
// This context keeps nothing of fasthttp's memory. It may outlive the request, for example in a job. It has no deadline
// and does not end with the request.
//
// Headers arrive and leave byte for byte, and repeated lines stay separate lines.
//
// For fiber, see packages fasthttptrace/fibertrace (version 2) and fasthttptrace/fiber3trace (version 3). Other frameworks
// over fasthttp can use [Inbound].
//
// # At an edge
//
// Middleware trusts every caller by default. At an edge, pass a [Decider]: [Edge], [PeersIn], [PeersWithID], or a function
// of your own.
package fasthttptrace
