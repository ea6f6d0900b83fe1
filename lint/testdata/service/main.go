// Service makes the five usual mistakes with trace headers. It builds, and answers. The lines with "mistake" are what
// traceferrylint must report, and "right" marks how the line should be.
package main

import (
	"context"
	"log"
	"net/http"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	otelprop "go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

type service struct {
	client  *http.Client
	details grpc_health_v1.HealthClient
	users   grpc_health_v1.HealthClient
}

func main() {
	p := propagation.MustNew(propagation.Config{})
	otel.SetTextMapPropagator(otelprop.TraceContext{}) // mistake 5: otelorder

	transport := httptrace.NewTransport(p, otelhttp.NewTransport(nil)) // mistake 5: otelorder
	_ = otelhttp.NewTransport(httptrace.NewTransport(p, nil))          // right

	insecure := grpc.WithTransportCredentials(insecure.NewCredentials())
	details, err := grpc.NewClient("details:9080", insecure) // mistake 3: baregrpc
	if err != nil {
		log.Fatal(err)
	}
	users, err := grpc.NewClient("users:9080", append(grpctrace.DialOptions(p), insecure)...) // right
	if err != nil {
		log.Fatal(err)
	}

	s := &service{
		client:  &http.Client{Transport: transport},
		details: grpc_health_v1.NewHealthClient(details),
		users:   grpc_health_v1.NewHealthClient(users),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /client", s.bareClient)
	mux.HandleFunc("GET /background", s.background)
	mux.HandleFunc("GET /goroutine", s.goroutine)

	handler := otelhttp.NewHandler(httptrace.Middleware(p)(mux), "service",
		otelhttp.WithPropagators(otelprop.TraceContext{})) // mistake 5: otelorder
	log.Fatal(http.ListenAndServe("localhost:8080", handler))
}

func (s *service) bareClient(w http.ResponseWriter, r *http.Request) {
	if resp, err := http.Get("http://reviews:9080/"); err == nil { // mistake 1: bareclient
		resp.Body.Close()
	}
	req, err := http.NewRequest("GET", "http://reviews:9080/", nil) // mistake 1: newrequest
	if err != nil {
		return
	}
	if resp, err := http.DefaultClient.Do(req); err == nil { // mistake 1: bareclient
		resp.Body.Close()
	}
	client := &http.Client{}                     // mistake 1: bareclient
	if resp, err := client.Do(req); err == nil { // no line of its own: the literal is the mistake
		resp.Body.Close()
	}
	if resp, err := s.client.Get("http://reviews:9080/"); err == nil { // mistake 1: newrequest
		resp.Body.Close()
	}
	req, err = http.NewRequestWithContext(r.Context(), "GET", "http://reviews:9080/", nil) // right
	if err != nil {
		return
	}
	if resp, err := s.client.Do(req); err == nil { // right
		resp.Body.Close()
	}
}

func (s *service) background(w http.ResponseWriter, r *http.Request) {
	s.users.Check(context.Background(), nil) // mistake 2: background
	s.users.Check(context.TODO(), nil)       // mistake 2: background
	s.users.Check(r.Context(), nil)          // right
}

func (s *service) goroutine(w http.ResponseWriter, r *http.Request) {
	go s.users.Check(r.Context(), nil) // mistake 4: goroutine
	go func() {
		s.users.Check(r.Context(), nil) // mistake 4: goroutine
	}()
	go s.users.Check(context.WithoutCancel(r.Context()), nil)                  // right
	go s.users.Check(propagation.Copy(context.Background(), r.Context()), nil) // right
}
