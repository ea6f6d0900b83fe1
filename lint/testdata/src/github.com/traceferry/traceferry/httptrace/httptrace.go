// Package httptrace is a stub.
package httptrace

import (
	"net/http"

	"github.com/traceferry/traceferry/propagation"
)

type Option interface{ apply() }

type Decider func(*http.Request) uint8

func (Decider) apply() {}

func Edge() Decider { return nil }

type Transport struct{ http.RoundTripper }

func NewTransport(p *propagation.Propagator, base http.RoundTripper, opts ...Option) *Transport {
	return nil
}

func Middleware(p *propagation.Propagator, opts ...Option) func(http.Handler) http.Handler {
	return nil
}
