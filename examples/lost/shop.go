package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
)

// shop is the service with the mistakes. It calls reviews over HTTP and ratings over gRPC.
type shop struct {
	p       *propagation.Propagator
	otel    []otelhttp.Option
	client  *http.Client
	reviews string

	ratings, plain, wrongOrder, rightOrder grpc_health_v1.HealthClient

	jobs   sync.WaitGroup
	closes []func()
}

func newShop(p *propagation.Propagator) *shop {
	s := &shop{p: p, client: &http.Client{Transport: httptrace.NewTransport(p, nil)}}

	provider := sdktrace.NewTracerProvider()
	s.closes = append(s.closes, func() { provider.Shutdown(context.Background()) })
	s.otel = []otelhttp.Option{otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(otelprop.TraceContext{})}

	reviews := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/slow") {
			<-r.Context().Done()
		}
	}))
	s.reviews = reviews.URL
	s.closes = append(s.closes, reviews.Close)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	s.closes = append(s.closes, server.Stop)

	connect := func(opts ...grpc.DialOption) grpc_health_v1.HealthClient {
		conn, err := grpc.NewClient(listener.Addr().String(), append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
		must(err)
		s.closes = append(s.closes, func() { conn.Close() })
		return grpc_health_v1.NewHealthClient(conn)
	}
	otelHandler := grpc.WithStatsHandler(otelgrpc.NewClientHandler(
		otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(otelprop.TraceContext{})))
	s.ratings = connect(grpctrace.DialOptions(p)...)
	s.plain = connect()
	s.rightOrder = connect(append([]grpc.DialOption{otelHandler}, grpctrace.DialOptions(p)...)...)
	s.wrongOrder = connect(append(grpctrace.DialOptions(p), otelHandler)...)
	return s
}

// handler serves each handler of the shop at a path of its own.
func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	for _, m := range mistakes {
		mux.HandleFunc("/"+path(m.name), func(w http.ResponseWriter, r *http.Request) { m.handler(s, w, r) })
	}
	for _, h := range right {
		mux.HandleFunc("/"+path(h.name), func(w http.ResponseWriter, r *http.Request) { h.handler(s, w, r) })
	}
	ours := httptrace.Middleware(s.p)(mux)
	outside := otelhttp.NewHandler(ours, "shop", s.otel[0], otelhttp.WithPropagators(otelprop.NewCompositeTextMapPropagator())) // the mistake
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isRestarted(r.URL.Path) {
			outside.ServeHTTP(w, r)
		} else {
			ours.ServeHTTP(w, r)
		}
	})
}

func isRestarted(at string) bool {
	for _, m := range mistakes {
		if m.reason == propagation.LostTrace && at == "/"+path(m.name) {
			return true
		}
	}
	return false
}

func path(name string) string {
	return strings.NewReplacer(" ", "-", ".", "-", "'", "", ",", "").Replace(name)
}

func (s *shop) close() {
	s.jobs.Wait()
	for i := len(s.closes); i > 0; i-- {
		s.closes[i-1]()
	}
}

// get returns a request with a context.
func get(ctx context.Context, url string) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	must(err)
	return r
}

// answer returns a function that writes the result of a call to the shop's caller.
func answer(resp *http.Response, err error) func(http.ResponseWriter) {
	if err == nil {
		_, err = io.Copy(io.Discard, resp.Body)
		err = errors.Join(err, resp.Body.Close())
	}
	return func(w http.ResponseWriter) { respond(w, err) }
}

func check(_ *grpc_health_v1.HealthCheckResponse, err error) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { respond(w, err) }
}

func respond(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
