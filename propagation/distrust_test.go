package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// eachDistrust runs a check with every decision and every way in, of all words and of few.
func eachDistrust(t *testing.T, check func(t *testing.T, trust propagation.Trust, said []word, enter func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context)) {
	for _, trust := range distrusts() {
		for name, enter := range entrances {
			t.Run(fmt.Sprint(trust, "/", name), func(t *testing.T) {
				check(t, trust, said(), enter)
				check(t, trust, said(few...), enter)
			})
		}
	}
}

// TestDistrust: only trusted parts of the headers go out.
func TestDistrust(t *testing.T) {
	p := compile(t, distrusting())
	eachDistrust(t, func(t *testing.T, trust propagation.Trust, said []word, enter func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		ctx := enter(context.Background(), p, trusted(said, propagation.Continue), trust)
		checkLeaves(t, p, ctx, trusted(said, trust))
		checkLeaves(t, p, propagation.Copy(context.Background(), ctx), trusted(said, trust))
	})
}

// TestDistrustAlone: each name by itself, so that no other is needed to hold it back.
func TestDistrustAlone(t *testing.T) {
	p := compile(t, distrusting())
	for _, w := range vocabulary {
		for name, enter := range entrances {
			ctx := enter(context.Background(), p, http.Header{http.CanonicalHeaderKey(w.name): {w.value}}, propagation.Restart)
			if got := sent(p, ctx); len(got) != 0 || len(captures(ctx)) != 0 {
				t.Errorf("%s by %s: %q leaves, %q is told", w.name, name, got, captures(ctx))
			}
		}
	}
}

// TestDistrustAgain: an Extract further in, by the same Propagator or another, undoes nothing.
func TestDistrustAgain(t *testing.T) {
	p := compile(t, distrusting())
	others := map[string]*propagation.Propagator{"all": p}
	some := distrusting()
	some.Formats = []propagation.Format{propagation.Jaeger, propagation.W3C, propagation.RequestID, propagation.Linkerd1, propagation.OTSpanContext}
	some.Headers, some.UnsafeHeaders = []string{"x-tenant"}, nil
	others["some"] = compile(t, some)
	reversed := distrusting()
	reversed.Headers, reversed.UnsafeHeaders = []string{"x-other", "x-tenant"}, []string{"authorization"}
	slices.Reverse(reversed.Formats)
	others["reversed"] = compile(t, reversed)
	others["none"] = compile(t, propagation.Config{Formats: []propagation.Format{}})

	eachDistrust(t, func(t *testing.T, trust propagation.Trust, said []word, enter func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		in := trusted(said, propagation.Continue)
		for first, p1 := range others {
			for second, p2 := range others {
				if first != "all" && second != "all" {
					continue // words that neither carries do not leave
				}
				ctx := p2.ExtractHTTP(enter(context.Background(), p1, in, trust), in)
				want := trusted(said, trust)
				headerdiff.Check(t, want, sent(p, ctx), "%s, then %s", first, second)
			}
		}
	})
}

// TestDistrustMore: a decision further in adds to one further out, in either order.
func TestDistrustMore(t *testing.T) {
	p := compile(t, distrusting())
	in := trusted(vocabulary, propagation.Continue)
	for _, a := range distrusts() {
		for _, b := range distrusts() {
			ctx := p.ExtractHTTPTrust(p.ExtractHTTPTrust(context.Background(), in, a), in, b)
			headerdiff.Check(t, trusted(vocabulary, (a|b)&propagation.Restart), sent(p, ctx), "%v, then %v", a, b)
			if fmt.Sprint(a|b) != "ignore" {
				expect(t, sent(p, propagation.Promote(ctx)), in)
			}
			if len(sent(p, p.ExtractHTTPTrust(ctx, nil, propagation.Restart))) != 0 {
				t.Errorf("%v, then %v, then restart: something leaves", a, b)
			}
		}
	}
}

// TestUnreadableBaggage: what this library cannot read of an x-ot-span-context another may.
func TestUnreadableBaggage(t *testing.T) {
	p := compile(t, distrusting())
	laden := lightStep(true, true)
	for _, value := range []string{strings.TrimRight(laden, "="), laden + "=", "*" + laden, strings.ToLower(laden), laden + "," + laden} {
		for _, trust := range []propagation.Trust{propagation.DistrustBaggage, propagation.DistrustBaggage | propagation.DistrustSampling} {
			ctx := p.ExtractHTTPTrust(context.Background(), http.Header{"X-Ot-Span-Context": {value}}, trust)
			if got := sent(p, ctx); len(got) != 0 && value != laden {
				t.Errorf("%v: %q leaves", trust, got)
			}
			if got := sent(p, propagation.Promote(ctx)).Get("X-Ot-Span-Context"); got != value {
				t.Errorf("%v: %q is promoted, want %q", trust, got, value)
			}
		}
	}
	old := http.Header{"X-Ot-Span-Context": {lowHalf + ";" + callerSpan + ";0000000000000000"}} // holds none
	expect(t, sent(p, p.ExtractHTTPTrust(context.Background(), old, propagation.DistrustBaggage)), old)
}

// TestDistrustMalformed: what cannot be read is held back whole.
func TestDistrustMalformed(t *testing.T) {
	p := compile(t, propagation.Config{Formats: traceFormats()})
	in := http.Header{}
	for _, f := range traceFormats() {
		for _, name := range f.Fields() {
			in[http.CanonicalHeaderKey(name)] = []string{"garbage", "more"}
		}
	}
	for _, trust := range []propagation.Trust{propagation.DistrustSampling, propagation.DistrustSampling | propagation.DistrustIDs} {
		got := sent(p, p.ExtractHTTPTrust(context.Background(), in, trust))
		delete(got, "Jaeger-Baggage")
		if len(got) != 0 {
			t.Errorf("%v: %q leaves, in which some reader may find a decision", trust, got)
		}
	}
}

// TestDistrustLimits: what is held back takes its share of the limits.
func TestDistrustLimits(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Limits: propagation.Limits{HeaderBytes: 128, TotalBytes: 300, Lines: 6}})
	long := strings.Repeat("x", 200)
	in := carrier("Traceparent", callerW3C, "Baggage", long, "Request-Id", long, "Uberctx-A", "1", "Uberctx-B", "2", "Uberctx-C", "3", "Uberctx-D", "4", "Uberctx-E", "5", "Uberctx-F", "6")
	for _, trust := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.DistrustIDs, propagation.DistrustBaggage} {
		got := sent(p, propagation.Promote(p.ExtractHTTPTrust(context.Background(), in, trust)))
		if len(got) != 6 || got.Get("Traceparent") == "" || got.Get("Baggage") != "" || got.Get("Request-Id") != "" {
			t.Errorf("%v: %q is kept", trust, got)
		}
	}
	if n := p.Stats().Count(propagation.Baggage, propagation.TooLarge); n != 4 {
		t.Errorf("counted %d times", n)
	}
}

// TestHeldBackIsCounted: once for a request; the observer hears of each format.
func TestHeldBackIsCounted(t *testing.T) {
	for _, names := range [][]string{few, nil} {
		heard := map[propagation.Format]int{}
		config := distrusting()
		config.Observer = &propagation.Observer{Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
			if o == propagation.Untrusted {
				heard[f]++
			}
		}}
		p := compile(t, config)
		p.ExtractHTTPTrust(context.Background(), trusted(said(names...), propagation.Continue), propagation.Restart)
		want := map[propagation.Format]int{}
		for _, w := range said(names...) {
			want[w.format()] = 1
		}
		if !maps.Equal(heard, want) {
			t.Errorf("heard of %v, want %v", heard, want)
		}
		if n := p.Stats().Total(propagation.Untrusted); n != 1 {
			t.Errorf("counted %d times", n)
		}
	}
}

// TestStripDistrusted: a reverse proxy has copied headers of formats that the Propagator does not carry.
func TestStripDistrusted(t *testing.T) {
	everything := compile(t, distrusting())
	nothing := compile(t, propagation.Config{Formats: []propagation.Format{}, Headers: []string{"x-mine"}})
	for _, trust := range distrusts() {
		for name, p := range map[string]*propagation.Propagator{"everything": everything, "nothing": nothing} {
			copied := trusted(vocabulary, propagation.Continue)
			copied["Accept"], copied["X-Mine"], copied["traceparent"] = []string{"*/*"}, []string{"1"}, []string{callerW3C} // a spelling of HTTP/2's
			ctx := p.ExtractHTTPTrust(context.Background(), copied, trust)
			engine(nothing).StripHTTP(ctx, copied)
			if copied.Get("Accept") == "" || copied.Get("X-Mine") != "" {
				t.Errorf("%v of %s: %q is left", trust, name, copied)
			}
			spans := propagation.DistrustIDs | propagation.DistrustSampling
			lower := "traceparent" // as no http.Header has it
			if _, left := copied[lower]; left != (trust&spans == 0) {
				t.Errorf("%v of %s: a traceparent in lower case is left: %v", trust, name, left)
			}
			for _, w := range vocabulary {
				if want := w.left(trust, name == "everything"); copied.Get(w.name) != want {
					t.Errorf("%v of %s: %s is left as %q, want %q", trust, name, w.name, copied.Get(w.name), want)
				}
			}
		}
	}
}

// left is the part that a proxy may copy of a header that no Propagator carries. Nothing rewrites its span context, so a
// line with an untrusted part is removed as a whole.
func (w word) left(t propagation.Trust, configured bool) string {
	value := w.trusted(t)
	switch {
	case w.format() == 0 && !configured:
		return w.value // nobody knows the name
	case value == w.value && t&propagation.DistrustSampling != 0 && w.baggage != "" && slices.Contains(traceFormats(), w.format()):
		return "" // ids, beside which the decision was
	case value != w.value && w.name != "x-request-id" && (w.name != "x-ot-span-context" || t&propagation.DistrustSampling != 0):
		return ""
	}
	return value
}

// asked counts how often it is asked to extract.
type asked struct {
	otelprop.TraceContext
	times int
}

func (a *asked) Extract(ctx context.Context, c otelprop.TextMapCarrier) context.Context {
	a.times++
	return a.TraceContext.Extract(ctx, c)
}

// TestDistrustAlso: propagators of Config.Also cannot tell ids, decisions and baggage apart. They
// read only headers of callers that are trusted in all three.
func TestDistrustAlso(t *testing.T) {
	for _, trust := range distrusts() {
		for name, enter := range entrances {
			also := new(asked)
			p := compile(t, propagation.Config{Formats: []propagation.Format{}, Also: []otelprop.TextMapPropagator{also}})
			ctx := enter(context.Background(), p, carrier("Traceparent", callerW3C), trust)
			also.times = 0
			p.ExtractHTTP(ctx, carrier("Traceparent", callerW3C))
			want := 1
			if trust&(propagation.DistrustIDs|propagation.DistrustSampling|propagation.DistrustBaggage) != 0 {
				want = 0
			}
			if also.times != want || len(sent(p, ctx)) != want {
				t.Errorf("%v by %s: asked %d times, %q leaves", trust, name, also.times, sent(p, ctx))
			}
		}
	}
}
