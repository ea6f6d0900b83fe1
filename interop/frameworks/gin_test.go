package frameworks

import (
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
	engine := newGin(func(c *gin.Context) { back.calls(client).ServeHTTP(c.Writer, c.Request) })

	handler := httptrace.Middleware(p)(engine)

	send(t, serve(t, handler))
	back.got(t)

	withC := func(c *gin.Context) { back.looks(c, p) }
	engine = newGin(withC)
	send(t, serve(t, httptrace.Middleware(p)(engine)))
	back.gotNothing(t) // c by itself is not the request's context
	if n := p.Stats().Count(0, propagation.NoContext); n != 1 {
		t.Errorf("the lost context was counted %d times, want once", n)
	}

	engine = newGin(withC)

	engine.ContextWithFallback = true

	send(t, serve(t, httptrace.Middleware(p)(engine)))
	back.got(t)
}
