package pages

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
)

const (
	traceID     = "463ac35c9f6413ad48485a3953bb6124"
	spanID      = "a2fb4a1d1a96d312"
	traceparent = "00-" + traceID + "-" + spanID + "-01"
	b3          = traceID + "-" + spanID + "-1"
	requestID   = "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"
)

// received returns the headers that a caller sends.
func received() http.Header {
	return http.Header{
		"Traceparent":  {traceparent},
		"B3":           {b3},
		"X-Request-Id": {requestID},
		"Baggage":      {"tenant=7,user=bob"},
	}
}

// callee is a server on loopback that records the headers of each call.
type callee struct {
	url   string
	calls chan http.Header
}

func newCallee(t *testing.T) *callee {
	t.Helper()
	c := &callee{calls: make(chan http.Header, 10)}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { c.calls <- r.Header.Clone() }))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// next returns the headers of the next call.
func (c *callee) next(t *testing.T) http.Header {
	t.Helper()
	select {
	case h := <-c.calls:
		return h
	default:
		t.Fatal("no call arrived")
		return nil
	}
}

// get makes a call.
func get(ctx context.Context, t *testing.T, client *http.Client, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Error(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
}

// serve sends a request to a handler.
func serve(handler http.Handler, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = header
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return w
}

// handlerFunc is a handler that gets only the context of the request.
func handlerFunc(handle func(context.Context)) http.Handler {
	return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { handle(r.Context()) })
}

var creds = insecure.NewCredentials()

// health is a gRPC service that passes the context of each call to a function.
type health struct {
	healthpb.UnimplementedHealthServer
	check func(context.Context)
}

func (h health) Check(ctx context.Context, _ *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	h.check(ctx)
	return new(healthpb.HealthCheckResponse), nil
}

// listen serves a gRPC server on loopback until the test ends.
func listen(t *testing.T, server *grpc.Server, check func(context.Context)) (target string) {
	t.Helper()
	healthpb.RegisterHealthServer(server, health{check: check})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// checkHealth makes a gRPC call.
func checkHealth(ctx context.Context, t *testing.T, conn *grpc.ClientConn) {
	t.Helper()
	if _, err := healthpb.NewHealthClient(conn).Check(ctx, new(healthpb.HealthCheckRequest)); err != nil {
		t.Error(err)
	}
}

// plain returns a connection that does not carry headers.
func plain(t *testing.T, target string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// sending returns a context that sends the received headers as metadata.
func sending(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "traceparent", traceparent, "b3", b3, "x-request-id", requestID, "baggage", "tenant=7,user=bob")
}
