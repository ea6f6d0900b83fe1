package frameworks

import (
	"context"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rs/cors"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// TestAnswer runs the code of docs/response.md.
func TestAnswer(t *testing.T) {
	old := otel.GetTracerProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider())
	t.Cleanup(func() { otel.SetTracerProvider(old) })
	p := propagation.MustNew(propagation.Config{})
	mux := http.NewServeMux()
	const theirs = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
	valid := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$`)
	answer := func(t *testing.T, h http.Handler, headers http.Header) http.Header {
		t.Helper()
		req, err := http.NewRequest("GET", serve(t, h), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = headers
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.Header
	}

	t.Run("alone", func(t *testing.T) {
		handler := httptrace.Middleware(p, httptrace.WithTraceResponse())(mux)
		if got := answer(t, handler, came)["Traceresponse"]; !slices.Equal(got, []string{theirs}) {
			t.Errorf("the response has the traceresponse %q, want the caller's own span", got)
		}
	})
	t.Run("beside otelhttp", func(t *testing.T) {
		inner := httptrace.Middleware(nil, httptrace.WithTraceResponse())(mux)
		handler := httptrace.Middleware(p)(otelhttp.NewHandler(inner, "server"))
		got := answer(t, handler, came).Get("Traceresponse")
		if !valid.MatchString(got) || got[:36] != theirs[:36] || got[36:52] == theirs[36:52] {
			t.Errorf("the response has the traceresponse %q, want a new span in the caller's trace", got)
		}
	})
	t.Run("a predicate", func(t *testing.T) {
		const secret = "s"
		tell := httptrace.WithResponseTo(func(r *http.Request, trust propagation.Trust) bool {
			return trust == propagation.Continue || r.Header.Get("X-Debug") == secret
		})
		inner := httptrace.Middleware(nil, httptrace.WithTraceResponse(), tell)(mux)
		handler := httptrace.Middleware(p, httptrace.Edge())(otelhttp.NewHandler(inner, "server"))
		if got := answer(t, handler, http.Header{"X-Debug": {secret}}).Get("Traceresponse"); !valid.MatchString(got) {
			t.Errorf("with X-Debug, the response has the traceresponse %q, want a valid one", got)
		}
		if got := answer(t, handler, came).Get("Traceresponse"); got != "" {
			t.Errorf("without X-Debug, the response has the traceresponse %q, want none", got)
		}
	})
	t.Run("browsers", func(t *testing.T) {
		everybody := httptrace.WithResponseTo(func(*http.Request, propagation.Trust) bool { return true })
		inner := httptrace.Middleware(nil, httptrace.WithServerTiming(), everybody)(mux)
		handler := httptrace.Middleware(p, httptrace.Edge())(otelhttp.NewHandler(inner, "server"))
		got := answer(t, handler, came).Get("Server-Timing")
		if !regexp.MustCompile(`^traceparent;desc="00-[0-9a-f]{32}-[0-9a-f]{16}-01"$`).MatchString(got) || strings.Contains(got, theirs[3:35]) {
			t.Errorf("the response has the timing %q, want a traceparent of the service's own trace", got)
		}
	})
	t.Run("another origin", func(t *testing.T) {
		crossOrigin := cors.New(cors.Options{
			AllowedOrigins: []string{"https://shop.example"},
			AllowedHeaders: p.ReadFields(),
			ExposedHeaders: []string{"traceresponse"},
		})
		handler := crossOrigin.Handler(httptrace.Middleware(p, httptrace.WithTraceResponse())(mux))
		headers := came.Clone()
		headers.Set("Origin", "https://shop.example")
		if got := answer(t, handler, headers); got.Get("Traceresponse") != theirs || !strings.EqualFold(got.Get("Access-Control-Expose-Headers"), "traceresponse") {
			t.Errorf("the response has %v, want traceresponse, and it exposed", got)
		}
	})
	t.Run("a reverse proxy", func(t *testing.T) {
		target, err := url.Parse(serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Traceresponse", "upstream") })))
		if err != nil {
			t.Fatal(err)
		}
		proxy := &httputil.ReverseProxy{
			Rewrite:   httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) }),
			Transport: httptrace.ProxyTransport(nil),
		}
		handler := httptrace.Middleware(p, httptrace.WithTraceResponse())(proxy)
		if got := answer(t, handler, came)["Traceresponse"]; !slices.Equal(got, []string{theirs}) {
			t.Errorf("the response has the traceresponse %q, want the caller's own span", got)
		}
	})
	t.Run("gRPC", func(t *testing.T) {
		server := grpc.NewServer(grpctrace.ServerOptions(p, grpctrace.WithTraceResponse())...)
		if got := askGRPC(t, server); !slices.Equal(got, []string{theirs, theirs}) {
			t.Errorf("the gRPC responses have the ids %q, want the caller's own span twice", got)
		}
		opts := append(grpctrace.ServerOptions(nil, grpctrace.WithTraceResponse()),
			grpc.StatsHandler(grpctrace.ServerHandler(p, grpctrace.Edge())),
			grpc.StatsHandler(otelgrpc.NewServerHandler()))
		if got := askGRPC(t, grpc.NewServer(opts...)); got != nil {
			t.Errorf("an untrusted caller gets the ids %q, want none", got)
		}
	})
}

// askGRPC makes a call that succeeds and one that fails. It returns the ids that the caller gets from each.
func askGRPC(t *testing.T, server *grpc.Server) (told []string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	testgrpc.RegisterTestServiceServer(server, metadataRecorder{next: func(context.Context) error { return nil }})
	go server.Serve(listener)
	defer server.Stop()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "traceparent", came.Get("Traceparent"))
	request, reply := new(testgrpc.Empty), new(testgrpc.Empty)
	for method, want := range map[string]codes.Code{emptyCall: codes.OK, "/grpc.testing.TestService/UnaryCall": codes.Unimplemented} {
		var header, trailer metadata.MD
		err := conn.Invoke(ctx, method, request, reply, grpc.Header(&header), grpc.Trailer(&trailer))
		id := append(header["traceresponse"], trailer["traceresponse"]...)
		if status.Code(err) != want {
			t.Fatal(err)
		}
		told = append(told, id...)
	}
	return told
}
