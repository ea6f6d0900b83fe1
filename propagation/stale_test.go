package propagation_test

import (
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestStaleB3IsNeverSent: if a valid b3 and valid x-b3-* name different spans, the span of b3 is not sent. That holds for b3
// itself and for every other format.
func TestStaleB3IsNeverSent(t *testing.T) {
	const staleB3, staleOther = callerTrace + "-1111111111111111-1", otherTrace + "-1111111111111111-1"
	multi := []string{"X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1"}
	and := func(pairs ...string) []string { return append(pairs, multi...) }
	just := func(fs ...propagation.Format) []propagation.Format { return fs }
	single, multiple, w3c := propagation.B3Single, propagation.B3Multi, propagation.W3C
	for name, row := range map[string]struct {
		c    propagation.Config
		want []string
	}{
		"nothing is written":                           {propagation.Config{}, multi},
		"b3 is written":                                {propagation.Config{Emit: just(single)}, and("B3", callerB3)},
		"both are written":                             {propagation.Config{Emit: just(single, multiple)}, and("B3", callerB3)},
		"traceparent is written":                       {propagation.Config{Emit: just(w3c)}, and("Traceparent", callerW3C)},
		"x-b3-* is read only":                          {propagation.Config{Formats: just(single), ReadOnly: just(multiple)}, nil},
		"x-b3-* is read only, b3 is written":           {propagation.Config{Formats: just(single), ReadOnly: just(multiple), Emit: just(single)}, []string{"B3", callerB3}},
		"x-b3-* is read only, traceparent is written":  {propagation.Config{Formats: just(single), ReadOnly: just(multiple), Emit: just(w3c)}, []string{"Traceparent", callerW3C}},
		"the callee may get only b3":                   {toCallee(single), nil},
		"the callee may get only traceparent":          {toCallee(w3c), nil},
		"the callee may get only x-b3-*":               {toCallee(multiple), multi},
		"the callee may get only b3, which is written": {emitting(toCallee(single), single), []string{"B3", callerB3}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, row.c)
			for _, b3 := range []string{staleB3, staleOther} {
				ctx := received(p, and("B3", b3)...)
				expect(t, sentTo(t, p, ctx, "http://callee.example"), carrier(row.want...))
				expect(t, metadataTo(t, p, ctx, "callee.example"), lowered(carrier(row.want...)))
				if row.c.Destinations == nil {
					expect(t, sent(p, ctx), carrier(row.want...))
				}
			}
		})
	}
}

// TestEmittedB3Agrees: traceparent has precedence and names another span than x-b3-*. Then Emit does not write b3, because
// it would not agree with x-b3-*.
func TestEmittedB3Agrees(t *testing.T) {
	in := []string{"Traceparent", "00-" + callerTrace + "-1111111111111111-01", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1"}
	p := compile(t, propagation.Config{Emit: []propagation.Format{propagation.B3Single}})
	for _, b3 := range []string{"", callerTrace + "-1111111111111111-1"} {
		expect(t, sent(p, received(p, append([]string{"B3", b3}, in...)...)), carrier(in...))
	}
	alone := compile(t, propagation.Config{ // without x-b3-* in the sent headers, b3 is written
		Formats: []propagation.Format{propagation.W3C}, ReadOnly: []propagation.Format{propagation.B3Multi}, Emit: []propagation.Format{propagation.B3Single},
	})
	expect(t, sent(alone, received(alone, in...)), carrier("Traceparent", in[1], "B3", callerTrace+"-1111111111111111-1"))
}

const otherTrace = "aa0000000000000000000000000000aa"

// toCallee returns a Config with a rule that allows one format to the callee.
func toCallee(f propagation.Format) propagation.Config {
	return propagation.Config{Destinations: []propagation.Destination{{Hosts: []string{"callee.example"}, Formats: []propagation.Format{f}}}}
}

func emitting(c propagation.Config, f propagation.Format) propagation.Config {
	c.Emit = []propagation.Format{f}
	return c
}

// TestStaleB3KeepsTracestate: Emit writes the ids of x-b3-* with the content of tracestate, if traceparent names the same
// trace.
func TestStaleB3KeepsTracestate(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: []propagation.Format{propagation.B3Single, propagation.B3Multi, propagation.W3C}, Emit: []propagation.Format{propagation.Datadog},
	})
	for trace, origin := range map[string]string{callerTrace: "rum", otherTrace: ""} {
		out := sent(p, received(p, "B3", trace+"-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan,
			"Traceparent", "00-"+trace+"-1111111111111111-01", "Tracestate", "dd=s:2;o:rum"))
		if out.Get("X-Datadog-Parent-Id") != callerDecimal || out.Get("X-Datadog-Origin") != origin {
			t.Errorf("with a b3 of the trace %s, sent %q, want the span of x-b3-* and the origin %q", trace, out, origin)
		}
	}
}

// TestEmitLeavesDecisions: Emit does not rewrite a received format that has a valid decision and no ids.
func TestEmitLeavesDecisions(t *testing.T) {
	for _, decision := range []string{"0", "1", "d"} {
		p := compile(t, propagation.Config{Emit: []propagation.Format{propagation.B3Single}})
		in := []string{"Traceparent", callerW3C, "B3", decision}
		expect(t, sent(p, received(p, in...)), carrier(in...))
	}
	p := compile(t, propagation.Config{Emit: []propagation.Format{propagation.B3Multi}})
	in := []string{"Traceparent", callerW3C, "X-B3-Sampled", "0"}
	expect(t, sent(p, received(p, in...)), carrier(in...))
}

// TestStaleReadOnly: a b3 in ReadOnly is never sent, so it is not counted as stale.
func TestStaleReadOnly(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Multi}, ReadOnly: []propagation.Format{propagation.B3Single}})
	ctx := received(p, "B3", callerTrace+"-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan)
	propagation.RemoteFromContext(ctx)
	expect(t, sent(p, ctx), carrier("X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan))
	expectCounts(t, p, nil)
}

// TestEmittedB3Beside: Emit writes b3 beside x-b3-* that name the same span or no span. It does not write b3 beside x-b3-* of
// another trace, also if the span id is the same.
func TestEmittedB3Beside(t *testing.T) {
	p := compile(t, propagation.Config{Emit: []propagation.Format{propagation.B3Single}})
	for name, row := range map[string]struct {
		beside []string
		want   string
	}{
		"nothing":        {nil, callerB3},
		"a decision":     {[]string{"X-B3-Sampled", "1"}, callerB3},
		"the same":       {[]string{"X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, callerB3},
		"its low half":   {[]string{"X-B3-Traceid", lowHalf, "X-B3-Spanid", callerSpan}, callerB3},
		"another span":   {[]string{"X-B3-Traceid", callerTrace, "X-B3-Spanid", "1111111111111111"}, ""},
		"another trace":  {[]string{"X-B3-Traceid", "11111111111111111111111111111111", "X-B3-Spanid", callerSpan}, ""},
		"malformed ones": {[]string{"X-B3-Traceid", "x", "X-B3-Spanid", callerSpan}, callerB3},
	} {
		if got := sent(p, received(p, append(row.beside, "Traceparent", callerW3C)...)).Get("B3"); got != row.want {
			t.Errorf("%s: b3 is %q, want %q", name, got, row.want)
		}
	}
}
