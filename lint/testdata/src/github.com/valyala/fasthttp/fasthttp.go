// Package fasthttp is a stub.
package fasthttp

import "time"

type RequestCtx struct{}

func (*RequestCtx) Deadline() (deadline time.Time, ok bool) { return }
func (*RequestCtx) Done() <-chan struct{}                   { return nil }
func (*RequestCtx) Err() error                              { return nil }
func (*RequestCtx) Value(key any) any                       { return nil }
