// Package propagation is a stub.
package propagation

type TextMapPropagator interface{ Fields() []string }

type TraceContext struct{}

func (TraceContext) Fields() []string { return nil }

func NewCompositeTextMapPropagator(p ...TextMapPropagator) TextMapPropagator { return nil }
