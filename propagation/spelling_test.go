package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// spellings are ways to spell a name. "odd" is not used in practice.
var spellings = map[string]func(string) string{
	"lower": strings.ToLower, "upper": strings.ToUpper, "canonical": http.CanonicalHeaderKey,
	"odd": func(name string) string { return strings.ToLower(name[:1]) + strings.ToUpper(name[1:]) },
}

func spelled(h map[string][]string, spell func(string) string) map[string][]string {
	out := map[string][]string{}
	for name, vals := range h {
		out[spell(name)] = vals
	}
	return out
}

// TestReadsEverySpelling: Extract reads names in every spelling, for any Propagator, carrier and Trust, and with any number
// of other headers.
func TestReadsEverySpelling(t *testing.T) {
	others := http.Header{}
	for i := range 12 {
		others.Set(fmt.Sprintf("Accept-%d", i), "x")
	}
	all := trusted(allTestHeaders, propagation.Continue)
	for name, c := range map[string]propagation.Config{"all": carryTestHeaders(), "zero": {}, "headers": {Headers: []string{"x-tenant"}, GenerateRequestID: true}} {
		p := compile(t, c)
		for _, spell := range spellings {
			for _, in := range []http.Header{all, carrier("Traceparent", callerW3C), carrier("X-Request-Id", "r1", "B3", callerB3, "Tracestate", "a=1")} {
				want := sent(p, p.ExtractHTTP(context.Background(), in))
				if !slices.Contains([]string{"all", "zero"}, name) && in.Get("X-Request-Id") == "" {
					continue // the generated id is random
				}
				odd := spelled(in, spell)
				expect(t, sent(p, p.ExtractHTTP(context.Background(), odd)), want)
				expect(t, sent(p, p.ExtractMetadata(context.Background(), spelled(overMetadata(in), spell))), want)
				expect(t, sent(p, propagation.Promote(p.ExtractHTTPTrust(context.Background(), odd, propagation.Restart))), want)
				expect(t, sent(p, p.Extract(context.Background(), otelprop.HeaderCarrier(odd))), want)
				expect(t, sent(p, p.Extract(context.Background(), valuesCarrier(odd))), want)
				single := otelprop.MapCarrier{}
				for name, vals := range odd {
					single[name] = vals[0]
				}
				expect(t, sent(p, p.Extract(context.Background(), single)), want)
				for name, vals := range others {
					odd[name] = vals
				}
				expect(t, sent(p, p.ExtractHTTP(context.Background(), odd)), want)
			}
		}
	}
}

// TestUsualSpellingFirst: if a carrier has two spellings of a name, the usual spelling has precedence.
func TestUsualSpellingFirst(t *testing.T) {
	p := compile(t, propagation.Config{})
	for name, ctx := range map[string]context.Context{
		"http":     p.ExtractHTTP(context.Background(), http.Header{"X-Request-Id": {"usual"}, "x-request-id": {"odd"}, "X-REQUEST-ID": {"odd"}}),
		"metadata": p.ExtractMetadata(context.Background(), metadataOf("x-request-id", "usual", "X-Request-Id", "odd")),
		"carrier":  p.Extract(context.Background(), otelprop.MapCarrier{"x-request-id": "usual", "X-Request-Id": "odd"}),
		"sorted":   p.Extract(context.Background(), otelprop.MapCarrier{"X-REQUEST-ID": "usual", "X-Request-Id": "odd"}),
		"blank":    p.Extract(context.Background(), otelprop.MapCarrier{"x-request-id": "", "X-Request-Id": "usual"}),
	} {
		if got := propagation.RequestIDFromContext(ctx); got != "usual" {
			t.Errorf("%s: the request id is %q, want the value of the usual spelling", name, got)
		}
	}
}

// TestReplacesEverySpelling: Inject replaces a name in another spelling, in HTTP headers and in other carriers.
func TestReplacesEverySpelling(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
	in := http.Header{}
	for _, w := range allTestHeaders {
		if name := http.CanonicalHeaderKey(w.name); name != "Authorization" && name != "Cookie" && name != "Jwt" {
			in[name] = []string{w.value}
		}
	}
	ctx := p.ExtractHTTP(context.Background(), in)
	want := sent(p, ctx)
	for how, spell := range spellings {
		for _, extra := range []int{0, 12} {
			out := http.Header{}
			for name := range want {
				out[spell(name)] = []string{"stale"}
			}
			for i := range extra {
				out.Set(fmt.Sprintf("Accept-%d", i), "x")
			}
			p.InjectHTTP(ctx, out)
			for i := range extra {
				out.Del(fmt.Sprintf("Accept-%d", i))
			}
			expect(t, out, want)
		}
		// each name alone, which takes the most common path through the code
		for name, vals := range want {
			alone := p.ExtractHTTP(context.Background(), http.Header{name: vals})
			out := http.Header{spell(name): {"stale"}}
			p.InjectHTTP(alone, out)
			expect(t, out, sent(p, alone))
		}
		text, wanted := otelprop.MapCarrier{}, otelprop.MapCarrier{}
		p.Inject(ctx, wanted)
		for name := range wanted {
			text[spell(name)] = "stale"
		}
		p.Inject(ctx, text)
		expectText(t, text, wanted)

		stubborn := valuesCarrier{spell("x-tenant"): {"stale"}}
		p.Inject(ctx, stubborn)
		for key, vals := range stubborn {
			if vals[0] == "stale" {
				t.Errorf("%s: the old value of %s is left, want it replaced", how, key)
			}
		}
	}
}

// TestXRaySpelling: Inject writes X-Amzn-Trace-Id to a map in the spelling that AWS's own propagators read, and only once.
func TestXRaySpelling(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.XRay}})
	value := callerRoot + ";Parent=" + callerSpan + ";Sampled=1"
	for _, there := range []string{"x-amzn-trace-id", "X-Amzn-Trace-Id", "X-AMZN-TRACE-ID", ""} {
		out := otelprop.MapCarrier{}
		if there != "" {
			out[there] = "stale"
		}
		p.Inject(received(p, "X-Amzn-Trace-Id", value), out)
		expectText(t, out, otelprop.MapCarrier{"X-Amzn-Trace-Id": value})
		ctx := p.Extract(context.Background(), out)
		if sc, ok := propagation.RemoteFromContext(ctx); !ok || sc.SpanID.String() != callerSpan {
			t.Errorf("the remote span is %v, %v, want %s", sc, ok, callerSpan)
		}
	}
}
