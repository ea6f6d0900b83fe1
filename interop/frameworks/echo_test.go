package frameworks

import (
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/traceferry/traceferry/httptrace"
)

func TestEcho(t *testing.T) {
	p, client, back := setUp(t)
	e := echo.New()

	e.Use(echo.WrapMiddleware(httptrace.Middleware(p)))

	e.GET("/", echo.WrapHandler(back.calls(client)))
	send(t, serve(t, e))
	back.got(t)
}

// A request that the handler read before the middleware ran has a context without the headers.
func TestEchoRequestFromBefore(t *testing.T) {
	p, client, back := setUp(t)
	e := echo.New()
	e.Use(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			before := c.Request()
			err := next(c)
			back.calls(client).ServeHTTP(c.Response(), before)
			back.gotNothing(t)
			back.calls(client).ServeHTTP(c.Response(), c.Request())
			back.got(t)
			return err
		}
	}, echo.WrapMiddleware(httptrace.Middleware(p)))
	e.GET("/", func(echo.Context) error { return nil })
	send(t, serve(t, e))
}
