package frameworks

import (
	"net"
	"testing"

	"github.com/gofiber/fiber/v3"
)

func TestFiber3(t *testing.T) {
	p, client, back := setUp(t)
	app := fiber.New()

	app.Use(func(c fiber.Ctx) error {
		c.SetContext(p.Extract(c.Context(), requestHeader{&c.Request().Header}))
		return c.Next()
	})

	app.Get("/", func(c fiber.Ctx) error { return callWith(c.Context(), client, back.url) })
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
	send(t, "http://"+listener.Addr().String()+"/ctx")
	back.gotNothing(t) // c by itself is not the request's context
}
