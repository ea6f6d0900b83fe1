// Package otelhttp is a stub.
package otelhttp

import (
	"net/http"

	"go.opentelemetry.io/otel/propagation"
)

type Option interface{ apply() }

type Transport struct{ http.RoundTripper }

func NewTransport(base http.RoundTripper, opts ...Option) *Transport           { return nil }
func NewHandler(h http.Handler, operation string, opts ...Option) http.Handler { return h }
func WithPropagators(p propagation.TextMapPropagator) Option                   { return nil }
func WithPublicEndpoint() Option                                               { return nil }
func WithPublicEndpointFn(fn func(*http.Request) bool) Option                  { return nil }
