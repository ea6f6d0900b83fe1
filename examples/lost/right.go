package main

import (
	"context"
	"net/http"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// right are handlers that lose nothing.
var right = []struct {
	name    string
	handler func(*shop, http.ResponseWriter, *http.Request)
}{
	{"the request's context", (*shop).rightHTTP},
	{"over gRPC", (*shop).rightGRPC},
	{"a transport with Guard as its base", (*shop).rightGuard},
	{"otelhttp's transport outside", (*shop).rightOtelhttp},
	{"otelhttp's transport with our propagator inside", (*shop).rightOtelhttpOurs},
	{"otelgrpc's handler first", (*shop).rightOtelgrpc},
	{"propagation.Copy", (*shop).rightCopy},
	{"context.WithoutCancel", (*shop).rightWithoutCancel},
}

func (s *shop) rightHTTP(w http.ResponseWriter, r *http.Request) {
	answer(s.client.Do(get(r.Context(), s.reviews)))(w)
}

func (s *shop) rightGRPC(w http.ResponseWriter, r *http.Request) {
	check(s.ratings.Check(r.Context(), nil))(w)
}

func (s *shop) rightGuard(w http.ResponseWriter, r *http.Request) {
	client := &http.Client{Transport: httptrace.NewTransport(s.p, httptrace.Guard(s.p, nil))}
	answer(client.Do(get(r.Context(), s.reviews)))(w)
}

func (s *shop) rightOtelhttp(w http.ResponseWriter, r *http.Request) {
	client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(s.p, nil), s.otel...)}
	answer(client.Do(get(r.Context(), s.reviews)))(w)
}

func (s *shop) rightOtelhttpOurs(w http.ResponseWriter, r *http.Request) {
	inner := otelhttp.NewTransport(http.DefaultTransport, append(s.otel[:1:1], otelhttp.WithPropagators(s.p))...)
	client := &http.Client{Transport: httptrace.NewTransport(s.p, inner)}
	answer(client.Do(get(r.Context(), s.reviews)))(w)
}

func (s *shop) rightOtelgrpc(w http.ResponseWriter, r *http.Request) {
	check(s.rightOrder.Check(r.Context(), nil))(w)
}

func (s *shop) rightCopy(_ http.ResponseWriter, r *http.Request) {
	ctx := propagation.Copy(context.Background(), r.Context())
	s.later(ctx)
}

func (s *shop) rightWithoutCancel(_ http.ResponseWriter, r *http.Request) {
	s.later(context.WithoutCancel(r.Context()))
}

// later makes two calls after the request has ended. The second one has a context that has ended on its own.
func (s *shop) later(ctx context.Context) {
	s.jobs.Go(func() {
		time.Sleep(moment)
		answer(s.client.Do(get(ctx, s.reviews)))
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		answer(s.client.Do(get(ctx, s.reviews)))
	})
}
