package frameworks

import (
	"context"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

func newGin(use func(c *gin.Context)) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/", use)
	return engine
}

func TestGin(t *testing.T) {
	p, client, back := setUp(t)
	call := func(ctx context.Context) {
		req, err := http.NewRequestWithContext(ctx, "GET", back.url, nil)
		if err != nil || do(client, req) != nil {
			t.Error(err)
		}
	}
	engine := newGin(func(c *gin.Context) { call(c.Request.Context()) })

	handler := httptrace.Middleware(p)(engine)

	send(t, serve(t, handler))
	back.got(t)

	engine = newGin(func(c *gin.Context) { call(c) })
	send(t, serve(t, httptrace.Middleware(p)(engine)))
	back.gotNothing(t) // c by itself is not the request's context
	if n := p.Stats().Count(0, propagation.NoContext); n != 1 {
		t.Errorf("the lost context was counted %d times, want once", n)
	}

	engine.ContextWithFallback = true

	send(t, serve(t, httptrace.Middleware(p)(engine)))
	back.got(t)
}
