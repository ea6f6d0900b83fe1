package propagation_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"golang.org/x/net/http/httpguts"
)

// TestPromise1_Verbatim: without a local span, received headers are sent byte for byte. The received headers are random. Some
// are malformed, and some names have several lines.
func TestPromise1_Verbatim(t *testing.T) {
	configs := map[string]propagation.Config{
		"zero": {},
		"all":  {Formats: propagation.AllFormats(), Headers: []string{"X-Noise"}},
		"b3":   {Formats: []propagation.Format{propagation.B3Single, propagation.B3Multi}},
	}
	for name, c := range configs {
		t.Run(name, func(t *testing.T) {
			p := propagation.MustNew(c)
			r := newRequests(t, 1)
			kept := 0
			for range 5000 {
				in := r.Header()
				want := expectVerbatim(p, c, in)
				out := http.Header{}
				p.InjectHTTP(p.ExtractHTTP(context.Background(), in.Clone()), out)
				if diff := headerdiff.Diff(want, out); diff != "" {
					t.Fatalf("received %q; sent (-want +got):\n%s", in, diff)
				}
				kept += len(want)
			}
			if kept == 0 {
				t.Fatal("no request of this test had a header to carry")
			}
		})
	}
}

// expectVerbatim returns the headers that promise 1 requires. It is slow and shares no code with the library.
func expectVerbatim(p *propagation.Propagator, c propagation.Config, in http.Header) http.Header {
	formats := c.Formats
	if formats == nil {
		formats = propagation.AllFormats()[:8]
	}
	want := http.Header{}
	for name, lines := range withoutRefused(in) {
		lower := strings.ToLower(name)
		if !carries(p, formats, lower) {
			continue
		}
		for _, line := range lines {
			if strings.Trim(line, " \t") != "" && httpguts.ValidHeaderFieldValue(line) {
				want[name] = append(want[name], line)
			}
		}
	}
	if slices.Contains(formats, propagation.B3Single) && slices.Contains(formats, propagation.B3Multi) {
		single, multi := readAs(propagation.B3Single, in), readAs(propagation.B3Multi, in)
		valid := multi.IsValid() || multi.Sampling.Decided()
		switch {
		case single.IsValid() && multi.IsValid() && (single.SpanID != multi.SpanID || !same64(single, multi)):
			delete(want, "B3")
		case single == (propagation.SpanContext{}) && valid: // malformed
			delete(want, "B3")
		}
	}
	return want
}

// withoutRefused leaves out the formats that have a line with ids or a decision which HTTP does not accept.
func withoutRefused(in http.Header) http.Header {
	in = in.Clone()
	for _, f := range propagation.AllFormats() {
		names := slices.DeleteFunc(slices.Collect(maps.Keys(in)), func(name string) bool {
			lower := strings.ToLower(name)
			return !slices.Contains(f.Fields(), lower) &&
				!slices.ContainsFunc(f.Prefixes(), func(p string) bool { return strings.HasPrefix(lower, p) })
		})
		if slices.ContainsFunc(names, func(name string) bool {
			return !standsAlone(name) && slices.ContainsFunc(in[name], func(line string) bool { return !httpguts.ValidHeaderFieldValue(line) })
		}) {
			for _, name := range names {
				delete(in, name)
			}
		}
	}
	return in
}

// standsAlone reports whether a line of a name can be left out without the rest of its format, because the name holds
// neither ids nor a decision.
func standsAlone(name string) bool {
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "uberctx-") || strings.HasPrefix(lower, "ot-baggage-") ||
		slices.Contains([]string{"tracestate", "baggage", "jaeger-baggage", "sw8-correlation", "correlation-context", "x-request-id"}, lower)
}

// same64 reports whether two span contexts name the same trace. If one of them has 64 bits, it compares the low halves.
func same64(a, b propagation.SpanContext) bool {
	short := [8]byte(a.TraceID[:8]) == [8]byte{} || [8]byte(b.TraceID[:8]) == [8]byte{}
	return a.TraceID == b.TraceID || short && [8]byte(a.TraceID[8:]) == [8]byte(b.TraceID[8:])
}

// readAs returns the span context that one format of a request has.
func readAs(f propagation.Format, h http.Header) propagation.SpanContext {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
	sc, _ := propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), h))
	return sc
}

// TestPromise1_NothingInvented: without received values, Inject writes nothing. It never writes an empty value.
func TestPromise1_NothingInvented(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	for _, in := range []http.Header{
		{}, {"B3": {""}}, {"Tracestate": {"", " ", "\t"}}, {"X-B3-Sampled": {""}, "Traceparent": nil}, {"Uberctx-": {"x"}},
	} {
		ctx := p.ExtractHTTP(context.Background(), in)
		if ctx != context.Background() {
			t.Errorf("%q: Extract returns %v, want its argument", in, ctx)
		}
		out := http.Header{"Accept": {"*/*"}}
		p.InjectHTTP(ctx, out)
		headerdiff.Check(t, http.Header{"Accept": {"*/*"}}, out, "sent for %q", in)
	}
	out := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), http.Header{"B3": {"1"}}), out)
	expect(t, out, http.Header{"B3": {"1"}})
}

// TestPromise1_Exceptions: received headers that are not sent are counted.
func TestPromise1_Exceptions(t *testing.T) {
	const multi = "463ac35c9f6413ad48485a3953bb6124"
	for _, tt := range []struct {
		name    string
		in, out http.Header
		format  propagation.Format
		outcome propagation.Outcome
	}{
		{"a limit is exceeded", http.Header{"Traceparent": {strings.Repeat("x", 8193)}, "X-Request-Id": {"r"}},
			http.Header{"X-Request-Id": {"r"}}, propagation.W3C, propagation.TooLarge},
		{"invalid on the transport", http.Header{"Tracestate": {"a=1\n"}, "X-Request-Id": {"r"}},
			http.Header{"X-Request-Id": {"r"}}, propagation.W3C, propagation.Unsendable},
		{"a malformed b3", http.Header{"B3": {"garbage"}, "X-B3-Traceid": {multi}, "X-B3-Spanid": {"0020000000000001"}},
			http.Header{"X-B3-Traceid": {multi}, "X-B3-Spanid": {"0020000000000001"}}, propagation.B3Single, propagation.Stale},
		{"a stale b3", http.Header{"B3": {multi + "-a2fb4a1d1a96d312-1"}, "X-B3-Traceid": {multi}, "X-B3-Spanid": {"0020000000000001"}},
			http.Header{"X-B3-Traceid": {multi}, "X-B3-Spanid": {"0020000000000001"}}, propagation.B3Single, propagation.Stale},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := propagation.MustNew(propagation.Config{})
			out := http.Header{}
			p.InjectHTTP(p.ExtractHTTP(context.Background(), tt.in), out)
			expect(t, out, tt.out)
			if n := p.Stats().Count(tt.format, tt.outcome); n != 1 {
				t.Errorf("%v %v: counted %d times, want once", tt.format, tt.outcome, n)
			}
		})
	}
	t.Run("a b3 that agrees or has only a decision is sent", func(t *testing.T) {
		for _, b3 := range []string{multi + "-0020000000000001-0", "1"} {
			p := propagation.MustNew(propagation.Config{})
			out := http.Header{}
			in := http.Header{"B3": {b3}, "X-B3-Traceid": {multi}, "X-B3-Spanid": {"0020000000000001"}}
			p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
			expect(t, out, in)
		}
	})
}

// TestPromise1_AheadOfMulti: if Envoy 1.40 receives b3, it writes its span to b3 and does not change x-b3-*. A b3 that names
// a child of the span in x-b3-* is not stale. All readers prefer it.
func TestPromise1_AheadOfMulti(t *testing.T) {
	const trace = "463ac35c9f6413ad48485a3953bb6124"
	p := propagation.MustNew(propagation.Config{})
	in := http.Header{
		"B3":           {trace + "-de349ad6bd95f051-1-a2fb4a1d1a96d312"},
		"X-B3-Traceid": {trace}, "X-B3-Spanid": {"a2fb4a1d1a96d312"}, "X-B3-Sampled": {"1"},
	}
	out := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
	expect(t, out, in)
}
