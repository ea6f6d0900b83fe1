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

// TestPromise2_Consistent: with a local span, every sent trace format has the span's ids and decision, for any received
// headers. Headers that name no span are sent as received.
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
			if r.IntN(2) == 0 { // the local span is in the caller's trace
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
				t.Fatalf("received %q\nsent %q: no format names the local span", in, out)
			}
			for _, f := range propagation.AllFormats() {
				for _, name := range f.Fields() {
					name = http.CanonicalHeaderKey(name)
					if !slices.Contains(traceFormats(), f) && !slices.Equal(out[name], came[name]) {
						t.Fatalf("%s is sent as %q, want %q as without a local span", name, out[name], came[name])
					}
				}
			}
			if t.Failed() {
				return
			}
		}
	}
}

// checkConsistent reads each format of the sent headers, and returns how many formats have a trace id.
func checkConsistent(t *testing.T, in, out http.Header, local propagation.SpanContext, emit []propagation.Format) (named int) {
	t.Helper()
	for _, f := range traceFormats() {
		got := readAs(f, out)
		if got.TraceID.IsValid() {
			named++
		}
		if (f == propagation.OTSpanContext || f == propagation.OTTrace) && [8]byte(local.TraceID[8:]) == [8]byte{} {
			continue // 64 bits of zeros are an invalid id
		}
		played := slices.Contains(emit, f)
		for _, name := range f.Fields()[:1] {
			played = played || len(in[http.CanonicalHeaderKey(name)]) > 0 && readAs(f, in).IsValid()
		}
		switch {
		case !got.TraceID.IsValid() && played:
			t.Errorf("%v was received or is in Emit, but is sent without a span\nreceived %q\nsent %q", f, in, out)
		case !got.TraceID.IsValid():
			for _, name := range f.Fields() {
				if got, ok := out[http.CanonicalHeaderKey(name)]; ok && name != "tracestate" && name != "jaeger-baggage" && name != "jaeger-debug-id" {
					t.Errorf("%v has no span, but %s is sent as %q, want nothing", f, name, got)
				}
			}
		case got.SpanID != local.SpanID || !same64(got, local):
			t.Errorf("%v has the ids %v/%v, want %v/%v\nreceived %q", f, got.TraceID, got.SpanID, local.TraceID, local.SpanID, in)
		case f == propagation.OTSpanContext && strings.Contains(out.Get("X-Ot-Span-Context"), ";"): // that form has no decision
		case got.Sampling.Sampled() != local.Sampling.Sampled():
			t.Errorf("%v has the decision %v, want %v", f, got.Sampling, local.Sampling)
		}
	}
	return named
}

// TestPromise2_FieldsRemovedFirst: Inject removes the old fields of a format before it writes the new ones.
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
	stale.Del("jaeger-baggage") // baggage does not name a span
	p.InjectHTTP(context.Background(), stale)
	for name, lines := range stale {
		if slices.Contains(lines, "stale") {
			t.Errorf("%s has the old value: %q, want it replaced or removed", name, lines)
		}
	}
	for _, gone := range []string{"Tracestate", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags", "X-Datadog-Origin", "X-Datadog-Sampling-Priority", "Jaeger-Debug-Id"} {
		if stale[gone] != nil {
			t.Errorf("%s is left as %q, want it removed", gone, stale[gone])
		}
	}
}
