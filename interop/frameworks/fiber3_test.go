package frameworks

import (
	"net"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/client"
	"github.com/traceferry/traceferry/fasthttptrace/fiber3trace"
)

func TestFiber3(t *testing.T) {
	p, std, back := setUp(t)
	app := fiber.New()

	app.Use(fiber3trace.Middleware(p))
	caller := client.New().AddRequestHook(fiber3trace.RequestHook(p))

	app.Get("/", func(c fiber.Ctx) error { return callWith(c.Context(), std, back.url) })
	app.Get("/fiber", func(c fiber.Ctx) error {
		resp, err := caller.R().SetContext(c.Context()).Get(back.url)
		if err == nil {
			resp.Close()
		}
		return err
	})
	app.Get("/ctx", func(c fiber.Ctx) error {
		back.looks(c, p)
		return nil
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
	defer app.Shutdown()
	send(t, "http://"+listener.Addr().String())
	back.got(t)
	send(t, "http://"+listener.Addr().String()+"/fiber")
	back.got(t)
	send(t, "http://"+listener.Addr().String()+"/ctx")
	back.gotNothing(t) // c by itself is not the request's context
}
