// Package propagation is a stub.
package propagation

import (
	"context"
	"net/http"
)

type Propagator struct{}

func (*Propagator) Fields() []string                                               { return nil }
func (*Propagator) ExtractHTTP(ctx context.Context, h http.Header) context.Context { return ctx }
func Copy(dst, src context.Context) context.Context                                { return dst }
func RequestIDFromContext(ctx context.Context) string                              { return "" }
