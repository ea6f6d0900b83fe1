// Package gin is a stub.
package gin

import (
	"net/http"
	"time"
)

type Engine struct{ ContextWithFallback bool }

type Context struct {
	Request *http.Request
	Writer  http.ResponseWriter
}

func (*Context) Deadline() (deadline time.Time, ok bool) { return }
func (*Context) Done() <-chan struct{}                   { return nil }
func (*Context) Err() error                              { return nil }
func (*Context) Value(key any) any                       { return nil }
func (c *Context) Copy() *Context                        { return c }
func (*Context) Param(name string) string                { return "" }
func (*Context) JSON(code int, value any)                {}
