package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

func TestTrustString(t *testing.T) {
	for want, trust := range map[string]propagation.Trust{
		"continue":               propagation.Continue,
		"restart":                propagation.Restart,
		"ignore":                 propagation.Ignore,
		"distrust sampling":      propagation.DistrustSampling,
		"distrust ids, sampling": propagation.DistrustIDs | propagation.DistrustSampling,
		"distrust ids, sampling, baggage, request id": propagation.Restart &^ propagation.DistrustHeaders,
	} {
		if got := trust.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	var zero propagation.Trust
	if zero != propagation.Continue {
		t.Errorf("the zero Trust is %v", zero)
	}
}

// checkSilent checks that a context tells nothing of its caller, but to UntrustedFromContext.
func checkSilent(t *testing.T, ctx context.Context) {
	t.Helper()
	if sc, ok := propagation.RemoteFromContext(ctx); ok || sc != (propagation.SpanContext{}) {
		t.Errorf("the caller is %+v", sc)
	}
	if id := propagation.RequestIDFromContext(ctx); id != "" {
		t.Errorf("the request is %q", id)
	}
	if lines := captures(ctx); len(lines) != 0 {
		t.Errorf("captured %q", lines)
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		t.Errorf("OpenTelemetry sees the span %+v", sc)
	}
	if b := baggage.FromContext(ctx); b.Len() != 0 {
		t.Errorf("OpenTelemetry sees the baggage %v", b)
	}
}

// TestRestartIsSilent: no accessor tells anything, of this library or OpenTelemetry.
func TestRestartIsSilent(t *testing.T) {
	p := compile(t, distrusting())
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore} {
		for _, names := range [][]string{few, nil} {
			in := trusted(said(names...), propagation.Continue)
			for _, enter := range entrances {
				ctx := enter(context.Background(), p, in, trust)
				checkSilent(t, ctx)
				checkSilent(t, propagation.Copy(context.Background(), ctx))
				checkSilent(t, p.Extract(ctx, otelprop.HeaderCarrier(in)))
			}
		}
	}
}

// TestRestartHidesOpenTelemetry: a span context that an outer Extract of OpenTelemetry has put into the context
// is the untrusted caller's, too. A local span is not.
func TestRestartHidesOpenTelemetry(t *testing.T) {
	theirs := otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{})
	in := carrier("Traceparent", callerW3C, "Baggage", "a=1")
	outer := theirs.Extract(context.Background(), otelprop.HeaderCarrier(in))
	p := compile(t, propagation.Config{})
	for _, in := range []http.Header{in, nil} {
		ctx := p.ExtractHTTPTrust(outer, in, propagation.Restart)
		checkSilent(t, ctx)
		checkSilent(t, propagation.Demote(p.ExtractHTTP(outer, in)))
		expect(t, sent(p, ctx), nil)
		h := http.Header{}
		theirs.Inject(ctx, otelprop.HeaderCarrier(h))
		expect(t, h, nil)

		local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, TraceFlags: trace.FlagsSampled})
		ctx = p.ExtractHTTPTrust(trace.ContextWithSpanContext(outer, local), in, propagation.Restart)
		if got := trace.SpanContextFromContext(ctx); !got.Equal(local) {
			t.Errorf("the local span has become %+v", got)
		}
	}
	own, _ := baggage.Parse("mine=1") // of the application's, made inside
	ctx := baggage.ContextWithBaggage(p.ExtractHTTPTrust(outer, in, propagation.Restart), own)
	expect(t, sent(p, ctx), carrier("Baggage", "mine=1"))
}

// TestDecidedAgain: a second decision, or Demote, hides what another propagator has read for itself since the first.
func TestDecidedAgain(t *testing.T) {
	p, in := compile(t, propagation.Config{}), carrier("Traceparent", callerW3C, "Tracestate", "a=1", "Baggage", "a=1")
	for name, theirs := range map[string]otelprop.TextMapPropagator{
		"ids": otelprop.TraceContext{}, "baggage": otelprop.Baggage{}, "both": otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{}),
	} {
		for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore} {
			ctx := theirs.Extract(p.ExtractHTTPTrust(context.Background(), in, trust), otelprop.HeaderCarrier(in))
			for again, ctx := range map[string]context.Context{"decided": p.ExtractHTTPTrust(ctx, in, trust), "demoted": propagation.Demote(ctx)} {
				t.Run(name+"/"+trust.String()+"/"+again, func(t *testing.T) {
					checkSilent(t, ctx)
					expect(t, sent(p, ctx), nil)
				})
			}
		}
	}
}

// TestOwnBaggageStays: baggage that the application has put behind an edge is its own, also where somebody extracts again.
func TestOwnBaggageStays(t *testing.T) {
	p := compile(t, propagation.Config{})
	in := carrier("Traceparent", callerW3C, "Baggage", "user=mallory")
	own, _ := baggage.Parse("tenant=7")
	ctx := baggage.ContextWithBaggage(p.ExtractHTTPTrust(context.Background(), in, propagation.Restart), own)
	for name, again := range map[string]context.Context{
		"Extract": p.Extract(ctx, otelprop.HeaderCarrier(in)), "ExtractHTTP": p.ExtractHTTP(ctx, in), "of nothing": p.ExtractHTTP(ctx, nil),
	} {
		expect(t, sent(p, again), carrier("Baggage", "tenant=7"))
		if got := baggage.FromContext(again).String(); got != "tenant=7" {
			t.Errorf("%s: OpenTelemetry is shown %q", name, got)
		}
	}
	theirs := otelprop.Baggage{}.Extract(ctx, otelprop.HeaderCarrier(in)) // another reads what is held back
	if got := baggage.FromContext(p.ExtractHTTP(theirs, in)).String(); got != "" {
		t.Errorf("an untrusted caller's baggage is shown: %q", got)
	}
}

// TestRestartCleansCarrier: Inject removes headers of the outgoing request that name the untrusted caller's span.
func TestRestartCleansCarrier(t *testing.T) {
	p := compile(t, distrusting())
	ctx := p.ExtractHTTPTrust(context.Background(), nil, propagation.Restart)
	h, md := carrier("Traceparent", callerW3C, "B3", callerB3), metadataOf("traceparent", callerW3C, "b3", callerB3)
	p.InjectHTTP(ctx, h)
	p.InjectMetadata(ctx, md)
	expect(t, h, nil)
	expect(t, md, nil)
}

// TestRestartMakesRequestID: Extract makes a new id, once for a request, if configured. It is not the untrusted caller's.
func TestRestartMakesRequestID(t *testing.T) {
	plain, p := compile(t, propagation.Config{}), compile(t, propagation.Config{GenerateRequestID: true})
	in := carrier("X-Request-Id", "stranger", "Traceparent", callerW3C)
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore, propagation.DistrustRequestID, propagation.DistrustRequestID | propagation.DistrustSampling} {
		for name, enter := range entrances {
			for _, outer := range []context.Context{context.Background(), plain.ExtractHTTPTrust(context.Background(), in, trust)} {
				ctx := enter(outer, p, in, trust)
				id := propagation.RequestIDFromContext(ctx)
				if len(id) != 36 || propagation.TraceReasonOf(id) != propagation.NotTraced {
					t.Errorf("%v by %s: made %q", trust, name, id)
				}
				for _, again := range []context.Context{p.ExtractHTTP(ctx, in), plain.ExtractHTTP(ctx, in), propagation.Demote(ctx)} {
					if got := propagation.RequestIDFromContext(again); got != id {
						t.Errorf("%v by %s: %q has become %q", trust, name, id, got)
					}
				}
				want := "stranger"
				if trust == propagation.Ignore {
					want = id
				}
				if got := propagation.RequestIDFromContext(propagation.Promote(ctx)); got != want {
					t.Errorf("%v by %s: promoted %q, want %q", trust, name, got, want)
				}
			}
		}
	}
	demoted := propagation.Demote(p.ExtractHTTP(context.Background(), in))
	if id := propagation.RequestIDFromContext(demoted); len(id) != 36 {
		t.Errorf("demoted, the request is %q", id)
	}
}

// TestTrustSeparately: ids of a partner's, with the decision left to this service, as samplers see it.
func TestTrustSeparately(t *testing.T) {
	for _, deferred := range []propagation.Sampling{propagation.Denied, propagation.Accepted} {
		p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Deferred: deferred})
		for _, f := range traceFormats() {
			in := http.Header{}
			for _, w := range vocabulary {
				if slices.Contains(f.Fields(), w.name) {
					in.Set(w.name, w.value)
				}
			}
			ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.DistrustSampling)
			sc, ok := propagation.RemoteFromContext(ctx)
			if !ok || sc.SpanID != callerContext.SpanID || sc.Sampling != propagation.Deferred {
				t.Errorf("%v: %+v, %v", f, sc, ok)
			}
			if seen := trace.SpanContextFromContext(ctx); seen.SpanID() != callerContext.SpanID || seen.IsSampled() != deferred.Sampled() {
				t.Errorf("%v: OpenTelemetry sees %+v", f, seen)
			}
		}
	}
}

// TestTrustCost: the allocations of Extract and Inject for trusted and untrusted callers.
func TestTrustCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	bg, bare := context.Background(), http.Header{"User-Agent": {"x"}, "Accept": {"x"}, "Accept-Encoding": {"x"}, "Content-Type": {"x"}}
	for name, c := range map[string]propagation.Config{"zero": {}, "Istio": preset.Istio(), "all": {Formats: propagation.AllFormats()}} {
		p := compile(t, c)
		restarted := p.ExtractHTTPTrust(bg, istio(), propagation.Restart)
		in, md := istio(), overMetadata(istio())
		for _, row := range []struct {
			name string
			want float64
			run  func()
		}{
			{"continue", 1, func() { sink = p.ExtractHTTPTrust(bg, in, propagation.Continue) }},
			{"restart", 1, func() { sink = p.ExtractHTTPTrust(bg, in, propagation.Restart) }},
			{"restart, metadata", 1, func() { sink = p.ExtractMetadataTrust(bg, md, propagation.Restart) }},
			{"ignore", 1, func() { sink = p.ExtractHTTPTrust(bg, in, propagation.Ignore) }},
			{"continue, nothing came", 0, func() { sink = p.ExtractHTTPTrust(bg, bare, propagation.Continue) }},
			{"restart, nothing came", 1, func() { sink = p.ExtractHTTPTrust(bg, bare, propagation.Restart) }},
			{"restart, again", 0, func() { sink = p.ExtractHTTP(restarted, in) }},
			{"nothing to promote", 0, func() { sink = propagation.Promote(bg) }},
			{"inject", 0, func() { p.InjectHTTP(restarted, bare) }},
		} {
			if got := testing.AllocsPerRun(100, row.run); got != row.want {
				t.Errorf("%s, %s: %v allocations, want %v", name, row.name, got, row.want)
			}
		}
	}
}

// TestNilPropagatorTrusts: it carries nothing, and a decision stands for whoever extracts further in.
func TestNilPropagatorTrusts(t *testing.T) {
	var p *propagation.Propagator
	bg, h := context.Background(), carrier("B3", callerB3)
	engine(p).StripHTTP(bg, h)
	if p.ExtractHTTPTrust(bg, h, propagation.Continue) != bg || p.ExtractMetadataTrust(bg, h, propagation.Continue) != bg || len(h) != 1 {
		t.Error("the nil Propagator did something")
	}
	inner := compile(t, distrusting())
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore} {
		for name, decided := range map[string]context.Context{
			"HTTP": p.ExtractHTTPTrust(bg, h, trust), "gRPC": p.ExtractMetadataTrust(bg, lowered(h), trust),
		} {
			for way, extract := range extracts {
				ctx := extract(decided, inner, lowered(h))
				checkSilent(t, ctx)
				if got := sent(inner, ctx); len(got) != 0 {
					t.Errorf("%v over %s, then %s: %q goes out", trust, name, way, got)
				}
			}
			copied := carrier("B3", callerB3, "Baggage", "k=v", "Accept", "*/*")
			engine(p).StripHTTP(decided, copied)
			expect(t, copied, carrier("Accept", "*/*"))
		}
	}
	var none context.Context // it must not panic
	if ctx := compile(t, propagation.Config{}).ExtractHTTPTrust(none, h, propagation.Restart); fmt.Sprint(ctx) == "" {
		t.Error("a nil context came back")
	}
}
