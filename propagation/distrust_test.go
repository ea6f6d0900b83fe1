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

// eachTrust runs a check with every Trust and every Extract function, for all test headers and for a few of them.
func eachTrust(t *testing.T, check func(t *testing.T, trust propagation.Trust, headers []testHeader, extract func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context)) {
	for _, trust := range allTrusts() {
		for name, extract := range trustExtracts {
			t.Run(fmt.Sprint(trust, "/", name), func(t *testing.T) {
				check(t, trust, headersNamed(), extract)
				check(t, trust, headersNamed(fewNames...), extract)
			})
		}
	}
}

// TestDistrust: only trusted parts of the headers are sent.
func TestDistrust(t *testing.T) {
	p := compile(t, carryTestHeaders())
	eachTrust(t, func(t *testing.T, trust propagation.Trust, headers []testHeader, extract func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		ctx := extract(context.Background(), p, trusted(headers, propagation.Continue), trust)
		checkSent(t, p, ctx, trusted(headers, trust))
		checkSent(t, p, propagation.Copy(context.Background(), ctx), trusted(headers, trust))
	})
}

// TestDistrustAlone: each header is withheld, also if it is the only one of the request.
func TestDistrustAlone(t *testing.T) {
	p := compile(t, carryTestHeaders())
	for _, w := range allTestHeaders {
		for name, extract := range trustExtracts {
			ctx := extract(context.Background(), p, http.Header{http.CanonicalHeaderKey(w.name): {w.value}}, propagation.Restart)
			if got := sent(p, ctx); len(got) != 0 || len(captures(ctx)) != 0 {
				t.Errorf("%s by %s: sent %q, captured %q, want nothing", w.name, name, got, captures(ctx))
			}
		}
	}
}

// TestDistrustAgain: after an inner Extract, by the same Propagator or another one, the untrusted headers are still withheld.
func TestDistrustAgain(t *testing.T) {
	p := compile(t, carryTestHeaders())
	others := map[string]*propagation.Propagator{"all": p}
	some := carryTestHeaders()
	some.Formats = []propagation.Format{propagation.Jaeger, propagation.W3C, propagation.RequestID, propagation.Linkerd1, propagation.OTSpanContext}
	some.Headers, some.UnsafeHeaders = []string{"x-tenant"}, nil
	others["some"] = compile(t, some)
	reversed := carryTestHeaders()
	reversed.Headers, reversed.UnsafeHeaders = []string{"x-other", "x-tenant"}, []string{"authorization"}
	slices.Reverse(reversed.Formats)
	others["reversed"] = compile(t, reversed)
	others["none"] = compile(t, propagation.Config{Formats: []propagation.Format{}})

	eachTrust(t, func(t *testing.T, trust propagation.Trust, headers []testHeader, extract func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context) {
		in := trusted(headers, propagation.Continue)
		for first, p1 := range others {
			for second, p2 := range others {
				if first != "all" && second != "all" {
					continue // headers that neither of them carries are not sent
				}
				ctx := p2.ExtractHTTP(extract(context.Background(), p1, in, trust), in)
				want := trusted(headers, trust)
				headerdiff.Check(t, want, sent(p, ctx), "%s, then %s", first, second)
			}
		}
	})
}

// TestDistrustMore: an inner and an outer Extract distrust different parts. Both parts are withheld.
func TestDistrustMore(t *testing.T) {
	p := compile(t, carryTestHeaders())
	in := trusted(allTestHeaders, propagation.Continue)
	for _, a := range allTrusts() {
		for _, b := range allTrusts() {
			ctx := p.ExtractHTTPTrust(p.ExtractHTTPTrust(context.Background(), in, a), in, b)
			headerdiff.Check(t, trusted(allTestHeaders, (a|b)&propagation.Restart), sent(p, ctx), "%v, then %v", a, b)
			if fmt.Sprint(a|b) != "ignore" {
				expect(t, sent(p, propagation.Promote(ctx)), in)
			}
			if len(sent(p, p.ExtractHTTPTrust(ctx, nil, propagation.Restart))) != 0 {
				t.Errorf("%v, then %v, then restart: some headers are sent, want none", a, b)
			}
		}
	}
}

// TestUnreadableBaggage: if traceferry cannot read an x-ot-span-context, another reader may still find baggage in it. So the
// whole header is withheld.
func TestUnreadableBaggage(t *testing.T) {
	p := compile(t, carryTestHeaders())
	withItem := lightStep(true, true)
	for _, value := range []string{strings.TrimRight(withItem, "="), withItem + "=", "*" + withItem, strings.ToLower(withItem), withItem + "," + withItem} {
		for _, trust := range []propagation.Trust{propagation.DistrustBaggage, propagation.DistrustBaggage | propagation.DistrustSampling} {
			ctx := p.ExtractHTTPTrust(context.Background(), http.Header{"X-Ot-Span-Context": {value}}, trust)
			if got := sent(p, ctx); len(got) != 0 && value != withItem {
				t.Errorf("%v: sent %q, want nothing", trust, got)
			}
			if got := sent(p, propagation.Promote(ctx)).Get("X-Ot-Span-Context"); got != value {
				t.Errorf("%v: after Promote, sent %q, want %q", trust, got, value)
			}
		}
	}
	old := http.Header{"X-Ot-Span-Context": {lowHalf + ";" + callerSpan + ";0000000000000000"}} // this form has no baggage
	expect(t, sent(p, p.ExtractHTTPTrust(context.Background(), old, propagation.DistrustBaggage)), old)
}

// TestDistrustMalformed: a malformed trace format is withheld as a whole.
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
			t.Errorf("%v: sent %q, want nothing, because a reader may find a decision in it", trust, got)
		}
	}
}

// TestDistrustLimits: the limits apply to withheld headers, too.
func TestDistrustLimits(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Limits: propagation.Limits{HeaderBytes: 128, TotalBytes: 300, Lines: 6}})
	long := strings.Repeat("x", 200)
	in := carrier("Traceparent", callerW3C, "Baggage", long, "Request-Id", long, "Uberctx-A", "1", "Uberctx-B", "2", "Uberctx-C", "3", "Uberctx-D", "4", "Uberctx-E", "5", "Uberctx-F", "6")
	for _, trust := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.DistrustIDs, propagation.DistrustBaggage} {
		got := sent(p, propagation.Promote(p.ExtractHTTPTrust(context.Background(), in, trust)))
		if len(got) != 6 || got.Get("Traceparent") == "" || got.Get("Baggage") != "" || got.Get("Request-Id") != "" {
			t.Errorf("%v: after Promote, sent %q, want the six lines within the limits", trust, got)
		}
	}
	if n := p.Stats().Count(propagation.Baggage, propagation.TooLarge); n != 4 {
		t.Errorf("baggage is counted as too large %d times, want 4", n)
	}
}

// TestUntrustedIsCounted: a request with untrusted headers is counted once. The observer gets each format.
func TestUntrustedIsCounted(t *testing.T) {
	for _, names := range [][]string{fewNames, nil} {
		heard := map[propagation.Format]int{}
		config := carryTestHeaders()
		config.Observer = &propagation.Observer{Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
			if o == propagation.Untrusted {
				heard[f]++
			}
		}}
		p := compile(t, config)
		p.ExtractHTTPTrust(context.Background(), trusted(headersNamed(names...), propagation.Continue), propagation.Restart)
		want := map[propagation.Format]int{}
		for _, w := range headersNamed(names...) {
			want[w.format()] = 1
		}
		if !maps.Equal(heard, want) {
			t.Errorf("the observer got %v, want %v", heard, want)
		}
		if n := p.Stats().Total(propagation.Untrusted); n != 1 {
			t.Errorf("untrusted is counted %d times, want once", n)
		}
	}
}

// TestStripDistrusted: StripHTTP also removes an untrusted caller's headers of formats that the Propagator does not carry. A
// reverse proxy may have copied them.
func TestStripDistrusted(t *testing.T) {
	everything := compile(t, carryTestHeaders())
	nothing := compile(t, propagation.Config{Formats: []propagation.Format{}, Headers: []string{"x-mine"}})
	for _, trust := range allTrusts() {
		for name, p := range map[string]*propagation.Propagator{"everything": everything, "nothing": nothing} {
			copied := trusted(allTestHeaders, propagation.Continue)
			copied["Accept"], copied["X-Mine"], copied["traceparent"] = []string{"*/*"}, []string{"1"}, []string{callerW3C} // as HTTP/2 spells it
			ctx := p.ExtractHTTPTrust(context.Background(), copied, trust)
			engine(nothing).StripHTTP(ctx, copied)
			if copied.Get("Accept") == "" || copied.Get("X-Mine") != "" {
				t.Errorf("%v, captured by %s: %q is left, want Accept and not X-Mine", trust, name, copied)
			}
			spans := propagation.DistrustIDs | propagation.DistrustSampling
			lower := "traceparent" // the methods of http.Header do not find this spelling
			if _, left := copied[lower]; left != (trust&spans == 0) {
				t.Errorf("%v, captured by %s: a traceparent in lower case is left: %v, want the opposite", trust, name, left)
			}
			for _, w := range allTestHeaders {
				if want := w.left(trust, name == "everything"); copied.Get(w.name) != want {
					t.Errorf("%v, captured by %s: %s is left as %q, want %q", trust, name, w.name, copied.Get(w.name), want)
				}
			}
		}
	}
}

// left returns the value that StripHTTP leaves of a copied header if the Propagator does not carry the header. StripHTTP
// does not rewrite a span context, so it removes a line with an untrusted part as a whole.
func (w testHeader) left(t propagation.Trust, configured bool) string {
	value := w.trusted(t)
	switch {
	case w.format() == 0 && !configured:
		return w.value // no Propagator carries the name
	case value == w.value && t&propagation.DistrustSampling != 0 && w.baggage != "" && slices.Contains(traceFormats(), w.format()):
		return "" // ids whose decision is in another header
	case value != w.value && w.name != "x-request-id" && (w.name != "x-ot-span-context" || t&propagation.DistrustSampling != 0):
		return ""
	}
	return value
}

// countingPropagator counts the calls of Extract.
type countingPropagator struct {
	otelprop.TraceContext
	times int
}

func (a *countingPropagator) Extract(ctx context.Context, c otelprop.TextMapCarrier) context.Context {
	a.times++
	return a.TraceContext.Extract(ctx, c)
}

// TestDistrustAlso: the propagators of Config.Also cannot separate ids, decisions and baggage. They read the headers only
// if the caller is trusted in all three.
func TestDistrustAlso(t *testing.T) {
	for _, trust := range allTrusts() {
		for name, extract := range trustExtracts {
			also := new(countingPropagator)
			p := compile(t, propagation.Config{Formats: []propagation.Format{}, Also: []otelprop.TextMapPropagator{also}})
			ctx := extract(context.Background(), p, carrier("Traceparent", callerW3C), trust)
			also.times = 0
			p.ExtractHTTP(ctx, carrier("Traceparent", callerW3C))
			want := 1
			if trust&(propagation.DistrustIDs|propagation.DistrustSampling|propagation.DistrustBaggage) != 0 {
				want = 0
			}
			if also.times != want || len(sent(p, ctx)) != want {
				t.Errorf("%v by %s: Extract was called %d times and %q is sent, want %d calls and headers", trust, name, also.times, sent(p, ctx), want)
			}
		}
	}
}
