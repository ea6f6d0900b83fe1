// Package gincontext passes a framework's context as a context.Context.
package gincontext

import (
	"context"
	"log/slog"
	"net/http"

	"example.com/shop"
	"github.com/gin-gonic/gin"
	fiber2 "github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

var shops shop.Client

type job struct{ ctx context.Context }

func handler(c *gin.Context) {
	shops.Get(c, nil)                                           // want `c is not the request's context: calls with it carry no headers; use c.Request.Context\(\) \(https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#gincontext\)`
	http.NewRequestWithContext(c, "GET", "http://details", nil) // want `c is not the request's context`
	var ctx context.Context = c                                 // want `c is not the request's context`
	ctx = c                                                     // want `c is not the request's context`
	_ = context.Context(c)                                      // want `c is not the request's context`
	_ = job{ctx: c}                                             // want `c is not the request's context`
	ctx, cancel := context.WithCancel(c)                        // want `c is not the request's context`
	defer cancel()
	shops.Get(ctx, nil)
}

func returned(c *gin.Context) (context.Context, error) {
	return c, nil // want `c is not the request's context`
}

func fiberHandler(c fiber.Ctx) {
	shops.Get(c, nil) // want `c is not the request's context: .*use c.Context\(\)`
}

func fasthttpHandler(c *fasthttp.RequestCtx) {
	shops.Get(c, nil) // want `c is not the request's context: .*extract the headers into a context`
}

// From here on nothing is reported.

func right(c *gin.Context) {
	shops.Get(c.Request.Context(), nil)
	http.NewRequestWithContext(c.Request.Context(), "GET", "http://details", nil)
	inner(c)
	var anything any = c
	_ = anything
}

func inner(c *gin.Context) {}

func reads(c *gin.Context) {
	slog.InfoContext(c, "done")
	userFromContext(c)
}

func callsNothing(c *gin.Context) { length(c) }

func length(ctx context.Context) int { return 0 }

func userFromContext(ctx context.Context) any { return ctx.Value("user") }

func fiber3(c fiber.Ctx) { shops.Get(c.Context(), nil) }

func fiber2Handler(c *fiber2.Ctx) { shops.Get(c.UserContext(), nil) }
