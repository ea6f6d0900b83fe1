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
		t.Errorf("the zero Trust is %v, want Continue", zero)
	}
}

// checkNothingShown checks that no accessor of this package or of OpenTelemetry returns anything of the caller. The exception is
// UntrustedFromContext.
func checkNothingShown(t *testing.T, ctx context.Context) {
	t.Helper()
	if sc, ok := propagation.RemoteFromContext(ctx); ok || sc != (propagation.SpanContext{}) {
		t.Errorf("RemoteFromContext returns %+v, want nothing", sc)
	}
	if id := propagation.RequestIDFromContext(ctx); id != "" {
		t.Errorf("RequestIDFromContext returns %q, want nothing", id)
	}
	if lines := captures(ctx); len(lines) != 0 {
		t.Errorf("CapturedFromContext returns %q, want nothing", lines)
	}
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		t.Errorf("the active span is %+v, want none", sc)
	}
	if b := baggage.FromContext(ctx); b.Len() != 0 {
		t.Errorf("OpenTelemetry's baggage is %v, want nothing", b)
	}
}

// TestRestartShowsNothing: with Restart and Ignore, no accessor of this package or of OpenTelemetry returns anything of the
// caller.
func TestRestartShowsNothing(t *testing.T) {
	p := compile(t, carryTestHeaders())
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore} {
		for _, names := range [][]string{fewNames, nil} {
			in := trusted(headersNamed(names...), propagation.Continue)
			for _, extract := range trustExtracts {
				ctx := extract(context.Background(), p, in, trust)
				checkNothingShown(t, ctx)
				checkNothingShown(t, propagation.Copy(context.Background(), ctx))
				checkNothingShown(t, p.Extract(ctx, otelprop.HeaderCarrier(in)))
			}
		}
	}
}

// TestRestartHidesOpenTelemetry: an outer Extract of OpenTelemetry has put the untrusted caller's span into the context.
// Restart hides this span, but not a local span.
func TestRestartHidesOpenTelemetry(t *testing.T) {
	theirs := otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{})
	in := carrier("Traceparent", callerW3C, "Baggage", "a=1")
	outer := theirs.Extract(context.Background(), otelprop.HeaderCarrier(in))
	p := compile(t, propagation.Config{})
	for _, in := range []http.Header{in, nil} {
		ctx := p.ExtractHTTPTrust(outer, in, propagation.Restart)
		checkNothingShown(t, ctx)
		checkNothingShown(t, propagation.Demote(p.ExtractHTTP(outer, in)))
		expect(t, sent(p, ctx), nil)
		h := http.Header{}
		theirs.Inject(ctx, otelprop.HeaderCarrier(h))
		expect(t, h, nil)

		local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, TraceFlags: trace.FlagsSampled})
		ctx = p.ExtractHTTPTrust(trace.ContextWithSpanContext(outer, local), in, propagation.Restart)
		if got := trace.SpanContextFromContext(ctx); !got.Equal(local) {
			t.Errorf("the active span is %+v, want the local span %+v", got, local)
		}
	}
	own, _ := baggage.Parse("mine=1") // the application's own baggage, set after Extract
	ctx := baggage.ContextWithBaggage(p.ExtractHTTPTrust(outer, in, propagation.Restart), own)
	expect(t, sent(p, ctx), carrier("Baggage", "mine=1"))
}

// TestSecondTrust: after an Extract with a Trust, another propagator reads the headers itself. A second Extract with a Trust,
// or Demote, hides its results.
func TestSecondTrust(t *testing.T) {
	p, in := compile(t, propagation.Config{}), carrier("Traceparent", callerW3C, "Tracestate", "a=1", "Baggage", "a=1")
	for name, theirs := range map[string]otelprop.TextMapPropagator{
		"ids": otelprop.TraceContext{}, "baggage": otelprop.Baggage{}, "both": otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{}),
	} {
		for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore} {
			ctx := theirs.Extract(p.ExtractHTTPTrust(context.Background(), in, trust), otelprop.HeaderCarrier(in))
			for again, ctx := range map[string]context.Context{"decided": p.ExtractHTTPTrust(ctx, in, trust), "demoted": propagation.Demote(ctx)} {
				t.Run(name+"/"+trust.String()+"/"+again, func(t *testing.T) {
					checkNothingShown(t, ctx)
					expect(t, sent(p, ctx), nil)
				})
			}
		}
	}
}

// TestOwnBaggageStays: at an edge, baggage that the application sets after Extract is still sent after a second Extract.
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
			t.Errorf("%s: OpenTelemetry's baggage is %q, want tenant=7", name, got)
		}
	}
	theirs := otelprop.Baggage{}.Extract(ctx, otelprop.HeaderCarrier(in)) // another propagator reads the withheld baggage
	if got := baggage.FromContext(p.ExtractHTTP(theirs, in)).String(); got != "" {
		t.Errorf("OpenTelemetry's baggage is %q, want nothing of the untrusted caller", got)
	}
}

// TestRestartCleansCarrier: Inject removes headers of the outgoing request that name the untrusted caller's span.
func TestRestartCleansCarrier(t *testing.T) {
	p := compile(t, carryTestHeaders())
	ctx := p.ExtractHTTPTrust(context.Background(), nil, propagation.Restart)
	h, md := carrier("Traceparent", callerW3C, "B3", callerB3), metadataOf("traceparent", callerW3C, "b3", callerB3)
	p.InjectHTTP(ctx, h)
	p.InjectMetadata(ctx, md)
	expect(t, h, nil)
	expect(t, md, nil)
}

// TestRestartMakesRequestID: for an untrusted caller, Extract makes a new id with GenerateRequestID, once for a request.
func TestRestartMakesRequestID(t *testing.T) {
	plain, p := compile(t, propagation.Config{}), compile(t, propagation.Config{GenerateRequestID: true})
	in := carrier("X-Request-Id", "stranger", "Traceparent", callerW3C)
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore, propagation.DistrustRequestID, propagation.DistrustRequestID | propagation.DistrustSampling} {
		for name, extract := range trustExtracts {
			for _, outer := range []context.Context{context.Background(), plain.ExtractHTTPTrust(context.Background(), in, trust)} {
				ctx := extract(outer, p, in, trust)
				id := propagation.RequestIDFromContext(ctx)
				if len(id) != 36 || propagation.TraceReasonOf(id) != propagation.NotTraced {
					t.Errorf("%v by %s: the request id is %q, want a new one", trust, name, id)
				}
				for _, again := range []context.Context{p.ExtractHTTP(ctx, in), plain.ExtractHTTP(ctx, in), propagation.Demote(ctx)} {
					if got := propagation.RequestIDFromContext(again); got != id {
						t.Errorf("%v by %s: the request id was %q and is now %q, want the same", trust, name, id, got)
					}
				}
				want := "stranger"
				if trust == propagation.Ignore {
					want = id
				}
				if got := propagation.RequestIDFromContext(propagation.Promote(ctx)); got != want {
					t.Errorf("%v by %s: after Promote, the request id is %q, want %q", trust, name, got, want)
				}
			}
		}
	}
	demoted := propagation.Demote(p.ExtractHTTP(context.Background(), in))
	if id := propagation.RequestIDFromContext(demoted); len(id) != 36 {
		t.Errorf("after Demote, the request id is %q, want a new one", id)
	}
}

// TestDistrustSamplingEachFormat: with DistrustSampling, each format keeps its ids, and its decision is open. Samplers get the decision
// of Config.Deferred.
func TestDistrustSamplingEachFormat(t *testing.T) {
	for _, deferred := range []propagation.Sampling{propagation.Denied, propagation.Accepted} {
		p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Deferred: deferred})
		for _, f := range traceFormats() {
			in := http.Header{}
			for _, w := range allTestHeaders {
				if slices.Contains(f.Fields(), w.name) {
					in.Set(w.name, w.value)
				}
			}
			ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.DistrustSampling)
			sc, ok := propagation.RemoteFromContext(ctx)
			if !ok || sc.SpanID != callerContext.SpanID || sc.Sampling != propagation.Deferred {
				t.Errorf("%v: the remote span is %+v, %v, want the caller's ids and an open decision", f, sc, ok)
			}
			if seen := trace.SpanContextFromContext(ctx); seen.SpanID() != callerContext.SpanID || seen.IsSampled() != deferred.Sampled() {
				t.Errorf("%v: the active span is %+v, want the caller's ids, sampled: %v", f, seen, deferred.Sampled())
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
			{"continue, nothing received", 0, func() { sink = p.ExtractHTTPTrust(bg, bare, propagation.Continue) }},
			{"restart, nothing received", 1, func() { sink = p.ExtractHTTPTrust(bg, bare, propagation.Restart) }},
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

// TestNilPropagatorKeepsTrust: the nil Propagator carries nothing. The Trust of its Extract applies to an inner Extract.
func TestNilPropagatorKeepsTrust(t *testing.T) {
	var p *propagation.Propagator
	bg, h := context.Background(), carrier("B3", callerB3)
	engine(p).StripHTTP(bg, h)
	if p.ExtractHTTPTrust(bg, h, propagation.Continue) != bg || p.ExtractMetadataTrust(bg, h, propagation.Continue) != bg || len(h) != 1 {
		t.Error("the nil Propagator changed the context or the header, want both unchanged")
	}
	inner := compile(t, carryTestHeaders())
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.Ignore} {
		for name, decided := range map[string]context.Context{
			"HTTP": p.ExtractHTTPTrust(bg, h, trust), "gRPC": p.ExtractMetadataTrust(bg, lowered(h), trust),
		} {
			for way, extract := range extracts {
				ctx := extract(decided, inner, lowered(h))
				checkNothingShown(t, ctx)
				if got := sent(inner, ctx); len(got) != 0 {
					t.Errorf("%v over %s, then %s: sent %q, want nothing", trust, name, way, got)
				}
			}
			copied := carrier("B3", callerB3, "Baggage", "k=v", "Accept", "*/*")
			engine(p).StripHTTP(decided, copied)
			expect(t, copied, carrier("Accept", "*/*"))
		}
	}
	var none context.Context // it must not panic
	if ctx := compile(t, propagation.Config{}).ExtractHTTPTrust(none, h, propagation.Restart); fmt.Sprint(ctx) == "" {
		t.Error("Extract with a nil context returns a context that prints as an empty text")
	}
}
