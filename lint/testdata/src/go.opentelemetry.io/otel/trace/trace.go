// Package trace is a stub.
package trace

import "context"

type Span interface{ End() }

func SpanFromContext(ctx context.Context) Span                          { return nil }
func ContextWithSpan(parent context.Context, span Span) context.Context { return parent }
