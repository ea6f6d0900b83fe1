package propagation_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestPromise6_NeverInTheWay: no wrong use of the package panics. The fuzz targets test that no header causes a panic.
func TestPromise6_NeverInTheWay(t *testing.T) {
	var none *propagation.Propagator
	var noContext context.Context
	for _, p := range []*propagation.Propagator{none, propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})} {
		for _, ctx := range []context.Context{noContext, context.Background(), p.ExtractHTTP(context.Background(), tagged(1))} {
			p.ExtractHTTP(ctx, nil)
			p.ExtractMetadata(ctx, nil)
			p.Extract(ctx, nil)
			p.Extract(ctx, otelprop.MapCarrier(nil))
			p.ExtractHTTP(ctx, tagged(2))
			p.InjectHTTP(ctx, nil)
			p.InjectMetadata(ctx, nil)
			p.Inject(ctx, nil)
			p.Inject(ctx, otelprop.MapCarrier(nil))
			p.Inject(ctx, otelprop.HeaderCarrier(nil))
			engine(p).CloneHTTP(ctx, nil)
			engine(p).CloneMetadata(ctx, nil, nil)
			engine(p).StripHTTP(context.Background(), nil)
			p.Fields()
			p.Stats()
			propagation.RemoteFromContext(ctx)
			propagation.RequestIDFromContext(ctx)
			for range propagation.CapturedFromContext(ctx) {
			}
			propagation.Copy(context.Background(), ctx)
		}
	}
}

// TestPromise7_Bounded: a capture keeps its lines in memory, and not the whole received header.
func TestPromise7_Bounded(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	const requests, noise = 64, 1 << 20
	kept := make([]context.Context, requests)
	before := heapInUse()
	for i := range kept {
		h := tagged(uint32(i))
		h["X-Noise"] = []string{strings.Repeat("n", noise)}
		h.Set("Tracestate", "a="+strings.Repeat("s", 8000))
		// net/http uses one backing array for all values of a request
		backing := make([]string, 0, 4096)
		for name, lines := range h {
			backing = append(backing, lines...)
			h[name] = backing[len(backing)-len(lines):]
		}
		kept[i] = p.ExtractHTTP(context.Background(), h)
	}
	if grown, most := heapInUse()-before, requests*(16384+4096); grown > most {
		t.Errorf("%d captures keep %d bytes, want at most %d", requests, grown, most)
	}
	runtime.KeepAlive(kept)
}

func heapInUse() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// TestPromise8_Immutable: the nil Propagator carries nothing. Neither the use of a Propagator nor a change of its Config
// changes its results.
func TestPromise8_Immutable(t *testing.T) {
	var none *propagation.Propagator
	in := tagged(1)
	ctx := none.ExtractHTTP(context.Background(), in)
	out := http.Header{"Traceparent": {"mine"}}
	none.InjectHTTP(ctx, out)
	if ctx != context.Background() || len(out) != 1 || none.Fields() != nil {
		t.Errorf("the nil Propagator returns the context %v and the header %v, want both unchanged", ctx, out)
	}

	c := propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.RequestID}, Headers: []string{"X-User"}}
	p := propagation.MustNew(c)
	want := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), in), want)
	c.Formats[0], c.Headers[0] = propagation.B3Single, "X-Other"
	p.Fields()[0] = "changed"
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				p.Extract(context.Background(), otelprop.MapCarrier{"traceparent": "garbage", "x-user": "\x00"})
				out := http.Header{}
				p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
				if diff := headerdiff.Diff(want, out); diff != "" {
					t.Errorf("the sent headers have changed (-want +got):\n%s", diff)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestPromise9_NoCredentials: New refuses the names of credentials and of headers for one hop.
func TestPromise9_NoCredentials(t *testing.T) {
	allowedUnsafe := []string{"Authorization", "cookie", "Set-Cookie", "jwt", "x-envoy-upstream-rq-timeout-ms"}
	refused := []string{
		"proxy-authorization", "Forwarded", "X-Forwarded-For", "x-forwarded-client-cert", "x-amz-security-token", "Host",
		"Connection", "TE", "Content-Length", "content-type", "Accept-Encoding", "grpc-timeout", ":authority", "", "a b",
		"traceparent", "X-Request-Id", "uberctx-user", "L5d-Ctx-Trace", "x-envoy-force-trace",
	}
	for _, name := range append(refused, allowedUnsafe...) {
		if _, err := propagation.New(propagation.Config{Headers: []string{name}}); !isConfigError(err, "Headers[0]") {
			t.Errorf("for %q in Headers, New returns %v, want a mistake in Headers[0]", name, err)
		}
	}
	for _, name := range append(refused, "x-user") {
		if _, err := propagation.New(propagation.Config{UnsafeHeaders: []string{name}}); !isConfigError(err, "UnsafeHeaders[0]") {
			t.Errorf("for %q in UnsafeHeaders, New returns %v, want a mistake in UnsafeHeaders[0]", name, err)
		}
	}
	p, err := propagation.New(propagation.Config{UnsafeHeaders: allowedUnsafe})
	if err != nil {
		t.Fatal(err)
	}
	in := http.Header{"Authorization": {"Bearer secret"}, "Traceparent": {"00-secret"}}
	ctx := p.ExtractHTTP(context.Background(), in)
	out := http.Header{}
	if p.InjectHTTP(ctx, out); out.Get("Authorization") != "Bearer secret" {
		t.Errorf("sent %q, want the received authorization", out)
	}
	for name := range propagation.CapturedFromContext(ctx) {
		if name == "authorization" {
			t.Error("CapturedFromContext returns authorization, want no unsafe header")
		}
	}
}

func isConfigError(err error, field string) bool {
	var e *propagation.ConfigError
	return errors.As(err, &e) && e.Field == field
}

// TestPromise9_ContextsPrintNoValues: a printed context has names only, and no values.
func TestPromise9_ContextsPrintNoValues(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Headers: []string{"X-User"}})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"secret-1"}, "X-User": {"secret-2"}})
	derived, cancel := context.WithCancel(trace.ContextWithSpan(ctx, trace.SpanFromContext(ctx)))
	defer cancel()
	for _, ctx := range []context.Context{ctx, derived} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if s := fmt.Sprintf(verb, ctx); strings.Contains(s, "secret") || s == "" {
				t.Errorf("%s prints %s, want a text without values", verb, s)
			}
		}
	}
}

// TestPromise6_ObserverMayAsk: an observer may read the observed value from its context. That does not block the request.
func TestPromise6_ObserverMayAsk(t *testing.T) {
	heard := map[propagation.Outcome]int{}
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{
		Outcome: func(ctx context.Context, _ propagation.Format, o propagation.Outcome) {
			heard[o]++
			trace.SpanContextFromContext(ctx)
			baggage.FromContext(ctx)
			propagation.RemoteFromContext(ctx)
		},
	}})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"garbage"}, "Baggage": {"garbage"}, "B3": {"1", "1"}})
	baggage.FromContext(ctx)
	if heard[propagation.Malformed] != 2 || heard[propagation.Duplicate] != 1 {
		t.Errorf("the observer got %v, want 2 malformed and 1 duplicate", heard)
	}
}

// TestPromise6_NamesOfOtherCarriers: a map can have a name that HTTP does not accept. Over HTTP the name is left out, so that
// the request does not fail.
func TestPromise6_NamesOfOtherCarriers(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.Jaeger}})
	ctx := p.Extract(context.Background(), otelprop.MapCarrier{"uberctx-a b": "1", "uberctx-é": "2", "uberctx-ok": "3"})
	out := http.Header{}
	p.InjectHTTP(ctx, out)
	expect(t, out, http.Header{"Uberctx-Ok": {"3"}})
	if n := p.Stats().Count(propagation.Jaeger, propagation.Unsendable); n != 2 {
		t.Errorf("%d names are counted as unsendable, want 2", n)
	}
}
