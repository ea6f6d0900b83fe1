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

// TestPromote: after Promote, all withheld headers are sent as received. The context that was given to Promote does not
// change.
func TestPromote(t *testing.T) {
	p := compile(t, carryTestHeaders())
	eachTrust(t, func(t *testing.T, trust propagation.Trust, headers []testHeader, extract func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		ctx := extract(context.Background(), p, trusted(headers, propagation.Continue), trust)
		before := sent(p, ctx)
		promoted := propagation.Promote(ctx)
		if trust == propagation.Ignore {
			checkSent(t, p, promoted, nil) // nothing was kept
		} else {
			checkSent(t, p, promoted, trusted(headers, propagation.Continue))
			checkSent(t, p, propagation.Copy(context.Background(), promoted), trusted(headers, propagation.Continue))
			if sc, ok := propagation.RemoteFromContext(promoted); !ok || sc.TraceID != callerContext.TraceID || sc.Sampling != propagation.Accepted {
				t.Errorf("the remote span is %+v, want the caller's, accepted", sc)
			}
			if sc := trace.SpanContextFromContext(promoted); sc.TraceID() != callerContext.TraceID || !sc.IsSampled() {
				t.Errorf("the active span is %+v, want the caller's, sampled", sc)
			}
		}
		expect(t, sent(p, ctx), before)
		if propagation.Promote(promoted) != promoted {
			t.Error("a second Promote returns another context, want the same")
		}
		if _, ok := propagation.UntrustedFromContext(promoted); ok {
			t.Error("after Promote, UntrustedFromContext returns a span context, want none")
		}
	})
}

// TestPromoteBinary: binary values are withheld, and after Promote they are sent as received. They are base64 over HTTP and
// raw over gRPC. Bytes that are white space are kept.
func TestPromoteBinary(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-data-bin"}})
	decisions := []propagation.Trust{propagation.Restart, propagation.DistrustIDs, propagation.DistrustSampling, propagation.DistrustHeaders, propagation.DistrustBaggage}
	for _, row := range []struct{ came, over []string }{ // came is over HTTP, and over is the same over gRPC
		{[]string{"Grpc-Trace-Bin", callerBin}, []string{"grpc-trace-bin", callerBinRaw}},
		{[]string{"Grpc-Trace-Bin", callerBinPadded}, []string{"grpc-trace-bin", callerBinRaw}},
		{[]string{"Grpc-Trace-Bin", " " + callerBin + "\t"}, []string{"grpc-trace-bin", callerBinRaw}},
		{[]string{"Grpc-Trace-Bin", callerBin, "X-Data-Bin", "IA"}, []string{"grpc-trace-bin", callerBinRaw, "x-data-bin", " "}},
		{[]string{"X-Data-Bin", "CQkg"}, []string{"x-data-bin", "\t\t "}},
	} {
		for _, more := range [][]string{nil, {"L5d-Ctx-A", "1"}} { // few lines, and more than the context's node holds
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
					t.Errorf("%q: UntrustedFromContext returns %+v, want %+v", in, untrusted, callerContext)
				}
				ctx = p.ExtractMetadataTrust(context.Background(), md, trust)
				for name, promoted := range map[string]context.Context{"promoted": propagation.Promote(ctx), "demoted and promoted": propagation.Promote(propagation.Demote(ctx))} {
					headerdiff.Check(t, md, sentMetadata(p, promoted), "%v, %s, over gRPC", trust, name)
					if sc, ok := propagation.RemoteFromContext(promoted); row.came[0] == "Grpc-Trace-Bin" && (!ok || sc != callerContext) {
						t.Errorf("%v for %q, %s: the remote span is %+v, want %+v", trust, md, name, sc, callerContext)
					}
				}
			}
		}
	}
}

// TestPromoteRemovesWrittenDecision: with DistrustSampling, Extract writes a decision to a format that cannot leave it open. After
// Promote, the format is sent as received, without this decision.
func TestPromoteRemovesWrittenDecision(t *testing.T) {
	p := compile(t, carryTestHeaders())
	in := carrier("Ot-Tracer-Traceid", lowHalf, "Ot-Tracer-Spanid", callerSpan)
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.DistrustSampling)
	if sent(p, ctx).Get("Ot-Tracer-Sampled") != "false" {
		t.Fatal("before Promote, ot-tracer-sampled is not false")
	}
	for _, ctx := range []context.Context{ctx, p.ExtractHTTPTrust(ctx, in, propagation.DistrustBaggage), propagation.Demote(ctx)} {
		expect(t, sent(p, propagation.Promote(ctx)), in)
	}
}

// TestDemote: after Demote, nothing is carried. A later Promote takes that back.
func TestDemote(t *testing.T) {
	p := compile(t, carryTestHeaders())
	eachTrust(t, func(t *testing.T, trust propagation.Trust, headers []testHeader, extract func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		in := trusted(headers, propagation.Continue)
		ctx := extract(context.Background(), p, in, trust)
		before := sent(p, ctx)
		demoted := propagation.Demote(ctx)
		checkSent(t, p, demoted, nil)
		checkSent(t, p, p.ExtractHTTP(demoted, in), nil)
		checkNothingShown(t, demoted)
		expect(t, sent(p, ctx), before)
		if trust != propagation.Ignore {
			checkSent(t, p, propagation.Promote(demoted), in)
			if untrusted, ok := propagation.UntrustedFromContext(demoted); !ok || untrusted.TraceID != callerContext.TraceID || untrusted.Sampling != propagation.Accepted {
				t.Errorf("UntrustedFromContext returns %+v, %v, want the caller's span, accepted", untrusted, ok)
			}
		}
		if propagation.Demote(demoted) != demoted {
			t.Error("a second Demote returns another context, want the same")
		}
	})
}

// TestDemoteBeforeExtract: Demote before an Extract withholds the headers of that Extract.
func TestDemoteBeforeExtract(t *testing.T) {
	p := compile(t, carryTestHeaders())
	in := trusted(allTestHeaders, propagation.Continue)
	ctx := p.ExtractHTTP(propagation.Demote(context.Background()), in)
	checkSent(t, p, ctx, nil)
	checkSent(t, p, propagation.Promote(ctx), in)
	if bg := context.Background(); propagation.Promote(bg) != bg {
		t.Error("Promote of a context without a capture returns another context, want the same")
	}
}

// TestPromoteKeepsOldContext: Promote returns a new context. A call that already runs with the old context is not changed.
func TestPromoteKeepsOldContext(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := p.ExtractHTTPTrust(context.Background(), carrier("Traceparent", callerW3C, "Baggage", "a=1"), propagation.Restart)
	underWay, cancel := context.WithCancel(ctx)
	defer cancel()
	promoted := propagation.Promote(underWay)
	expect(t, sent(p, underWay), nil)
	expect(t, sent(p, promoted), carrier("Traceparent", callerW3C, "Baggage", "a=1"))
	if cancel(); promoted.Err() == nil {
		t.Error("the promoted context is not canceled with its parent")
	}
}

// TestPromoteKeepsLocalSpan: after Promote and Demote, the local span is still the active span.
func TestPromoteKeepsLocalSpan(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := p.ExtractHTTPTrust(context.Background(), carrier("Traceparent", callerW3C), propagation.Restart)
	local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, TraceFlags: trace.FlagsSampled})
	for name, late := range map[string]func(context.Context) context.Context{"Promote": propagation.Promote, "Demote": propagation.Demote} {
		now := late(trace.ContextWithSpanContext(ctx, local))
		if got := trace.SpanContextFromContext(now); !got.Equal(local) {
			t.Errorf("%s: the active span is %+v, want %+v", name, got, local)
		}
		expect(t, sent(p, now), carrier("Traceparent", otherW3C))
	}
}

// TestPromoteOrder: the later of two Extracts gives the remote span context, also if its caller is not trusted.
func TestPromoteOrder(t *testing.T) {
	p := compile(t, propagation.Config{})
	later := "0102030405060708090a0b0c0d0e0f10-1112131415161718"
	for _, trust := range []propagation.Trust{propagation.Restart, propagation.DistrustSampling, propagation.DistrustBaggage} {
		ctx := p.ExtractHTTP(context.Background(), carrier("Traceparent", callerW3C))
		ctx = p.ExtractHTTPTrust(ctx, carrier("B3", later+"-1"), trust)
		if sc, ok := propagation.RemoteFromContext(ctx); ok == (trust == propagation.Restart) || ok && sc.SpanID != spanID("1112131415161718") {
			t.Errorf("%v: the remote span is %+v, %v, want none with restart, and else the span of the second Extract", trust, sc, ok)
		}
		for _, promoted := range []context.Context{propagation.Promote(ctx), propagation.Promote(propagation.Demote(ctx))} {
			expect(t, sent(p, promoted), carrier("B3", later+"-1"))
			if sc, _ := propagation.RemoteFromContext(promoted); sc.SpanID != spanID("1112131415161718") {
				t.Errorf("%v: after Promote, the remote span is %+v, want the span of the second Extract", trust, sc)
			}
		}
		if untrusted, _ := propagation.UntrustedFromContext(propagation.Demote(ctx)); untrusted.SpanID != spanID("1112131415161718") {
			t.Errorf("%v: UntrustedFromContext returns %+v, want the span of the second Extract", trust, untrusted)
		}
	}
}

// TestUntrustedFromContext: UntrustedFromContext returns the caller's span context by precedence, if the caller's ids are
// not trusted.
func TestUntrustedFromContext(t *testing.T) {
	p := compile(t, carryTestHeaders())
	for _, trust := range allTrusts() {
		ctx := p.ExtractHTTPTrust(context.Background(), trusted(headersNamed(fewNames...), propagation.Continue), trust)
		got, ok := propagation.UntrustedFromContext(ctx)
		if want := trust&propagation.DistrustIDs != 0 && trust != propagation.Ignore; ok != want || ok && got != callerContext {
			t.Errorf("%v: UntrustedFromContext returns %+v, %v, want the caller's span: %v", trust, got, ok, want)
		}
	}
	twice := p.ExtractHTTP(context.Background(), carrier("Traceparent", callerW3C))
	twice = p.ExtractHTTPTrust(twice, carrier("Traceparent", callerW3C), propagation.Restart) // as in nested routers
	if got, ok := propagation.UntrustedFromContext(twice); !ok || got != callerContext {
		t.Errorf("after two Extracts, UntrustedFromContext returns %+v, %v, want the caller's span", got, ok)
	}
	for _, in := range []http.Header{nil, carrier("X-Request-Id", "r"), carrier("Traceparent", "garbage")} {
		if got, ok := propagation.UntrustedFromContext(p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)); ok {
			t.Errorf("for %v, UntrustedFromContext returns %+v, want none", in, got)
		}
	}
	if _, ok := propagation.UntrustedFromContext(context.Background()); ok {
		t.Error("without a caller, UntrustedFromContext returns a span context, want none")
	}
	link := callerContext.OpenTelemetry()
	if !link.IsRemote() || !link.IsSampled() || link.SpanID() != callerContext.SpanID {
		t.Errorf("the span context for a link is %+v, want the caller's, remote and sampled", link)
	}
}

// TestCopyTrust: Copy keeps the Trust of the request.
func TestCopyTrust(t *testing.T) {
	p := compile(t, carryTestHeaders())
	eachTrust(t, func(t *testing.T, trust propagation.Trust, headers []testHeader, extract func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		in := trusted(headers, propagation.Continue)
		ctx := extract(context.Background(), p, in, trust)
		copied := propagation.Copy(context.Background(), ctx)
		expect(t, sent(p, p.ExtractHTTP(copied, in)), trusted(headers, trust))
		expect(t, sent(p, propagation.Promote(copied)), sent(p, propagation.Promote(ctx)))
		want, _ := propagation.UntrustedFromContext(ctx)
		if got, _ := propagation.UntrustedFromContext(copied); got != want {
			t.Errorf("UntrustedFromContext returns %+v for the copy, want %+v", got, want)
		}
		want, _ = propagation.RemoteFromContext(ctx)
		if got, _ := propagation.RemoteFromContext(propagation.Copy(context.Background(), ctx)); got != want {
			t.Errorf("RemoteFromContext returns %+v for the copy, want %+v", got, want)
		}
	})
}

// TestCopyOfUntrustedReleasesRequest: a copy of the context keeps the withheld lines in memory, and not the request.
func TestCopyOfUntrustedReleasesRequest(t *testing.T) {
	type key struct{}
	p := compile(t, carryTestHeaders())
	for _, names := range [][]string{fewNames, nil} {
		for _, trust := range []propagation.Trust{propagation.Restart, propagation.DistrustSampling} {
			request := new([1 << 16]byte)
			gone := weak.Make(request)
			ctx := p.ExtractHTTPTrust(context.WithValue(context.Background(), key{}, request), trusted(headersNamed(names...), propagation.Continue), trust)
			copied := propagation.Copy(context.Background(), ctx)
			request, ctx = nil, nil
			runtime.GC()
			if gone.Value() != nil {
				t.Errorf("%v with %d names: the copy keeps the request in memory", trust, len(headersNamed(names...)))
			}
			expect(t, sent(p, propagation.Promote(copied)), trusted(headersNamed(names...), propagation.Continue))
		}
	}
}

// TestTrustRace: the goroutines of one request may call Promote and Demote at the same time.
func TestTrustRace(t *testing.T) {
	p := compile(t, carryTestHeaders())
	in := trusted(allTestHeaders, propagation.Continue)
	for _, names := range [][]string{fewNames, nil} {
		ctx := p.ExtractHTTPTrust(context.Background(), trusted(headersNamed(names...), propagation.Continue), propagation.Restart)
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if got := sent(p, ctx); len(got) != 0 {
					t.Errorf("the untrusted context sends %q, want nothing", got)
				}
				propagation.UntrustedFromContext(ctx)
				promoted := propagation.Promote(ctx)
				propagation.RemoteFromContext(promoted)
				baggage.FromContext(promoted)
				if got := sent(p, promoted); len(got) != len(headersNamed(names...)) {
					t.Errorf("the promoted context sends %q, want all headers", got)
				}
				if got := sentMetadata(p, p.ExtractHTTP(propagation.Demote(promoted), in)); len(got) != 0 {
					t.Errorf("the demoted context sends %q, want nothing", got)
				}
				_ = fmt.Sprint(promoted, propagation.Copy(context.Background(), ctx))
			})
		}
		all.Wait()
	}
}

// TestPrintedUntrusted: a printed context does not contain its withheld values.
func TestPrintedUntrusted(t *testing.T) {
	const secret = "s3cr3t"
	p := compile(t, carryTestHeaders())
	for _, names := range [][]string{fewNames, nil} {
		in := http.Header{}
		for _, w := range headersNamed(names...) {
			in.Set(w.name, secret)
		}
		ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
		for _, ctx := range []context.Context{ctx, propagation.Promote(ctx), propagation.Demote(ctx), propagation.Copy(context.Background(), ctx)} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
				if text := fmt.Sprintf(verb, ctx) + fmt.Sprintf(verb, struct{ Ctx context.Context }{ctx}); strings.Contains(text, secret) {
					t.Errorf("%s prints a withheld value: %s", verb, text)
				}
			}
		}
	}
}
