package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestStateKeepsPlace: a member that the local span did not change keeps its place in tracestate, also if the tracer lost
// other members. A member that the span set comes first.
func TestStateKeepsPlace(t *testing.T) {
	const came = "foo=1,bar=2,rojo=1,congo=2,baz=3"
	for now, want := range map[string]string{
		"":                    came,
		"baz=3":               came,
		"congo=2,baz=3":       came,
		"baz=3,foo=1":         came,
		came:                  came,
		"baz=4":               "baz=4,foo=1,bar=2,rojo=1,congo=2",
		"new=1,baz=3":         "new=1," + came,
		"rojo=2,baz=3,new=1":  "rojo=2,new=1,foo=1,bar=2,congo=2,baz=3",
		"baz=3,foo=1 ,bar=22": "bar=22,foo=1,rojo=1,congo=2,baz=3",
	} {
		local := otherSpan
		local.TraceID, local.TraceState = callerContext.TraceID, now
		p := compile(t, propagation.Config{Formats: propagation.AllFormats(), LocalSpan: running(local)})
		for _, lines := range [][]string{{came}, {"foo=1,bar=2", "", "rojo=1 , congo=2", "baz=3"}} {
			in := carrier("Traceparent", callerW3C)
			in["Tracestate"] = lines
			for way, extract := range extracts {
				if way == "text" && len(lines) > 1 {
					continue
				}
				ctx := extract(context.Background(), p, lowered(in))
				if got := sent(p, ctx).Get("Tracestate"); got != want {
					t.Errorf("%s: for a span with the tracestate %q, sent %q, want %q", way, now, got, want)
				}
			}
		}
	}
}

// TestStateKeepsPlaceBehindOpenTelemetry: OpenTelemetry's own propagator reads only the first line of tracestate, and a span
// adds a member. All lines are sent, with the new member first.
func TestStateKeepsPlaceBehindOpenTelemetry(t *testing.T) {
	in := carrier("Traceparent", callerW3C)
	in["Tracestate"] = []string{"foo=1,bar=2", "baz=3"}
	tracer := tracer(t, editing{sdktrace.AlwaysSample(), inserting(t, "new", "1")})
	outer, _ := tracer.Start(otelprop.TraceContext{}.Extract(context.Background(), otelprop.HeaderCarrier(in)), "outer")
	p := compile(t, propagation.Config{})
	if got := sent(p, p.ExtractHTTP(outer, in)).Get("Tracestate"); got != "new=1,foo=1,bar=2,baz=3" {
		t.Errorf("the outer span sends the tracestate %q, want the new member and all received members", got)
	}
	inner, _ := tracer.Start(p.ExtractHTTP(outer, in), "inner")
	if got := sent(p, inner).Get("Tracestate"); got != "new=1,foo=1,bar=2,baz=3" {
		t.Errorf("a child sends the tracestate %q, want the new member and all received members", got)
	}
}

// TestJaegerFlags: the flags of Jaeger are hexadecimal, in any case and of any length.
func TestJaegerFlags(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Jaeger}})
	for flags, want := range map[string]propagation.Sampling{
		"A": propagation.Denied, "0A": propagation.Denied, "B": propagation.Debug, "0B": propagation.Debug, "C": propagation.Denied,
		"D": propagation.Accepted, "0D": propagation.Accepted, "E": propagation.Denied, "F": propagation.Debug, "FF": propagation.Debug,
		"fF": propagation.Debug, "A1": propagation.Accepted, "0F": propagation.Debug,
	} {
		sc, ok := propagation.RemoteFromContext(received(p, "Uber-Trace-Id", callerTrace+":"+callerSpan+":0:"+flags))
		if !ok || sc.Sampling != want || sc.SpanID != callerContext.SpanID {
			t.Errorf("the flags %s are read as %+v, %v, want the decision %v", flags, sc, ok, want)
		}
	}
	if sc, ok := propagation.RemoteFromContext(received(p, "Uber-Trace-Id", callerTrace+":"+callerSpan+":0:G")); ok {
		t.Errorf("the flags G are read as %+v, want a malformed header", sc)
	}
}
