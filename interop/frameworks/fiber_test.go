package frameworks

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/fasthttptrace/fibertrace"
	"github.com/traceferry/traceferry/httptrace"
)

// serveFiber serves an app.
func serveFiber(t *testing.T, app *fiber.App) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(listener)
	t.Cleanup(func() { app.Shutdown() })
	return "http://" + listener.Addr().String()
}

func newFiber() *fiber.App { return fiber.New(fiber.Config{DisableStartupMessage: true}) }

func TestFiber(t *testing.T) {
	p, client, back := setUp(t)
	app := newFiber()

	app.Use(fibertrace.Middleware(p))

	app.Get("/", func(c *fiber.Ctx) error { return callWith(c.UserContext(), client, back.url) })
	transport, url := fasthttptrace.NewTransport(p, nil), back.url
	app.Get("/fiber", func(c *fiber.Ctx) error {
		agent := fiber.Get(url)
		agent.HostClient.Transport = transport
		fasthttptrace.SetContext(agent.Request(), c.UserContext())
		_, _, errs := agent.Bytes()
		return errors.Join(errs...)
	})
	front := serveFiber(t, app)
	send(t, front)
	back.got(t)
	send(t, front+"/fiber")
	back.got(t)
}

func callWith(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	return do(client, req)
}

// fiber's adaptor for middleware copies only the values that context.WithValue has put into the context.
func TestFiberAdaptorMiddleware(t *testing.T) {
	p, client, back := setUp(t)
	app := newFiber()
	app.Use(adaptor.HTTPMiddleware(httptrace.Middleware(p)))
	app.Get("/user", func(c *fiber.Ctx) error { return callWith(c.UserContext(), client, back.url) })
	app.Get("/fast", func(c *fiber.Ctx) error {
		back.looks(c.Context(), p)
		return nil
	})
	front := serveFiber(t, app)
	send(t, front+"/user")
	back.gotNothing(t)
	send(t, front+"/fast")
	back.gotNothing(t)
}

func TestFiberAdaptorHandler(t *testing.T) {
	p, client, back := setUp(t)
	mux, app := back.calls(client), newFiber()

	app.All("/*", adaptor.HTTPHandler(owned(httptrace.Middleware(p)(mux))))

	send(t, serveFiber(t, app))
	back.got(t)
}
