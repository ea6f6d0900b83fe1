package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

var allSamplings = []propagation.Sampling{propagation.Deferred, propagation.Denied, propagation.Accepted, propagation.Debug}

// TestPromise3_HonestSampling: each decision is written in each format, from a local span and by translation. The test reads
// each written decision.
func TestPromise3_HonestSampling(t *testing.T) {
	sc := propagation.SpanContext{TraceID: traceID("0102030405060708090a0b0c0d0e0f10"), SpanID: spanID("1112131415161718")}
	for _, f := range traceFormats() {
		for _, state := range allSamplings {
			for _, deferred := range []propagation.Sampling{propagation.Deferred, propagation.Denied, propagation.Accepted} {
				want := factOf(f).canWrite.decisionFor(state)
				if state == propagation.Deferred && want != propagation.Deferred && deferred == propagation.Accepted {
					want = propagation.Accepted
				}
				local := sc
				local.Sampling = state
				p := propagation.MustNew(propagation.Config{
					Formats: []propagation.Format{f}, Emit: []propagation.Format{f}, Deferred: deferred,
					LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return local, true },
				})
				out := http.Header{}
				p.InjectHTTP(context.Background(), out)
				if got := readAs(f, out); got.Sampling != want || got.SpanID != sc.SpanID {
					t.Errorf("a local span with the decision %v is written in %v (Config.Deferred %v) as %q, which is read as %v, want %v", state, f, deferred, out, got.Sampling, want)
				}
			}
			// Translate B3, which has all four decisions, to f without a local span. The capture keeps the decision.
			p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.B3Multi}, Emit: []propagation.Format{f}})
			ctx := p.ExtractHTTP(context.Background(), b3Of(sc, state))
			if got, _ := propagation.RemoteFromContext(ctx); got.Sampling != state {
				t.Errorf("the captured decision is %v, want the received %v", got.Sampling, state)
			}
			out := http.Header{}
			p.InjectHTTP(ctx, out)
			if got := readAs(f, out); got.Sampling != factOf(f).canWrite.decisionFor(state) || got.TraceID != sc.TraceID && !same64(got, sc) {
				t.Errorf("the decision %v in b3 is translated to %v in %v, want %v: %q", state, got.Sampling, f, factOf(f).canWrite.decisionFor(state), out)
			}
		}
	}
}

// b3Of returns x-b3-* headers with a span and a decision.
func b3Of(sc propagation.SpanContext, state propagation.Sampling) http.Header {
	h := http.Header{"X-B3-Traceid": {sc.TraceID.String()}, "X-B3-Spanid": {sc.SpanID.String()}}
	switch state {
	case propagation.Denied:
		h.Set("X-B3-Sampled", "0")
	case propagation.Accepted:
		h.Set("X-B3-Sampled", "1")
	case propagation.Debug:
		h.Set("X-B3-Flags", "1")
	}
	return h
}

// TestPromise3_OpenTelemetry: for an open decision, OpenTelemetry gets the decision of Config.Deferred.
func TestPromise3_OpenTelemetry(t *testing.T) {
	sc := propagation.SpanContext{TraceID: traceID("0102030405060708090a0b0c0d0e0f10"), SpanID: spanID("1112131415161718")}
	for deferred, sampled := range map[propagation.Sampling]bool{propagation.Deferred: false, propagation.Denied: false, propagation.Accepted: true} {
		p := propagation.MustNew(propagation.Config{Deferred: deferred})
		ctx := p.ExtractHTTP(context.Background(), b3Of(sc, propagation.Deferred))
		if got := trace.SpanContextFromContext(ctx); got.IsSampled() != sampled || got.SpanID() != sc.SpanID {
			t.Errorf("Config.Deferred %v: the active span is %+v, want it sampled: %v", deferred, got, sampled)
		}
	}
}

// TestPromise3_StateAlone: a decision without ids is carried, and RemoteFromContext returns it. Emit does not translate it.
func TestPromise3_StateAlone(t *testing.T) {
	for value, state := range map[string]propagation.Sampling{"0": propagation.Denied, "1": propagation.Accepted, "d": propagation.Debug} {
		p := propagation.MustNew(propagation.Config{Emit: []propagation.Format{propagation.W3C}})
		ctx := p.ExtractHTTP(context.Background(), http.Header{"B3": {value}})
		if sc, ok := propagation.RemoteFromContext(ctx); !ok || sc != (propagation.SpanContext{Sampling: state}) {
			t.Errorf("b3: %s is read as %+v, %v, want the decision %v without ids", value, sc, ok, state)
		}
		out := http.Header{}
		p.InjectHTTP(ctx, out)
		expect(t, out, http.Header{"B3": {value}})
	}
}
