package propagation_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/requests"
	"github.com/traceferry/traceferry/propagation"
)

// TestPromise2_Consistent: with a local span every trace format that goes out says
// its ids and its decision, whatever came in; and what names no span goes verbatim.
func TestPromise2_Consistent(t *testing.T) {
	r := newRequests(t, 2)
	local := propagation.SpanContext{}
	c := propagation.Config{
		Formats:   propagation.AllFormats(),
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return local, true },
	}
	silent := c
	silent.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return propagation.SpanContext{}, false }
	emitting := c
	emitting.Emit = []propagation.Format{propagation.B3Single, propagation.W3C, propagation.Datadog}
	for _, c := range []propagation.Config{c, emitting} {
		p, verbatim := propagation.MustNew(c), propagation.MustNew(silent)
		for range 3000 {
			in := r.Header()
			if r.IntN(2) == 0 { // the caller's own trace goes on
				local = readAs(requests.Pick(r.Source, traceFormats()), in)
			}
			if !local.IsValid() || r.IntN(2) == 0 {
				local = r.context()
			}
			local.TraceState = ""
			ctx := p.ExtractHTTP(context.Background(), in)
			out, came := http.Header{}, http.Header{}
			p.InjectHTTP(ctx, out)
			verbatim.InjectHTTP(verbatim.ExtractHTTP(context.Background(), in), came)

			if named := checkConsistent(t, in, out, local, c.Emit); named == 0 {
				t.Fatalf("came %q\nleft %q: no format names the span", in, out)
			}
			for _, f := range propagation.AllFormats() {
				for _, name := range f.Fields() {
					name = http.CanonicalHeaderKey(name)
					if !slices.Contains(traceFormats(), f) && !slices.Equal(out[name], came[name]) {
						t.Fatalf("%s came as %q and left as %q", name, came[name], out[name])
					}
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

// checkConsistent reads what went out format by format, and returns how many name the span.
func checkConsistent(t *testing.T, in, out http.Header, local propagation.SpanContext, emit []propagation.Format) (named int) {
	t.Helper()
	for _, f := range traceFormats() {
		got := readAs(f, out)
		if got.TraceID.IsValid() {
			named++
		}
		if (f == propagation.OTSpanContext || f == propagation.OTTrace) && [8]byte(local.TraceID[8:]) == [8]byte{} {
			continue // 64 bits of zeros name nothing
		}
		played := slices.Contains(emit, f)
		for _, name := range f.Fields()[:1] {
			played = played || len(in[http.CanonicalHeaderKey(name)]) > 0 && readAs(f, in).IsValid()
		}
		switch {
		case !got.TraceID.IsValid() && played:
			t.Errorf("%v is in play and names no span\ncame %q\nleft %q", f, in, out)
		case !got.TraceID.IsValid():
			for _, name := range f.Fields() {
				if got, ok := out[http.CanonicalHeaderKey(name)]; ok && name != "tracestate" && name != "jaeger-baggage" && name != "jaeger-debug-id" {
					t.Errorf("%v names no span, and %s is %q", f, name, got)
				}
			}
		case got.SpanID != local.SpanID || !same64(got, local):
			t.Errorf("%v says %v/%v, want %v/%v\ncame %q", f, got.TraceID, got.SpanID, local.TraceID, local.SpanID, in)
		case f == propagation.OTSpanContext && strings.Contains(out.Get("X-Ot-Span-Context"), ";"): // that form has no decision
		case got.Sampling.Sampled() != local.Sampling.Sampled():
			t.Errorf("%v says %v, want %v", f, got.Sampling, local.Sampling)
		}
	}
	return named
}

// TestPromise2_FieldsRemovedFirst: nothing of what a format said before stays beside what it says now.
func TestPromise2_FieldsRemovedFirst(t *testing.T) {
	local := propagation.SpanContext{TraceID: traceID("0102030405060708090a0b0c0d0e0f10"), SpanID: spanID("1112131415161718")}
	p := propagation.MustNew(propagation.Config{
		Formats: propagation.AllFormats(), Emit: traceFormats(),
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return local, true },
	})
	stale := http.Header{}
	for _, f := range traceFormats() {
		for _, name := range f.Fields() {
			stale.Set(name, "stale")
		}
	}
	stale.Del("jaeger-baggage") // baggage, whoever set it
	p.InjectHTTP(context.Background(), stale)
	for name, lines := range stale {
		if slices.Contains(lines, "stale") {
			t.Errorf("%s: %q", name, lines)
		}
	}
	for _, gone := range []string{"Tracestate", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags", "X-Datadog-Origin", "X-Datadog-Sampling-Priority", "Jaeger-Debug-Id"} {
		if stale[gone] != nil {
			t.Errorf("%s stays as %q", gone, stale[gone])
		}
	}
}
