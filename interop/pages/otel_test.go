package pages

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	contribb3 "go.opentelemetry.io/contrib/propagators/b3"
	"go.opentelemetry.io/otel"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// global sets OpenTelemetry's propagator for one test.
func global(t *testing.T, p otelprop.TextMapPropagator) {
	t.Helper()
	before := otel.GetTextMapPropagator()
	otel.SetTextMapPropagator(p)
	t.Cleanup(func() { otel.SetTextMapPropagator(before) })
}

// alone sends a request with many headers through otelhttp without an SDK. It returns the headers of the call.
func alone(t *testing.T, sent http.Header) http.Header {
	t.Helper()
	details, mux := newCallee(t), http.NewServeMux()
	handler := otelhttp.NewHandler(mux, "server")
	client := &http.Client{Transport: otelhttp.NewTransport(nil)}
	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { get(r.Context(), t, client, details.url) })
	serve(handler, sent)
	return details.next(t)
}

// TestOtelhttpAlone: without an SDK, otelhttp forwards traceparent, tracestate and baggage, and nothing else.
func TestOtelhttpAlone(t *testing.T) {
	sent := received()
	sent.Set("Tracestate", "a=1")
	for name, value := range map[string]string{
		"X-B3-Traceid": traceID, "X-B3-Spanid": spanID, "X-B3-Sampled": "1", "Sw8": "1-x", "X-Datadog-Trace-Id": "1", "X-Cloud-Trace-Context": traceID + "/1;o=1",
		"X-Amzn-Trace-Id": "Root=1-5759e988-bd862e3fe1be46a994272793", "Uber-Trace-Id": traceID + ":" + spanID + ":0:1", "X-Ot-Span-Context": "x",
		"Grpc-Trace-Bin": "AAA", "X-Client-Trace-Id": "x", "L5d-Ctx-Trace": "x", "End-User": "bob",
	} {
		sent.Set(name, value)
	}
	global(t, otelprop.NewCompositeTextMapPropagator()) // like OpenTelemetry's default, which does nothing
	nothing := alone(t, sent.Clone())
	global(t, otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{}))
	got := alone(t, sent.Clone())
	for name := range sent {
		if nothing.Get(name) != "" {
			t.Errorf("without a propagator, %s arrived, want nothing", name)
		}
		switch name {
		case "Traceparent", "Tracestate":
			if got.Get(name) != sent.Get(name) {
				t.Errorf("%s arrived as %q, want it unchanged", name, got.Get(name))
			}
		case "Baggage":
			if b := got.Get(name); !strings.Contains(b, "tenant=7") || !strings.Contains(b, "user=bob") {
				t.Errorf("%s arrived as %q, want the members tenant and user", name, b)
			}
		default:
			if got.Get(name) != "" {
				t.Errorf("%s arrived as %q, want nothing", name, got.Get(name))
			}
		}
	}
	global(t, contribb3.New(contribb3.WithInjectEncoding(contribb3.B3MultipleHeader|contribb3.B3SingleHeader)))
	if got := alone(t, received()); got.Get("B3") != b3 || got.Get("X-Request-Id") != "" || got.Get("Traceparent") != "" {
		t.Errorf("with the B3 propagator, the call carried %v, want only b3", got)
	}
}

func TestAsPropagator(t *testing.T) {
	details, mux := newCallee(t), http.NewServeMux()
	p := propagation.MustNew(propagation.Config{})
	global(t, p)
	otel.SetTracerProvider(sdktrace.NewTracerProvider())

	otel.SetTextMapPropagator(p)
	handler := otelhttp.NewHandler(mux, "server")
	client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, nil))}

	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { get(r.Context(), t, client, details.url) })
	serve(handler, received())
	got := details.next(t)
	span := strings.Split(got.Get("Traceparent"), "-")[2]
	if span == spanID || got.Get("B3") != traceID+"-"+span+"-1-"+strings.Split(got.Get("B3"), "-")[3] || got.Get("X-Request-Id") != requestID {
		t.Errorf("the call carried %v, want the local span in b3 and the request id", got)
	}
}

// TestBaggageOfAPreset: if a preset without baggage is OpenTelemetry's propagator, OpenTelemetry's baggage is lost.
func TestBaggageOfAPreset(t *testing.T) {
	sent := func(config propagation.Config) string {
		global(t, propagation.MustNew(config))
		return alone(t, received()).Get("Baggage")
	}

	config := preset.Istio()
	config.Formats = append(config.Formats, propagation.Baggage)

	if got := sent(config); got == "" {
		t.Error("with the format Baggage, no baggage arrived")
	}
	if got := sent(preset.Istio()); got != "" {
		t.Errorf("without the format Baggage, the baggage %q arrived, want none", got)
	}
}

// TestOrderOnTheClient: if Transport is outside of otelhttp's transport, only the formats of otelhttp's propagator have
// its span.
func TestOrderOnTheClient(t *testing.T) {
	otel.SetTracerProvider(sdktrace.NewTracerProvider())
	p := propagation.MustNew(propagation.Config{})
	for name, propagator := range map[string]otelprop.TextMapPropagator{"p": p, "another": otelprop.TraceContext{}} {
		global(t, propagator)
		details, mux := newCallee(t), http.NewServeMux()
		client := &http.Client{Transport: httptrace.NewTransport(p, otelhttp.NewTransport(nil))}
		mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { get(r.Context(), t, client, details.url) })
		serve(otelhttp.NewHandler(httptrace.Middleware(p)(mux), "server"), received())
		got := details.next(t)
		if same := strings.Split(got.Get("Traceparent"), "-")[2] == strings.Split(got.Get("B3"), "-")[1]; same != (name == "p") {
			t.Errorf("with %s as propagator, the call carried %v, want one span in both formats only with p", name, got)
		}
	}
}

// TestOtelhttpReadsAllLines: if p is its propagator, otelhttp's handler reads repeated lines without Middleware.
func TestOtelhttpReadsAllLines(t *testing.T) {
	global(t, propagation.MustNew(propagation.Config{}))
	sent := received()
	sent["Tracestate"] = []string{"a=1", "b=2"}
	if got := strings.Join(alone(t, sent).Values("Tracestate"), ","); got != "a=1,b=2" {
		t.Errorf("tracestate arrived as %q, want a=1,b=2", got)
	}
}

func TestMiddlewareOutside(t *testing.T) {
	details, mux := newCallee(t), http.NewServeMux()
	p := propagation.MustNew(propagation.Config{})
	global(t, p)
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}

	handler := httptrace.Middleware(p, httptrace.Edge())(otelhttp.NewHandler(mux, "server"))

	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) { get(r.Context(), t, client, details.url) })
	serve(handler, received())
	if got := details.next(t); strings.Contains(got.Get("Traceparent"), traceID) || got.Get("B3") == b3 || got.Get("X-Request-Id") != "" || got.Get("Baggage") != "" {
		t.Errorf("the call carried %v, want nothing of the caller", got)
	}
}

func TestIDGenerator(t *testing.T) {
	provider := sdktrace.NewTracerProvider(sdktrace.WithIDGenerator(propagation.IDGenerator{}))
	p := propagation.MustNew(preset.AWS())
	ctx := p.ExtractHTTP(t.Context(), http.Header{"X-Amzn-Trace-Id": {"Root=1-5759e988-bd862e3fe1be46a994272793"}})
	if _, span := provider.Tracer("").Start(ctx, "root"); span.SpanContext().TraceID().String() != "5759e988bd862e3fe1be46a994272793" {
		t.Errorf("the root span has the trace id %v, want that of the load balancer", span.SpanContext().TraceID())
	}
}

// TestDeferred: an open decision is denied by default, and nothing is recorded.
func TestDeferred(t *testing.T) {
	recorded := func(config propagation.Config) bool {
		open := http.Header{"B3": {traceID + "-" + spanID}}
		ctx := propagation.MustNew(config).ExtractHTTP(t.Context(), open)
		_, span := sdktrace.NewTracerProvider().Tracer("").Start(ctx, "server")
		return span.IsRecording()
	}

	config := preset.Istio()
	config.Deferred = propagation.Accepted

	if !recorded(config) {
		t.Error("with Deferred: Accepted, the span is not recorded")
	}
	if recorded(preset.Istio()) {
		t.Error("by default, the span is recorded, want it denied")
	}
}

// TestOtherTracer: Config.LocalSpan returns another tracer's span.
func TestOtherTracer(t *testing.T) {
	type spanKey struct{}
	ctx := context.WithValue(t.Context(), spanKey{}, byte(2))
	p := propagation.MustNew(propagation.Config{LocalSpan: func(ctx context.Context) (propagation.SpanContext, bool) {
		id, ok := ctx.Value(spanKey{}).(byte)
		return propagation.SpanContext{TraceID: trace.TraceID{0: 1}, SpanID: trace.SpanID{7: id}, Sampling: propagation.Accepted}, ok
	}})
	h := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(ctx, http.Header{"B3": {b3}}), h)
	if want := "01000000000000000000000000000000-0000000000000002-1"; h.Get("B3") != want {
		t.Errorf("b3 is %q, want %q", h.Get("B3"), want)
	}
}
