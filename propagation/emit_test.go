package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

const otherB3 = "aa0000000000000000000000000000aa-bb000000000000bb-1"

// TestEmit: which formats are sent in addition to the received formats, with and without a local span.
func TestEmit(t *testing.T) {
	w3c, b3, xray, jaeger := propagation.W3C, propagation.B3Single, propagation.XRay, propagation.Jaeger
	just := func(fs ...propagation.Format) []propagation.Format { return fs }
	const callerXRay = callerRoot + ";Parent=" + callerSpan + ";Sampled=1"
	const otherXRay = "Root=1-aa000000-0000000000000000000000aa;Parent=bb000000000000bb;Sampled=1"
	for name, test := range map[string]struct {
		c           propagation.Config
		in          []string
		alone, span []string // the sent headers without and with a local span
	}{
		"nil, nothing received":      {propagation.Config{Formats: just(b3, w3c)}, nil, nil, []string{"B3", otherB3}},
		"nil, ids received":          {propagation.Config{Formats: just(w3c, b3)}, []string{"B3", callerB3}, []string{"B3", callerB3}, []string{"B3", otherB3}},
		"nil, a decision received":   {propagation.Config{Formats: just(w3c, b3)}, []string{"B3", "0"}, []string{"B3", "0"}, []string{"B3", otherB3, "Traceparent", otherW3C}},
		"nil, garbage received":      {propagation.Config{Formats: just(w3c, b3)}, []string{"B3", "x"}, []string{"B3", "x"}, []string{"B3", otherB3, "Traceparent", otherW3C}},
		"nil, a request id received": {propagation.Config{}, []string{"X-Request-Id", "r1"}, []string{"X-Request-Id", "r1"}, []string{"X-Request-Id", "r1", "Traceparent", otherW3C}},
		"nil, no format to write":    {propagation.Config{Formats: just(propagation.SkyWalking)}, []string{"Sw8", "s"}, []string{"Sw8", "s"}, []string{"Sw8", "s"}},
		"empty":                      {propagation.Config{Emit: []propagation.Format{}}, []string{"B3", "0"}, []string{"B3", "0"}, []string{"B3", otherB3}},
		"another":                    {propagation.Config{Emit: just(xray)}, []string{"B3", callerB3}, []string{"B3", callerB3, "X-Amzn-Trace-Id", callerXRay}, []string{"B3", otherB3, "X-Amzn-Trace-Id", otherXRay}},
		"another, no ids":            {propagation.Config{Emit: just(xray)}, []string{"B3", "0"}, []string{"B3", "0"}, []string{"B3", otherB3, "X-Amzn-Trace-Id", otherXRay}},
		"a received one":             {propagation.Config{Emit: just(w3c)}, []string{"Traceparent", callerW3C[:53] + "03"}, []string{"Traceparent", callerW3C[:53] + "03"}, []string{"Traceparent", otherW3C}},
		"a malformed received one":   {propagation.Config{Emit: just(w3c)}, []string{"Traceparent", "x", "B3", callerB3}, []string{"Traceparent", callerW3C, "B3", callerB3}, []string{"Traceparent", otherW3C, "B3", otherB3}},
		"read only":                  {propagation.Config{Formats: just(w3c), ReadOnly: just(b3, jaeger)}, []string{"B3", callerB3, "Uberctx-A", "1"}, nil, []string{"Traceparent", otherW3C}},
		"read only, translated":      {propagation.Config{Formats: just(w3c), ReadOnly: just(b3), Emit: just(w3c)}, []string{"B3", callerB3}, []string{"Traceparent", callerW3C}, []string{"Traceparent", otherW3C}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, test.c)
			check := func(p *propagation.Propagator, want []string) {
				t.Helper()
				ctx := received(p, test.in...)
				expect(t, sent(p, ctx), carrier(want...))
				if len(test.in) == 0 && len(want) == 0 {
					return
				}
				out := carrier("Traceparent", "stale", "Tracestate", "stale", "B3", "stale", "X-Amzn-Trace-Id", "stale")
				p.InjectHTTP(ctx, out)
				names := p.Fields()
				for _, f := range test.c.ReadOnly {
					names = append(names, f.Fields()...)
				}
				for _, name := range names {
					if out.Get(name) == "stale" {
						t.Errorf("an old %s is left in %q, want it replaced or removed", name, out)
					}
				}
			}
			check(p, test.alone)
			c := test.c
			c.LocalSpan = running(otherSpan)
			check(compile(t, c), test.span)
		})
	}
}

// TestLocalSpanHook: Config.LocalSpan returns the span of a tracer that is not OpenTelemetry's. If it returns false or a span
// without both ids, there is no local span.
func TestLocalSpanHook(t *testing.T) {
	for name, test := range map[string]struct {
		sc   propagation.SpanContext
		ok   bool
		want []string
	}{
		"a span":      {otherSpan, true, []string{"Traceparent", otherW3C}},
		"none":        {otherSpan, false, []string{"Traceparent", callerW3C, "Tracestate", "a=1"}},
		"half a span": {propagation.SpanContext{TraceID: otherSpan.TraceID}, true, []string{"Traceparent", callerW3C, "Tracestate", "a=1"}},
		"of the trace": {propagation.SpanContext{TraceID: callerContext.TraceID, SpanID: otherSpan.SpanID, Sampling: propagation.Accepted}, true,
			[]string{"Traceparent", "00-" + callerTrace + "-bb000000000000bb-01", "Tracestate", "a=1"}},
		"with a member": {propagation.SpanContext{TraceID: callerContext.TraceID, SpanID: otherSpan.SpanID, Sampling: propagation.Accepted, TraceState: "b=2"}, true,
			[]string{"Traceparent", "00-" + callerTrace + "-bb000000000000bb-01", "Tracestate", "b=2,a=1"}},
		"with a changed member": {propagation.SpanContext{TraceID: callerContext.TraceID, SpanID: otherSpan.SpanID, Sampling: propagation.Accepted, TraceState: "a=9"}, true,
			[]string{"Traceparent", "00-" + callerTrace + "-bb000000000000bb-01", "Tracestate", "a=9"}},
	} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			p := compile(t, propagation.Config{LocalSpan: func(ctx context.Context) (propagation.SpanContext, bool) {
				asked++
				return test.sc, test.ok
			}})
			ctx := received(p, "Traceparent", callerW3C, "Tracestate", "a=1")
			expect(t, sent(p, ctx), carrier(test.want...))
			if asked == 0 {
				t.Error("Config.LocalSpan was not called")
			}
		})
	}
}
