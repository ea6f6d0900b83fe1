package propagation_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// unparsed are malformed headers. Each element is of one format.
var unparsed = map[string][]string{
	"traceparent, short":        {"Traceparent", "00-x", "Tracestate", "a=1"},
	"traceparent in upper case": {"Traceparent", strings.ToUpper(callerW3C)},
	"two traceparents":          {"Traceparent", callerW3C, "Traceparent", callerW3C},
	"b3: None":                  {"B3", "None"},
	"b3: -":                     {"B3", "-"},
	"b3 with the decision true": {"B3", callerTrace + "-" + callerSpan + "-true"},
	"x-b3-parentspanid":         {"X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Parentspanid", "None", "X-B3-Sampled", "1"},
	"x-b3-traceid alone":        {"X-B3-Traceid", callerTrace, "X-B3-Sampled", "1"},
	"x-b3-sampled alone":        {"X-B3-Sampled", "maybe"},
	"grpc-trace-bin":            {"Grpc-Trace-Bin", "AQ=="},
	"x-cloud-trace-context":     {"X-Cloud-Trace-Context", "garbage"},
	"x-ot-span-context":         {"X-Ot-Span-Context", "AQ=="},
	"x-datadog-*":               {"X-Datadog-Trace-Id", "0", "X-Datadog-Parent-Id", "1", "X-Datadog-Tags", "_dd.p.dm=-4"},
	"uber-trace-id":             {"Uber-Trace-Id", "garbage", "Uberctx-User", "bob"},
	"x-amzn-trace-id":           {"X-Amzn-Trace-Id", "Root=garbage;Lineage=a:1"},
	"ot-tracer-*":               {"Ot-Tracer-Traceid", "1", "Ot-Tracer-Spanid", callerSpan},
}

// carriedOnly are headers of formats that are carried and never parsed.
var carriedOnly = []string{"Sw8", "garbage", "X-Request-Id", "r", "Baggage", "=", "X-Client-Trace-Id", "?", "L5d-Ctx-Trace", "?", "Request-Id", "?"}

// TestDropMalformed: a malformed trace format is sent as received. With DropMalformed it is not sent, and it is counted.
// Formats that are never parsed are always sent.
func TestDropMalformed(t *testing.T) {
	for name, in := range unparsed {
		t.Run(name, func(t *testing.T) {
			for _, drop := range []bool{false, true} {
				p := compile(t, propagation.Config{Formats: propagation.AllFormats(), DropMalformed: drop})
				want := carrier(append(in, carriedOnly...)...)
				if drop {
					want = carrier(carriedOnly...)
				}
				ctx := received(p, append(in, carriedOnly...)...)
				expect(t, sent(p, ctx), want)
				cloned, _ := engine(p).CloneHTTP(ctx, carrier(in[0], "set by hand"))
				expect(t, cloned, want)
				md, _ := engine(p).CloneMetadata(ctx, nil, nil)
				if got := md[strings.ToLower(in[0])] != nil; got == drop && in[0] != "Grpc-Trace-Bin" {
					t.Errorf("over gRPC %q is sent, want %s in it: %v", md, in[0], !drop)
				}
				texts := otelprop.MapCarrier{}
				p.Inject(ctx, texts)
				if texts.Get(strings.ToLower(in[0])) != "" && drop {
					t.Errorf("the map has %q, want no %s", texts, in[0])
				}
				if n := p.Stats().Total(propagation.Malformed); drop && n != 1 {
					t.Errorf("counted %d times as malformed, want once", n)
				}
			}
		})
	}
}

// TestDropMalformedAlone: with DropMalformed, nothing is sent if the malformed format is the only one of the request.
func TestDropMalformedAlone(t *testing.T) {
	for name, in := range unparsed {
		p := compile(t, propagation.Config{Formats: propagation.AllFormats(), DropMalformed: true})
		ctx := received(p, in...)
		for range 2 {
			if out := sent(p, ctx); len(out) > 0 {
				t.Errorf("%s: sent %q, want nothing", name, out)
			}
			if out, _ := engine(p).CloneHTTP(ctx, carrier(in[0], "set by hand")); len(out) > 0 {
				t.Errorf("%s: CloneHTTP sends %q, want nothing", name, out)
			}
			if out := sentMetadata(p, ctx); len(out) > 0 {
				t.Errorf("%s: over gRPC %q is sent, want nothing", name, out)
			}
		}
		if n := p.Stats().Total(propagation.Malformed); n != 1 {
			t.Errorf("%s: counted %d times as malformed, want once", name, n)
		}
	}
}

// TestDropMalformedKeeps: with DropMalformed, valid headers are sent as received.
func TestDropMalformedKeeps(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), DropMalformed: true})
	for _, in := range [][]string{
		{"Traceparent", callerW3C, "Tracestate", "a=1"}, {"B3", "0"}, {"B3", callerB3}, {"X-Amzn-Trace-Id", callerRoot + ";Sampled=1"},
		{"X-Cloud-Trace-Context", callerTrace}, {"Uberctx-User", "bob"}, {"Jaeger-Debug-Id", "d"}, {"Tracestate", "a=1"},
	} {
		expect(t, sent(p, received(p, in...)), carrier(in...))
	}
}

// TestDropMalformedOfLocalSpan: a local span is written over a malformed format. Emit also replaces a malformed format.
func TestDropMalformedOfLocalSpan(t *testing.T) {
	p := compile(t, propagation.Config{DropMalformed: true, LocalSpan: running(otherSpan)})
	if got := sent(p, received(p, "Traceparent", "garbage")).Get("Traceparent"); got != otherW3C {
		t.Errorf("traceparent is sent as %q, want the local span %q", got, otherW3C)
	}
	p = compile(t, propagation.Config{DropMalformed: true, Emit: []propagation.Format{propagation.W3C}})
	expect(t, sent(p, received(p, "Traceparent", "garbage", "B3", callerB3)), carrier("Traceparent", callerW3C, "B3", callerB3))
}

// TestMalformedB3IsStale: with valid x-b3-*, a malformed b3 is never sent. Envoy would prefer the b3 and then make no span.
func TestMalformedB3IsStale(t *testing.T) {
	multi := []string{"X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1"}
	for _, b3 := range []string{"None", "-", "null", "garbage", callerTrace, callerTrace + "-" + callerSpan + "-", callerTrace + "-" + callerSpan + "-true", callerTrace + "-" + callerSpan + "-x"} {
		for _, valid := range [][]string{multi, {"X-B3-Sampled", "0"}, multi[:4]} {
			p := compile(t, propagation.Config{})
			ctx := received(p, append([]string{"B3", b3}, valid...)...)
			for range 2 {
				expect(t, sent(p, ctx), carrier(valid...))
				expect(t, sentMetadata(p, ctx), lowered(carrier(valid...)))
				cloned, _ := engine(p).CloneHTTP(ctx, carrier("B3", b3))
				expect(t, cloned, carrier(valid...))
			}
			expectCounts(t, p, map[string]uint64{"b3 stale": 1, "b3 malformed": 1})
		}
		for _, beside := range [][]string{nil, {"X-B3-Traceid", callerTrace}, {"Traceparent", callerW3C}} { // no valid x-b3-* that the b3 could hide
			p := compile(t, propagation.Config{})
			in := append([]string{"B3", b3}, beside...)
			expect(t, sent(p, received(p, in...)), carrier(in...))
		}
	}
}

// TestExplainMalformed: Explain says why a format is malformed, and whether it is sent.
func TestExplainMalformed(t *testing.T) {
	explain := func(c propagation.Config, pairs ...string) string {
		p := compile(t, c)
		return p.Explain(p.ExtractMetadata(context.Background(), metadataOf(pairs...)), "reviews").String()
	}
	multi := []string{"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan}
	for _, row := range []struct {
		got  string
		want []string
	}{
		{explain(propagation.Config{DropMalformed: true}, "traceparent", "garbage", "tracestate", "a=1"), []string{"is malformed", "not sent: it is malformed"}},
		{explain(propagation.Config{}, "traceparent", "garbage"), []string{"is malformed", "sent as received"}},
		{explain(propagation.Config{}, slices.Concat([]string{"b3", "None"}, multi)...), []string{"is malformed, beside a valid b3multi", "not sent: it is malformed"}},
		{explain(propagation.Config{}, slices.Concat([]string{"x-b3-sampled", "maybe"}, multi)...), []string{"its sampling decision cannot be read", "sent as received"}},
		{explain(propagation.Config{Formats: propagation.AllFormats()}, "x-amzn-trace-id", callerRoot+";Sampled=1"), []string{"is used: it is the first with a trace id", "accepted"}},
		{explain(propagation.Config{Formats: propagation.AllFormats()}, "x-amzn-trace-id", callerRoot+";Sampled=1", "b3", callerB3), []string{"has a trace id and a sampling decision, and no span id"}},
		{explain(propagation.Config{ASCIIOnly: true}, "x-b3-traceid", "é", "x-b3-spanid", callerSpan, "baggage", "a=é"), []string{"not sent: the transport or Config.ASCIIOnly does not allow it", "not sent: the transport or Config.ASCIIOnly does not allow it"}},
		{explain(propagation.Config{}, "x-b3-traceid", "\x00", "x-b3-spanid", callerSpan), []string{"not sent: the transport or Config.ASCIIOnly does not allow it"}},
	} {
		for _, want := range row.want {
			if !strings.Contains(row.got, want) {
				t.Errorf("want %q in the explanation\n%s", want, row.got)
			}
		}
	}
}
