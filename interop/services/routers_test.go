package services

import (
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/labstack/echo/v4"
	"github.com/traceferry/traceferry/httptrace"
)

func TestChi(t *testing.T) {
	m, p := newMesh(t), all()
	r := chi.NewRouter()
	r.Use(httptrace.Middleware(p))
	r.Handle("/", outgoing(t, m, p).handler())
	m.Drive(r)
}

func TestGin(t *testing.T) {
	m, p := newMesh(t), all()
	do := outgoing(t, m, p)
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.GET("/", func(c *gin.Context) {
		if err := do(c.Request.Context()); err != nil {
			c.AbortWithStatus(http.StatusBadGateway)
		}
	})
	m.Drive(httptrace.Middleware(p)(engine))
}

func TestEcho(t *testing.T) {
	m, p := newMesh(t), all()
	do := outgoing(t, m, p)
	e := echo.New()
	e.Use(echo.WrapMiddleware(httptrace.Middleware(p)))
	e.GET("/", func(c echo.Context) error { return do(c.Request().Context()) })
	m.Drive(e)
}
