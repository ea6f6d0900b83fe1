package main

import (
	"context"
	"net/http"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// mistake is a way to lose headers, and what is reported for it. The test finds the line of the call by the comment
// "lost" in the handler.
type mistake struct {
	name    string
	reason  propagation.LossReason
	handler func(*shop, http.ResponseWriter, *http.Request)
}

var mistakes = []mistake{
	// 1. A client without our transport.
	{"http.Get", propagation.LostContext, (*shop).httpGet},
	{"http.DefaultClient", propagation.LostClient, (*shop).defaultClient},
	{"a client literal", propagation.LostClient, (*shop).clientLiteral},
	{"otelhttp alone, another propagator", propagation.LostClient, (*shop).otelhttpAlone},

	// 2. A context that is not the request's.
	{"client.Get", propagation.LostContext, (*shop).clientGet},
	{"context.Background", propagation.LostContext, (*shop).background},
	{"context.TODO in a goroutine", propagation.LostContext, (*shop).todoInGoroutine},
	{"context.Background over gRPC", propagation.LostContext, (*shop).backgroundOverGRPC},
	{"context.Background, otelhttp outside", propagation.LostContext, (*shop).backgroundWithSpan},

	// 3. A gRPC connection without the options.
	{"a plain gRPC connection", propagation.LostClient, (*shop).plainConnection},
	{"a stream on it", propagation.LostClient, (*shop).plainStream},
	{"context.Background on it", propagation.LostContext, (*shop).plainBackground},

	// 4. A goroutine that outlives the request.
	{"a call after the request", propagation.LostTime, (*shop).afterRequest},
	{"the same, with a timeout", propagation.LostTime, (*shop).afterRequestTimeout},
	{"a call that the end cancels", propagation.LostTime, (*shop).duringEnd},
	{"the same with http.DefaultClient", propagation.LostTime, (*shop).afterRequestBare},
	{"a gRPC call after the request", propagation.LostTime, (*shop).afterRequestGRPC},

	// 5. The wrong order beside otelhttp.
	{"otelhttp's transport inside", propagation.LostOrder, (*shop).otelhttpInside},
	{"otelhttp's handler outside", propagation.LostTrace, (*shop).restarted},
	{"the same over gRPC", propagation.LostTrace, (*shop).restartedGRPC},
	{"otelgrpc's handler last", propagation.LostOrder, (*shop).otelgrpcLast},
}

func (s *shop) httpGet(w http.ResponseWriter, _ *http.Request) {
	answer(http.Get(s.reviews))(w) // lost
}

func (s *shop) defaultClient(w http.ResponseWriter, r *http.Request) {
	answer(http.DefaultClient.Do(get(r.Context(), s.reviews)))(w) // lost
}

func (s *shop) clientLiteral(w http.ResponseWriter, r *http.Request) {
	client := &http.Client{Timeout: time.Minute}
	answer(client.Do(get(r.Context(), s.reviews)))(w) // lost
}

func (s *shop) otelhttpAlone(w http.ResponseWriter, r *http.Request) {
	client := &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport, s.otel...)}
	answer(client.Do(get(r.Context(), s.reviews)))(w) // lost
}

func (s *shop) clientGet(w http.ResponseWriter, _ *http.Request) {
	answer(s.client.Get(s.reviews))(w) // lost
}

func (s *shop) background(w http.ResponseWriter, _ *http.Request) {
	answer(s.client.Do(get(context.Background(), s.reviews)))(w) // lost
}

func (s *shop) todoInGoroutine(w http.ResponseWriter, _ *http.Request) {
	done := make(chan func(http.ResponseWriter))
	go func() {
		done <- answer(s.client.Do(get(context.TODO(), s.reviews))) // lost
	}()
	(<-done)(w)
}

func (s *shop) backgroundOverGRPC(w http.ResponseWriter, _ *http.Request) {
	check(s.ratings.Check(context.Background(), nil))(w) // lost
}

func (s *shop) backgroundWithSpan(w http.ResponseWriter, _ *http.Request) {
	client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(s.p, nil), s.otel...)}
	answer(client.Do(get(context.Background(), s.reviews)))(w) // lost
}

func (s *shop) plainConnection(w http.ResponseWriter, r *http.Request) {
	check(s.plain.Check(r.Context(), nil))(w) // lost
}

func (s *shop) plainStream(w http.ResponseWriter, r *http.Request) {
	stream, err := s.plain.Watch(r.Context(), new(grpc_health_v1.HealthCheckRequest)) // lost
	if err == nil {
		_, err = stream.Recv()
	}
	respond(w, err)
}

func (s *shop) plainBackground(w http.ResponseWriter, _ *http.Request) {
	check(s.plain.Check(context.Background(), nil))(w) // lost
}

// moment is longer than the server needs to finish a request.
const moment = 100 * time.Millisecond

func (s *shop) afterRequest(w http.ResponseWriter, r *http.Request) {
	go func() {
		time.Sleep(moment)
		answer(s.client.Do(get(r.Context(), s.reviews))) // lost
	}()
}

func (s *shop) afterRequestTimeout(_ http.ResponseWriter, r *http.Request) {
	go func() {
		time.Sleep(moment)
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		answer(s.client.Do(get(ctx, s.reviews))) // lost
	}()
}

func (s *shop) duringEnd(_ http.ResponseWriter, r *http.Request) {
	go func() {
		answer(s.client.Do(get(r.Context(), s.reviews+"/slow"))) // lost
	}()
	time.Sleep(moment)
}

func (s *shop) afterRequestBare(_ http.ResponseWriter, r *http.Request) {
	go func() {
		time.Sleep(moment)
		answer(http.DefaultClient.Do(get(r.Context(), s.reviews))) // lost
	}()
}

func (s *shop) afterRequestGRPC(_ http.ResponseWriter, r *http.Request) {
	go func() {
		time.Sleep(moment)
		s.ratings.Check(r.Context(), nil) // lost
	}()
}

func (s *shop) otelhttpInside(w http.ResponseWriter, r *http.Request) {
	client := &http.Client{Transport: httptrace.NewTransport(s.p, otelhttp.NewTransport(http.DefaultTransport, s.otel...))}
	answer(client.Do(get(r.Context(), s.reviews)))(w) // lost
}

// restarted is behind otelhttp's handler, which begins a trace of its own.
func (s *shop) restarted(w http.ResponseWriter, r *http.Request) {
	answer(s.client.Do(get(r.Context(), s.reviews)))(w) // lost
}

func (s *shop) restartedGRPC(w http.ResponseWriter, r *http.Request) {
	check(s.ratings.Check(r.Context(), nil))(w) // lost
}

func (s *shop) otelgrpcLast(w http.ResponseWriter, r *http.Request) {
	check(s.wrongOrder.Check(r.Context(), nil))(w) // lost
}
