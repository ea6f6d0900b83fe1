// Package fibertrace carries trace headers across github.com/gofiber/fiber/v2. It is a module of its own, so that users of
// fasthttp alone do not need fiber. One line reads the headers of each request into its UserContext:
//
//	app.Use(fibertrace.Middleware(p))
//
// Make calls with c.UserContext(). c itself, and c.Context(), carry nothing.
//
// To call with fiber's own client, give the agent a fasthttptrace.Transport and the request a context:
//
//	agent := fiber.Get(url)
//	agent.HostClient.Transport = transport
//	fasthttptrace.SetContext(agent.Request(), c.UserContext())
//	status, body, errs := agent.Bytes()
//
// See package fasthttptrace for all else. For version 3 of fiber, see package fiber3trace.
package fibertrace

import (
	"github.com/gofiber/fiber/v2"
	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/propagation"
)

// Middleware returns a handler that reads the headers that p carries into the UserContext of each request. The options are
// those of fasthttptrace.Middleware: fasthttptrace.Edge, for example.
//
// The context keeps nothing of fiber's memory, so a job may use it after the handler has returned. It descends from the
// UserContext that an outer middleware has set, and a local span there stays active. A request with up to eight lines to
// carry costs two allocations. A request without such lines costs none. The handler is safe for concurrent use.
func Middleware(p *propagation.Propagator, opts ...fasthttptrace.Option) fiber.Handler {
	in := fasthttptrace.NewInbound(p, opts...)
	return func(c *fiber.Ctx) error {
		ctx := in.Begin(c.UserContext(), c.Context())
		c.SetUserContext(ctx)
		defer in.End(ctx)
		return c.Next()
	}
}
