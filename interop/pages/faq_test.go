package pages

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/metadata"
)

// sent returns the headers that a call to an internal host carries for received headers.
func sent(config propagation.Config, in http.Header) http.Header {
	p, out := propagation.MustNew(config), http.Header{}
	p.InjectHTTPTo(p.ExtractHTTP(context.Background(), in), &url.URL{Scheme: "http", Host: "reviews"}, out)
	return out
}

// TestNothingEmpty: an absent header is not sent as an empty one.
func TestNothingEmpty(t *testing.T) {
	in := http.Header{"X-B3-Traceid": {traceID}, "X-B3-Spanid": {spanID}}
	if got := sent(preset.Istio(), in); len(got) != 2 {
		t.Errorf("a call carries %v, want two headers", got)
	}
	if got := sent(preset.Istio(), http.Header{}); len(got) != 0 {
		t.Errorf("if nothing was received, a call carries %v, want nothing", got)
	}
}

// TestWhichSpan: a no-op span is not a local span. A span that the SDK does not sample is one.
func TestWhichSpan(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(t.Context(), received())
	for name, provider := range map[string]trace.TracerProvider{
		"noop": noop.NewTracerProvider(), "not sampled": sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())),
	} {
		ctx, _ := provider.Tracer("").Start(ctx, "server")
		out := http.Header{}
		p.InjectHTTP(ctx, out)
		if same := out.Get("Traceparent") == traceparent; same != (name == "noop") {
			t.Errorf("%s: traceparent is %q, want it unchanged only with a no-op span", name, out.Get("Traceparent"))
		}
	}
}

// TestHeadersOfYourOwn: Config.Headers accepts names and patterns, but no credentials.
func TestHeadersOfYourOwn(t *testing.T) {
	config := propagation.Config{}

	config.Headers = []string{"end-user", "x-company-*"}

	in := http.Header{"End-User": {"bob"}, "X-Company-Team": {"red"}, "Authorization": {"secret"}, "X-Other": {"1"}}
	if got := sent(config, in); len(got) != 2 || got.Get("End-User") != "bob" || got.Get("X-Company-Team") != "red" {
		t.Errorf("a call carries %v, want end-user and x-company-team", got)
	}
	for _, name := range []string{"authorization", "cookie", "connection", "content-length", "x-forwarded-for"} {
		if _, err := propagation.New(propagation.Config{Headers: []string{name}}); err == nil {
			t.Errorf("New accepts %s in Config.Headers, want an error", name)
		}
	}
	if got := sent(propagation.Config{UnsafeHeaders: []string{"authorization"}}, in); got.Get("Authorization") == "" {
		t.Errorf("UnsafeHeaders does not carry authorization: %v", got)
	}
}

// TestTwoLines: two lines of tracestate are one list; two traceparents name no span.
func TestTwoLines(t *testing.T) {
	in := http.Header{"Traceparent": {traceparent}, "Tracestate": {"a=1", "b=2"}}
	if got := sent(propagation.Config{}, in); !slices.Equal(got["Tracestate"], in["Tracestate"]) {
		t.Errorf("tracestate is sent as %q, want both lines", got["Tracestate"])
	}
	in = http.Header{"Traceparent": {traceparent, strings.Replace(traceparent, spanID, "b2fb4a1d1a96d312", 1)}}
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(t.Context(), in)
	if sc, ok := propagation.RemoteFromContext(ctx); ok || p.Stats().Count(propagation.W3C, propagation.Duplicate) != 1 {
		t.Errorf("two traceparents name %v, want no span; the counts are %v, want one duplicate", sc, p.Stats())
	}
	if got := sent(propagation.Config{}, in); len(got["Traceparent"]) != 2 {
		t.Errorf("two traceparents are sent as %q, want both", got["Traceparent"])
	}
}

// TestProxySendsOnce: with Rewrite, a ReverseProxy sends each header once.
func TestProxySendsOnce(t *testing.T) {
	upstream := newCallee(t)
	target, _ := url.Parse(upstream.url)
	p := propagation.MustNew(propagation.Config{})
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) })}
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = received()
	ctx, span := sdktrace.NewTracerProvider().Tracer("").Start(p.ExtractHTTP(t.Context(), received()), "server")
	proxy.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
	got := upstream.next(t)
	if len(got["Traceparent"]) != 1 || !strings.Contains(got.Get("Traceparent"), span.SpanContext().SpanID().String()) || len(got["B3"]) != 1 {
		t.Errorf("the proxy sends %v, want each header once with the local span", got)
	}
}

// TestBinary: grpc-trace-bin is base64 over HTTP and bytes over gRPC.
func TestBinary(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(t.Context(), http.Header{"Grpc-Trace-Bin": {"AABL+S81d7NNpqPOkp0ADkc2ATTwZ6oLqQK3AgE="}})
	md := metadata.MD{}
	p.InjectMetadata(ctx, md)
	if got := md["grpc-trace-bin"]; len(got) != 1 || len(got[0]) != 29 || got[0][:3] != "\x00\x00K" {
		t.Errorf("the metadata has %q, want 29 bytes", got)
	}
}

// TestReconcile: formats that name different spans of one trace agree on request.
func TestReconcile(t *testing.T) {
	in := http.Header{"Traceparent": {traceparent}, "X-B3-Traceid": {traceID}, "X-B3-Spanid": {"b2fb4a1d1a96d312"}, "X-B3-Sampled": {"1"}}
	if got := sent(propagation.Config{}, in); got.Get("X-B3-Spanid") != "b2fb4a1d1a96d312" {
		t.Errorf("by default, a call carries %v, want x-b3-* unchanged", got)
	}
	if got := sent(propagation.Config{Reconcile: true}, in); got.Get("X-B3-Spanid") != spanID {
		t.Errorf("with Reconcile, a call carries %v, want the span of traceparent in x-b3-*", got)
	}
	in = http.Header{"B3": {b3}, "X-B3-Traceid": {traceID}, "X-B3-Spanid": {"b2fb4a1d1a96d312"}, "X-B3-Sampled": {"1"}}
	if got := sent(propagation.Config{}, in); got.Get("B3") != "" || got.Get("X-B3-Spanid") == "" {
		t.Errorf("for a stale b3, a call carries %v, want x-b3-* only", got)
	}
}

// TestMessages: a message carries lines, and each message has a context of its own.
func TestMessages(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	type header struct{ Key, Value string }
	var message []header
	ctx := p.ExtractHTTP(t.Context(), received())

	for name, value := range p.Lines(ctx, "kafka:orders.created") {
		message = append(message, header{name, value})
	}

	ctx = p.ExtractLines(context.Background(), func(yield func(string, string) bool) {
		for _, h := range message {
			if !yield(h.Key, h.Value) {
				return
			}
		}
	})

	if sc, _ := propagation.RemoteFromContext(ctx); sc.TraceID.String() != traceID || propagation.RequestIDFromContext(ctx) != requestID {
		t.Errorf("the message names %v, want its own trace and request id", sc)
	}
	ctx = p.ExtractLines(ctx, nil)
	if sc, ok := propagation.RemoteFromContext(ctx); ok {
		t.Errorf("the next message, without headers, names %v, want no span", sc)
	}
}

// TestJobKeepsSpan: the calls of a job name the caller's span, or the handler's if the job keeps it.
func TestJobKeepsSpan(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	out := make(chan http.Header, 1)
	job := func(ctx context.Context) {
		h := http.Header{}
		p.InjectHTTP(ctx, h)
		out <- h
	}
	ctx, span := sdktrace.NewTracerProvider().Tracer("").Start(p.ExtractHTTP(t.Context(), received()), "server")
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)

	go job(propagation.Copy(context.Background(), r.Context()))

	if got := (<-out).Get("Traceparent"); got != traceparent {
		t.Errorf("without the local span, the job sends %q, want the caller's span", got)
	}
	func() {
		ctx := propagation.Copy(context.Background(), r.Context())
		ctx = trace.ContextWithSpan(ctx, trace.SpanFromContext(r.Context()))
		go job(ctx)
	}()
	span.End()
	if got := (<-out).Get("Traceparent"); !strings.Contains(got, span.SpanContext().SpanID().String()) {
		t.Errorf("with the local span, the job sends %q, want that span", got)
	}
}

// TestGeneratedRequestID: a request without x-request-id can get one.
func TestGeneratedRequestID(t *testing.T) {
	if got := sent(propagation.Config{GenerateRequestID: true}, http.Header{}).Get("X-Request-Id"); len(got) != 36 {
		t.Errorf("with GenerateRequestID, x-request-id is %q, want a UUID", got)
	}
	if got := sent(propagation.Config{}, http.Header{}).Get("X-Request-Id"); got != "" {
		t.Errorf("by default, x-request-id is %q, want none", got)
	}
}
