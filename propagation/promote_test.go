package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"weak"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// TestPromote: what was held back, whatever it was, is carried again as it came; the context that was
// promoted does what it did.
func TestPromote(t *testing.T) {
	p := compile(t, distrusting())
	eachDistrust(t, func(t *testing.T, trust propagation.Trust, said []word, enter func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		ctx := enter(context.Background(), p, trusted(said, propagation.Continue), trust)
		before := sent(p, ctx)
		promoted := propagation.Promote(ctx)
		if trust == propagation.Ignore {
			checkLeaves(t, p, promoted, nil) // nothing was kept
		} else {
			checkLeaves(t, p, promoted, trusted(said, propagation.Continue))
			checkLeaves(t, p, propagation.Copy(context.Background(), promoted), trusted(said, propagation.Continue))
			if sc, ok := propagation.RemoteFromContext(promoted); !ok || sc.TraceID != callerContext.TraceID || sc.Sampling != propagation.Accepted {
				t.Errorf("the caller is %+v", sc)
			}
			if sc := trace.SpanContextFromContext(promoted); sc.TraceID() != callerContext.TraceID || !sc.IsSampled() {
				t.Errorf("OpenTelemetry sees %+v", sc)
			}
		}
		expect(t, sent(p, ctx), before)
		if propagation.Promote(promoted) != promoted {
			t.Error("a second Promote has something to do")
		}
		if _, ok := propagation.UntrustedFromContext(promoted); ok {
			t.Error("a trusted caller is untrusted")
		}
	})
}

// TestPromoteBinary: bytes are held back and carried again as they came, in base64 over HTTP and raw over gRPC; bytes
// that look like white space are bytes.
func TestPromoteBinary(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-data-bin"}})
	decisions := []propagation.Trust{propagation.Restart, propagation.DistrustIDs, propagation.DistrustSampling, propagation.DistrustHeaders, propagation.DistrustBaggage}
	for _, row := range []struct{ came, over []string }{ // over HTTP, and the same over gRPC
		{[]string{"Grpc-Trace-Bin", callerBin}, []string{"grpc-trace-bin", callerBinRaw}},
		{[]string{"Grpc-Trace-Bin", callerBinPadded}, []string{"grpc-trace-bin", callerBinRaw}},
		{[]string{"Grpc-Trace-Bin", " " + callerBin + "\t"}, []string{"grpc-trace-bin", callerBinRaw}},
		{[]string{"Grpc-Trace-Bin", callerBin, "X-Data-Bin", "IA"}, []string{"grpc-trace-bin", callerBinRaw, "x-data-bin", " "}},
		{[]string{"X-Data-Bin", "CQkg"}, []string{"x-data-bin", "\t\t "}},
	} {
		for _, more := range [][]string{nil, {"L5d-Ctx-A", "1"}} { // in the node, and beside it
			in, md := carrier(append(row.came[:len(row.came):len(row.came)], more...)...), metadataOf(row.over...)
			for i := 0; i < len(more); i += 2 {
				md[strings.ToLower(more[i])] = []string{more[i+1]}
			}
			for _, trust := range decisions {
				ctx := p.ExtractHTTPTrust(context.Background(), in, trust)
				for name, promoted := range map[string]context.Context{"promoted": propagation.Promote(ctx), "demoted and promoted": propagation.Promote(propagation.Demote(ctx)),
					"a copy": propagation.Promote(propagation.Copy(context.Background(), ctx)), "extracted twice": propagation.Promote(p.ExtractHTTPTrust(ctx, in, trust))} {
					headerdiff.Check(t, in, sent(p, promoted), "%v, %s", trust, name)
					expect(t, sentMetadata(p, promoted), md)
				}
				if untrusted, ok := propagation.UntrustedFromContext(ctx); row.came[0] == "Grpc-Trace-Bin" && trust.String() == "restart" && (!ok || untrusted != callerContext) {
					t.Errorf("%q: the untrusted caller is %+v", in, untrusted)
				}
				ctx = p.ExtractMetadataTrust(context.Background(), md, trust)
				for name, promoted := range map[string]context.Context{"promoted": propagation.Promote(ctx), "demoted and promoted": propagation.Promote(propagation.Demote(ctx))} {
					headerdiff.Check(t, md, sentMetadata(p, promoted), "%v, %s, over gRPC", trust, name)
					if sc, ok := propagation.RemoteFromContext(promoted); row.came[0] == "Grpc-Trace-Bin" && (!ok || sc != callerContext) {
						t.Errorf("%v of %q, %s: the caller is %+v", trust, md, name, sc)
					}
				}
			}
		}
	}
}

// TestPromoteTakesNothingMade: a decision that a format could not leave open was never the caller's.
func TestPromoteTakesNothingMade(t *testing.T) {
	p := compile(t, distrusting())
	in := carrier("Ot-Tracer-Traceid", lowHalf, "Ot-Tracer-Spanid", callerSpan)
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.DistrustSampling)
	if sent(p, ctx).Get("Ot-Tracer-Sampled") != "false" {
		t.Fatal("nothing is made")
	}
	for _, ctx := range []context.Context{ctx, p.ExtractHTTPTrust(ctx, in, propagation.DistrustBaggage), propagation.Demote(ctx)} {
		expect(t, sent(p, propagation.Promote(ctx)), in)
	}
}

// TestDemote: nothing is carried, until Promote takes that back, too.
func TestDemote(t *testing.T) {
	p := compile(t, distrusting())
	eachDistrust(t, func(t *testing.T, trust propagation.Trust, said []word, enter func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		in := trusted(said, propagation.Continue)
		ctx := enter(context.Background(), p, in, trust)
		before := sent(p, ctx)
		demoted := propagation.Demote(ctx)
		checkLeaves(t, p, demoted, nil)
		checkLeaves(t, p, p.ExtractHTTP(demoted, in), nil)
		checkSilent(t, demoted)
		expect(t, sent(p, ctx), before)
		if trust != propagation.Ignore {
			checkLeaves(t, p, propagation.Promote(demoted), in)
			if untrusted, ok := propagation.UntrustedFromContext(demoted); !ok || untrusted.TraceID != callerContext.TraceID || untrusted.Sampling != propagation.Accepted {
				t.Errorf("the untrusted caller is %+v, %v", untrusted, ok)
			}
		}
		if propagation.Demote(demoted) != demoted {
			t.Error("a second Demote has something to do")
		}
	})
}

// TestDemoteBeforeExtract: a decision holds also where nothing came yet.
func TestDemoteBeforeExtract(t *testing.T) {
	p := compile(t, distrusting())
	in := trusted(vocabulary, propagation.Continue)
	ctx := p.ExtractHTTP(propagation.Demote(context.Background()), in)
	checkLeaves(t, p, ctx, nil)
	checkLeaves(t, p, propagation.Promote(ctx), in)
	if bg := context.Background(); propagation.Promote(bg) != bg {
		t.Error("there was something to promote")
	}
}

// TestCallUnderWay: it keeps the context that it had.
func TestCallUnderWay(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := p.ExtractHTTPTrust(context.Background(), carrier("Traceparent", callerW3C, "Baggage", "a=1"), propagation.Restart)
	underWay, cancel := context.WithCancel(ctx)
	defer cancel()
	promoted := propagation.Promote(underWay)
	expect(t, sent(p, underWay), nil)
	expect(t, sent(p, promoted), carrier("Traceparent", callerW3C, "Baggage", "a=1"))
	if cancel(); promoted.Err() == nil {
		t.Error("the promoted context is not derived from the one that was")
	}
}

// TestPromoteKeepsLocalSpan: the span that runs stays the active one.
func TestPromoteKeepsLocalSpan(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := p.ExtractHTTPTrust(context.Background(), carrier("Traceparent", callerW3C), propagation.Restart)
	local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, TraceFlags: trace.FlagsSampled})
	for name, late := range map[string]func(context.Context) context.Context{"Promote": propagation.Promote, "Demote": propagation.Demote} {
		now := late(trace.ContextWithSpanContext(ctx, local))
		if got := trace.SpanContextFromContext(now); !got.Equal(local) {
			t.Errorf("%s: the active span is %+v", name, got)
		}
		expect(t, sent(p, now), carrier("Traceparent", otherW3C))
	}
}

// TestPromoteOrder: the later of two Extracts names the parent, also if neither trusted its caller.
func TestPromoteOrder(t *testing.T) {
	p := compile(t, propagation.Config{})
	later := "0102030405060708090a0b0c0d0e0f10-1112131415161718"
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.DistrustSampling, propagation.DistrustBaggage} {
		ctx := p.ExtractHTTP(context.Background(), carrier("Traceparent", callerW3C))
		ctx = p.ExtractHTTPTrust(ctx, carrier("B3", later+"-1"), trust)
		if sc, ok := propagation.RemoteFromContext(ctx); ok == (trust == propagation.Restart) || ok && sc.SpanID != spanID("1112131415161718") {
			t.Errorf("%v: the parent is %+v, %v", trust, sc, ok)
		}
		for _, promoted := range []context.Context{propagation.Promote(ctx), propagation.Promote(propagation.Demote(ctx))} {
			expect(t, sent(p, promoted), carrier("B3", later+"-1"))
			if sc, _ := propagation.RemoteFromContext(promoted); sc.SpanID != spanID("1112131415161718") {
				t.Errorf("%v: promoted, the parent is %+v", trust, sc)
			}
		}
		if untrusted, _ := propagation.UntrustedFromContext(propagation.Demote(ctx)); untrusted.SpanID != spanID("1112131415161718") {
			t.Errorf("%v: the untrusted caller is %+v", trust, untrusted)
		}
	}
}

// TestUntrustedFromContext: it returns the caller's span context by precedence, if the caller's ids are distrusted.
func TestUntrustedFromContext(t *testing.T) {
	p := compile(t, distrusting())
	for _, trust := range distrusts() {
		ctx := p.ExtractHTTPTrust(context.Background(), trusted(said(few...), propagation.Continue), trust)
		got, ok := propagation.UntrustedFromContext(ctx)
		if want := trust&propagation.DistrustIDs != 0 && trust != propagation.Ignore; ok != want || ok && got != callerContext {
			t.Errorf("%v: %+v, %v", trust, got, ok)
		}
	}
	twice := p.ExtractHTTP(context.Background(), carrier("Traceparent", callerW3C))
	twice = p.ExtractHTTPTrust(twice, carrier("Traceparent", callerW3C), propagation.Restart) // a router within a router
	if got, ok := propagation.UntrustedFromContext(twice); !ok || got != callerContext {
		t.Errorf("extracted twice: %+v, %v", got, ok)
	}
	for _, in := range []http.Header{nil, carrier("X-Request-Id", "r"), carrier("Traceparent", "garbage")} {
		if got, ok := propagation.UntrustedFromContext(p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)); ok {
			t.Errorf("%v says %+v", in, got)
		}
	}
	if _, ok := propagation.UntrustedFromContext(context.Background()); ok {
		t.Error("there was no caller, and it was untrusted")
	}
	link := callerContext.OpenTelemetry()
	if !link.IsRemote() || !link.IsSampled() || link.SpanID() != callerContext.SpanID {
		t.Errorf("the link is %+v", link)
	}
}

// TestCopyTrust: work that outlives the request holds to what was decided.
func TestCopyTrust(t *testing.T) {
	p := compile(t, distrusting())
	eachDistrust(t, func(t *testing.T, trust propagation.Trust, said []word, enter func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		in := trusted(said, propagation.Continue)
		ctx := enter(context.Background(), p, in, trust)
		copied := propagation.Copy(context.Background(), ctx)
		expect(t, sent(p, p.ExtractHTTP(copied, in)), trusted(said, trust))
		expect(t, sent(p, propagation.Promote(copied)), sent(p, propagation.Promote(ctx)))
		want, _ := propagation.UntrustedFromContext(ctx)
		if got, _ := propagation.UntrustedFromContext(copied); got != want {
			t.Errorf("the untrusted caller is %+v, want %+v", got, want)
		}
		want, _ = propagation.RemoteFromContext(ctx)
		if got, _ := propagation.RemoteFromContext(propagation.Copy(context.Background(), ctx)); got != want {
			t.Errorf("the caller is %+v, want %+v", got, want)
		}
	})
}

// TestCopyOfUntrustedLetsGo: a context that outlives the request keeps its withheld lines, and not the request.
func TestCopyOfUntrustedLetsGo(t *testing.T) {
	type key struct{}
	p := compile(t, distrusting())
	for _, names := range [][]string{few, nil} {
		for _, trust := range []propagation.Trust{propagation.Restart, propagation.DistrustSampling} {
			request := new([1 << 16]byte)
			gone := weak.Make(request)
			ctx := p.ExtractHTTPTrust(context.WithValue(context.Background(), key{}, request), trusted(said(names...), propagation.Continue), trust)
			copied := propagation.Copy(context.Background(), ctx)
			request, ctx = nil, nil
			runtime.GC()
			if gone.Value() != nil {
				t.Errorf("%v of %d names: the request is kept", trust, len(said(names...)))
			}
			expect(t, sent(p, propagation.Promote(copied)), trusted(said(names...), propagation.Continue))
		}
	}
}

// TestTrustRace: the goroutines of one request decide as they like.
func TestTrustRace(t *testing.T) {
	p := compile(t, distrusting())
	in := trusted(vocabulary, propagation.Continue)
	for _, names := range [][]string{few, nil} {
		ctx := p.ExtractHTTPTrust(context.Background(), trusted(said(names...), propagation.Continue), propagation.Restart)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got := sent(p, ctx); len(got) != 0 {
					t.Errorf("%q leaves", got)
				}
				propagation.UntrustedFromContext(ctx)
				promoted := propagation.Promote(ctx)
				propagation.RemoteFromContext(promoted)
				baggage.FromContext(promoted)
				if got := sent(p, promoted); len(got) != len(said(names...)) {
					t.Errorf("%q leaves", got)
				}
				if got := sentMetadata(p, p.ExtractHTTP(propagation.Demote(promoted), in)); len(got) != 0 {
					t.Errorf("%q leaves", got)
				}
				_ = fmt.Sprint(promoted, propagation.Copy(context.Background(), ctx))
			})
		}
		all.Wait()
	}
}

// TestPrintedUntrusted: a context prints without its withheld values.
func TestPrintedUntrusted(t *testing.T) {
	const secret = "s3cr3t"
	p := compile(t, distrusting())
	for _, names := range [][]string{few, nil} {
		in := http.Header{}
		for _, w := range said(names...) {
			in.Set(w.name, secret)
		}
		ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
		for _, ctx := range []context.Context{ctx, propagation.Promote(ctx), propagation.Demote(ctx), propagation.Copy(context.Background(), ctx)} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(verb, ctx) + fmt.Sprintf(verb, struct{ Ctx context.Context }{ctx}); strings.Contains(text, secret) {
					t.Errorf("%s: %s", verb, text)
				}
			}
		}
	}
}
