package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// leaks lists the values of before that a call with ctx sends, or that a function which reads ctx returns.
func leaks(t *testing.T, p *propagation.Propagator, ctx context.Context, before http.Header) []string {
	t.Helper()
	text := otelprop.MapCarrier{}
	p.Inject(ctx, text)
	untrusted, _ := propagation.UntrustedFromContext(ctx)
	remote, _ := propagation.RemoteFromContext(ctx)
	shown := fmt.Sprint(sent(p, ctx), sentMetadata(p, ctx), text, captures(ctx), remote, untrusted, propagation.RequestIDFromContext(ctx),
		trace.SpanContextFromContext(ctx), baggage.FromContext(ctx), captures(propagation.Promote(ctx)))
	var found []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		for _, v := range before[name] {
			if len(v) > 4 && strings.Contains(shown, v) {
				found = append(found, name+": "+v)
			}
		}
	}
	for _, id := range []string{callerTrace, callerSpan} {
		if strings.Contains(shown, id) {
			found = append(found, id)
		}
	}
	return found
}

// TestAnotherRequest: a request's context may descend from the context of another request. Its calls send nothing of the
// other request, whichever of the two callers is trusted. That also holds if the request itself has no headers.
func TestAnotherRequest(t *testing.T) {
	p := compile(t, carryTestHeaders())
	before := trusted(allTestHeaders, propagation.Continue)
	other := carrier("Traceparent", otherW3C)
	for _, trust := range allTrusts() {
		for _, late := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.DistrustSampling} {
			for name, in := range map[string]http.Header{
				"nothing": nil, "not ours": carrier("Accept", "*/*"), "another trace": other,
				"a request id": carrier("X-Request-Id", "r-other"), "broken baggage": carrier("Baggage", "%"), "broken trace": carrier("Traceparent", "garbage"),
			} {
				t.Run(fmt.Sprint(trust, "/", late, "/", name), func(t *testing.T) {
					outer := p.ExtractHTTPTrust(context.Background(), before, trust)
					baggage.FromContext(outer) // as other code may do first
					ctxs := map[string]context.Context{
						"HTTP":          p.ExtractHTTPTrust(outer, in, late),
						"HeaderCarrier": p.Extract(outer, otelprop.HeaderCarrier(in)),
						"metadata":      p.ExtractMetadataTrust(outer, lowered(in), late),
						"derived":       p.ExtractHTTPTrust(context.WithoutCancel(outer), in, late),
						"twice":         p.ExtractHTTPTrust(p.ExtractHTTPTrust(outer, other, late), in, late),
					}
					if name == "another trace" {
						ctxs["carrier"] = p.Extract(outer, valuesCarrier(lowered(in)))
					}
					for way, ctx := range ctxs {
						if found := leaks(t, p, ctx, before); len(found) > 0 {
							t.Errorf("%s: the context has %q of the other request, want nothing", way, found)
						}
					}
				})
			}
		}
	}
}

// TestAnotherRequestCost: Extract hides the other request once. A second Extract returns the same context.
func TestAnotherRequestCost(t *testing.T) {
	p := compile(t, propagation.Config{})
	outer, in := received(p, "B3", callerB3), carrier("Accept", "*/*")
	hidden := p.ExtractHTTP(outer, in)
	if hidden == outer || p.ExtractHTTP(hidden, in) != hidden {
		t.Error("want a new context from the first Extract, and the same context from the second")
	}
	h := carrier("Traceparent", "of the caller's own")
	p.InjectHTTP(hidden, h)
	expect(t, h, carrier("Traceparent", "of the caller's own"))
}

// TestMessage: the context of a message may descend from the context of its connection. The calls of the message name one
// trace, over every carrier.
func TestMessage(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
	connection := received(p, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "Uber-Trace-Id", callerTrace+":"+callerSpan+":0:1",
		"Baggage", "user=one", "X-Tenant", "acme", "Sw8", "opaque")
	for name, row := range map[string]struct {
		message map[string]string
		adds    bool
	}{
		"another trace":           {map[string]string{"traceparent": otherW3C}, false},
		"another span":            {map[string]string{"traceparent": laterW3C}, false},
		"another trace, X-Ray":    {map[string]string{"x-amzn-trace-id": "Root=1-aa000000-0000000000000000000000aa"}, false},
		"the same span":           {map[string]string{"traceparent": callerW3C}, true},
		"the same trace, no span": {map[string]string{"x-amzn-trace-id": "Root=1-463ac35c-9f6413ad48485a3953bb6124"}, true},
		"one of two spans":        {map[string]string{"traceparent": callerW3C, "b3": "0000000000000007-0000000000000001"}, true},
		"a decision":              {map[string]string{"b3": "1"}, true},
		"no trace":                {map[string]string{"x-request-id": "r1"}, true},
		"garbage":                 {map[string]string{"traceparent": "garbage"}, true},
		"nothing":                 {nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := p.Extract(connection, otelprop.MapCarrier(row.message))
			want := http.Header{}
			if row.adds {
				want = sent(p, connection)
			}
			for key, value := range row.message {
				want.Set(key, value)
			}
			got := sent(p, ctx)
			if row.message["b3"] != "" && len(row.message) == 2 {
				delete(got, "B3") // stale
				delete(want, "B3")
			}
			expect(t, got, want)
		})
	}
}

// TestUnreadFormats: an inner Extract keeps the headers that only the outer Propagator reads, unless its own headers have
// ids of another trace.
func TestUnreadFormats(t *testing.T) {
	wide := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
	narrow := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.Baggage}})
	first := []string{"Traceparent", callerW3C, "B3", callerB3, "X-Request-Id", "r1", "Sw8", "opaque", "X-Tenant", "acme", "Baggage", "user=one"}
	unread := []string{"B3", callerB3, "X-Request-Id", "r1", "Sw8", "opaque", "X-Tenant", "acme"}
	for name, row := range map[string]struct{ second, want []string }{
		"nothing":        {nil, unread},
		"the same trace": {[]string{"Traceparent", callerW3C}, append([]string{"Traceparent", callerW3C}, unread...)},
		"another trace":  {[]string{"Traceparent", otherW3C}, []string{"Traceparent", otherW3C}},
		"other baggage":  {[]string{"Baggage", "user=two"}, append([]string{"Baggage", "user=two"}, unread...)},
	} {
		ctx := narrow.ExtractHTTP(received(wide, first...), carrier(row.second...))
		expect(t, sent(wide, ctx), carrier(row.want...))
		if got := baggage.FromContext(ctx).String(); got != carrier(row.second...).Get("Baggage") {
			t.Errorf("%s: the baggage is %q, want the baggage of the second Extract", name, got)
		}
	}
	conflicting := received(wide, "Traceparent", callerW3C, "Uber-Trace-Id", "1:2:0:1", "Sw8", "opaque")
	ctx := narrow.ExtractHTTP(conflicting, carrier("Traceparent", callerW3C))
	expect(t, sent(wide, ctx), carrier("Traceparent", callerW3C, "Sw8", "opaque"))
}

// TestAddsAllLines: a second Extract from a carrier that shows only the first of several lines removes no line.
func TestAddsAllLines(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-data-bin"}})
	for _, trust := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.DistrustSampling} {
		in := metadataOf("traceparent", callerW3C, "tracestate", "a=1", "tracestate", "b=2", "baggage", "k=v", "baggage", "l=w",
			"grpc-trace-bin", callerBinRaw, "x-data-bin", "\x00\x01", "uberctx-a", "1", "uberctx-a", "2")
		outer := p.ExtractMetadataTrust(context.Background(), in, trust)
		ctx := p.Extract(outer, struct{ otelprop.TextMapCarrier }{valuesCarrier(in)})
		expect(t, sentMetadata(p, ctx), sentMetadata(p, outer))
		expect(t, sentMetadata(p, propagation.Promote(ctx)), sentMetadata(p, propagation.Promote(outer)))
	}
}

// TestWithoutCapture: WithoutCapture removes the capture. It keeps the Trust, the local span and the application's own
// baggage.
func TestWithoutCapture(t *testing.T) {
	p := compile(t, carryTestHeaders())
	before := trusted(allTestHeaders, propagation.Continue)
	for _, trust := range allTrusts() {
		ctx := p.ExtractHTTPTrust(context.Background(), before, trust)
		for name, without := range map[string]context.Context{
			"captured": propagation.WithoutCapture(ctx),
			"derived":  propagation.WithoutCapture(context.WithoutCancel(ctx)),
			"twice":    propagation.WithoutCapture(propagation.WithoutCapture(ctx)),
		} {
			if found := leaks(t, p, without, before); len(found) > 0 {
				t.Errorf("%v, %s: the context still has %q, want nothing of the capture", trust, name, found)
			}
			h := p.ExtractHTTP(without, before)
			expect(t, sent(p, h), trusted(allTestHeaders, trust))
			expect(t, sent(p, p.ExtractHTTP(propagation.Promote(without), before)), before)
		}
	}
	bg := context.Background()
	if propagation.WithoutCapture(bg) != bg {
		t.Error("without a capture, WithoutCapture returns another context, want the same")
	}
	local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, TraceFlags: trace.FlagsSampled})
	own, _ := baggage.Parse("mine=1")
	ctx := baggage.ContextWithBaggage(trace.ContextWithSpanContext(received(p, "B3", callerB3, "Baggage", "user=one"), local), own)
	expect(t, sent(p, propagation.WithoutCapture(ctx)), carrier("Traceparent", otherW3C, "Baggage", "mine=1"))
}
