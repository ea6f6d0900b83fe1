// Package fiber3trace carries trace headers across github.com/gofiber/fiber/v3. It is a module of its own, so that users of
// fasthttp alone do not need fiber. One line reads the headers of each request into its context, and one line writes them
// to the requests of fiber's client:
//
//	app.Use(fiber3trace.Middleware(p))
//	caller := client.New().AddRequestHook(fiber3trace.RequestHook(p))
//
// Make calls with c.Context(). c is a context too, but it carries nothing:
//
//	resp, err := caller.R().SetContext(c.Context()).Get(url)
//
// See package fasthttptrace for all else. For version 2 of fiber, see package fibertrace.
package fiber3trace

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/client"
	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/propagation"
)

// Middleware returns a handler that reads the headers that p carries into the context of each request (c.Context). The
// options are those of fasthttptrace.Middleware: fasthttptrace.Edge, for example.
//
// The context keeps nothing of fiber's memory, so a job may use it after the handler has returned. It descends from the
// context that an outer middleware has set, and a local span there stays active. A request with up to eight lines to
// carry costs two allocations. A request without such lines costs none. The handler is safe for concurrent use.
func Middleware(p *propagation.Propagator, opts ...fasthttptrace.Option) fiber.Handler {
	in := fasthttptrace.NewInbound(p, opts...)
	return func(c fiber.Ctx) error {
		ctx := in.Begin(c.Context(), c.RequestCtx())
		c.SetContext(ctx)
		defer in.End(ctx)
		return c.Next()
	}
}

// RequestHook returns a hook for fiber's client. It writes the headers of the request's context (SetContext) as
// Propagator.InjectHTTPTo does, for the host of the request's URL. It replaces headers of these names that your code has
// set. The hook is safe for concurrent use.
//
// A request with SetMaxRedirects may reach any host. So it gets the headers of an unknown destination: by default, no
// user data. The headers stay in the request. For each call use a new request, or one that was reset.
//
// fiber calls the hooks of a client in the order in which they were added. Add a hook that changes the URL before this
// one.
func RequestHook(p *propagation.Propagator) client.RequestHook {
	return func(c *client.Client, r *client.Request) error {
		h := http.Header{}
		p.InjectHTTPTo(r.Context(), target(c, r), h)
		for name, lines := range h {
			r.SetHeader(name, lines[0])
			for _, line := range lines[1:] {
				r.AddHeader(name, line)
			}
		}
		return nil
	}
}

// target returns the URL that a request goes to, or nil if it may go to several.
func target(c *client.Client, r *client.Request) *url.URL {
	if r.MaxRedirects() > 0 {
		return nil
	}
	text := r.URL()
	if !strings.HasPrefix(text, "http://") && !strings.HasPrefix(text, "https://") {
		text = c.BaseURL() + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil
	}
	return u
}
