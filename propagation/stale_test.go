package propagation_test

import (
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestStaleB3IsNeverSent: the span that a valid b3 names is not sent where valid x-b3-* name another, neither as it
// came nor in another format, whatever else goes out.
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
		"nothing is written":                            {propagation.Config{}, multi},
		"b3 is written":                                 {propagation.Config{Emit: just(single)}, and("B3", callerB3)},
		"both are written":                              {propagation.Config{Emit: just(single, multiple)}, and("B3", callerB3)},
		"traceparent is written":                        {propagation.Config{Emit: just(w3c)}, and("Traceparent", callerW3C)},
		"x-b3-* is read only":                           {propagation.Config{Formats: just(single), ReadOnly: just(multiple)}, nil},
		"x-b3-* is read only, b3 is written":            {propagation.Config{Formats: just(single), ReadOnly: just(multiple), Emit: just(single)}, []string{"B3", callerB3}},
		"x-b3-* is read only, traceparent is written":   {propagation.Config{Formats: just(single), ReadOnly: just(multiple), Emit: just(w3c)}, []string{"Traceparent", callerW3C}},
		"b3 alone may go to the callee":                 {toCallee(single), nil},
		"traceparent alone may go to the callee":        {toCallee(w3c), nil},
		"x-b3-* alone may go to the callee":             {toCallee(multiple), multi},
		"b3 alone may go to the callee, and is written": {emitting(toCallee(single), single), []string{"B3", callerB3}},
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

// TestEmittedB3Agrees: where traceparent, which wins, names another span than x-b3-*, b3 is not written beside them.
func TestEmittedB3Agrees(t *testing.T) {
	in := []string{"Traceparent", "00-" + callerTrace + "-1111111111111111-01", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1"}
	p := compile(t, propagation.Config{Emit: []propagation.Format{propagation.B3Single}})
	for _, b3 := range []string{"", callerTrace + "-1111111111111111-1"} {
		expect(t, sent(p, received(p, append([]string{"B3", b3}, in...)...)), carrier(in...))
	}
	alone := compile(t, propagation.Config{ // whoever reads b3 gets it where nothing goes beside it
		Formats: []propagation.Format{propagation.W3C}, ReadOnly: []propagation.Format{propagation.B3Multi}, Emit: []propagation.Format{propagation.B3Single},
	})
	expect(t, sent(alone, received(alone, in...)), carrier("Traceparent", in[1], "B3", callerTrace+"-1111111111111111-1"))
}

const otherTrace = "aa0000000000000000000000000000aa"

// toCallee lets one format go to the callee.
func toCallee(f propagation.Format) propagation.Config {
	return propagation.Config{Destinations: []propagation.Destination{{Hosts: []string{"callee.example"}, Formats: []propagation.Format{f}}}}
}

func emitting(c propagation.Config, f propagation.Format) propagation.Config {
	c.Emit = []propagation.Format{f}
	return c
}

// TestStaleB3KeepsTracestate: what W3C said of the trace is written along with the ids of x-b3-*, while it is theirs.
func TestStaleB3KeepsTracestate(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: []propagation.Format{propagation.B3Single, propagation.B3Multi, propagation.W3C}, Emit: []propagation.Format{propagation.Datadog},
	})
	for trace, origin := range map[string]string{callerTrace: "rum", otherTrace: ""} {
		out := sent(p, received(p, "B3", trace+"-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan,
			"Traceparent", "00-"+trace+"-1111111111111111-01", "Tracestate", "dd=s:2;o:rum"))
		if out.Get("X-Datadog-Parent-Id") != callerDecimal || out.Get("X-Datadog-Origin") != origin {
			t.Errorf("with b3 of %s leaves %q", trace, out)
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

// TestStaleReadOnly: a b3 that is only read is never sent, so that none is left out for being stale.
func TestStaleReadOnly(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Multi}, ReadOnly: []propagation.Format{propagation.B3Single}})
	ctx := received(p, "B3", callerTrace+"-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan)
	propagation.RemoteFromContext(ctx)
	expect(t, sent(p, ctx), carrier("X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan))
	expectCounts(t, p, nil)
}

// TestEmittedB3Beside: b3 is written beside x-b3-* that name no span, and not beside those of another trace, be their
// span id the same.
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
