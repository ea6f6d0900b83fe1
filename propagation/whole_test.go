package propagation_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// wholeFormats are formats with several headers. ids are the headers with ids or a decision, and besides are the others.
var wholeFormats = []struct {
	format       propagation.Format
	ids, besides []string
}{
	{propagation.W3C, []string{"traceparent", callerW3C}, []string{"tracestate", "a=1"}},
	{propagation.B3Multi, []string{"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", "1111111111111111", "x-b3-sampled", "1", "x-b3-flags", "0"}, nil},
	{propagation.Datadog, []string{"x-datadog-trace-id", callerLowDecimal, "x-datadog-parent-id", callerDecimal,
		"x-datadog-sampling-priority", "1", "x-datadog-origin", "rum", "x-datadog-tags", "_dd.p.tid=" + callerTrace[:16]}, nil},
	{propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:1", "jaeger-debug-id", "d"},
		[]string{"jaeger-baggage", "a=1", "uberctx-a", "1"}},
	{propagation.OTTrace, []string{"ot-tracer-traceid", callerTrace[16:], "ot-tracer-spanid", callerSpan, "ot-tracer-sampled", "true"},
		[]string{"ot-baggage-a", "1"}},
	{propagation.SkyWalking, []string{"sw8", "1-a-b-3-c-d-e-f", "sw8-x", "0"}, []string{"sw8-correlation", "YQ==:YQ=="}},
	{propagation.ClientTrace, []string{"x-client-trace-id", "1", "x-envoy-force-trace", "true"}, nil},
	{propagation.Linkerd1, []string{"l5d-ctx-trace", "AAAA", "l5d-ctx-deadline", "1 2", "dtab-local", "/a=>/b", "l5d-sample", "1.0"}, nil},
	{propagation.AzureRequestID, []string{"request-id", "|a.b."}, []string{"correlation-context", "a=1"}},
}

// refusals return lines of a name, at least one of which a writer refuses.
var refusals = []func(good string) []string{
	func(good string) []string { return []string{good[:1] + "é" + good[1:]} },
	func(good string) []string { return []string{"\xff", good} },
	func(good string) []string { return []string{good, good + "\x7f"} },
}

// writers are the functions that send only printable ASCII.
var writers = map[string]struct {
	config propagation.Config
	write  func(*propagation.Propagator, map[string][]string) map[string][]string
}{
	"gRPC": {write: func(p *propagation.Propagator, in map[string][]string) map[string][]string {
		return sentMetadata(p, extracts["http"](nil, p, in))
	}},
	"gRPC from gRPC": {write: func(p *propagation.Propagator, in map[string][]string) map[string][]string {
		return sentMetadata(p, extracts["metadata"](nil, p, in))
	}},
	"cloned metadata": {write: func(p *propagation.Propagator, in map[string][]string) map[string][]string {
		md, _ := engine(p).CloneMetadata(extracts["http"](nil, p, in), nil, map[string][]string{"accept": {"*/*"}, "traceparent": {"stale"}})
		delete(md, "accept")
		return md
	}},
	"a map": {write: func(p *propagation.Propagator, in map[string][]string) map[string][]string {
		out := otelprop.MapCarrier{}
		p.Inject(extracts["metadata"](nil, p, in), out)
		all := map[string][]string{}
		for name, value := range out {
			all[name] = []string{value}
		}
		return all
	}},
	"HTTP, ASCIIOnly": {config: propagation.Config{ASCIIOnly: true}, write: func(p *propagation.Propagator, in map[string][]string) map[string][]string {
		return lowered(sent(p, extracts["http"](nil, p, in)))
	}},
	"cloned HTTP, ASCIIOnly": {config: propagation.Config{ASCIIOnly: true}, write: func(p *propagation.Propagator, in map[string][]string) map[string][]string {
		h, _ := engine(p).CloneHTTP(extracts["http"](nil, p, in), carrier("Accept", "*/*", "Traceparent", "stale"))
		delete(h, "Accept")
		return lowered(h)
	}},
}

// TestFormatsLeaveWhole: if a line with ids or a decision is refused, its whole format is left out and counted once. The
// other formats are sent.
func TestFormatsLeaveWhole(t *testing.T) {
	for name, w := range writers {
		t.Run(name, func(t *testing.T) {
			for _, f := range wholeFormats {
				for i := 0; i < len(f.ids); i += 2 {
					for _, refuse := range refusals {
						c := w.config
						c.Formats = propagation.AllFormats()
						p := compile(t, c)
						in := metadataOf(slices.Concat(f.ids, f.besides)...)
						in[f.ids[i]] = refuse(f.ids[i+1])
						in["b3"] = []string{callerB3}
						headerdiff.Check(t, metadataOf("b3", callerB3), w.write(p, in), "%s: %q", f.ids[i], in[f.ids[i]])
						if n := p.Stats().Count(f.format, propagation.Unsendable); n != 1 {
							t.Errorf("%s: counted as unsendable %d times, want once", f.ids[i], n)
						}
					}
				}
			}
		})
	}
}

// TestUserDataLineLeftOut: if a line of tracestate, baggage or another list is refused, only that line is left out.
func TestUserDataLineLeftOut(t *testing.T) {
	for name, w := range writers {
		t.Run(name, func(t *testing.T) {
			for _, f := range wholeFormats {
				for i := 0; i < len(f.besides); i += 2 {
					c := w.config
					c.Formats = propagation.AllFormats()
					p := compile(t, c)
					in := metadataOf(slices.Concat(f.ids, f.besides)...)
					in[f.besides[i]] = []string{f.besides[i+1] + "é"}
					want := maps.Clone(in)
					delete(want, f.besides[i])
					headerdiff.Check(t, want, w.write(p, in), "%s", f.besides[i])
					if n := p.Stats().Count(f.format, propagation.Unsendable); n != 1 {
						t.Errorf("%s: counted as unsendable %d times, want once", f.besides[i], n)
					}
				}
			}
		})
	}
}

// TestFormatLeftOutOverHTTP: if HTTP does not accept a line with ids or a decision, the whole format is left out.
func TestFormatLeftOutOverHTTP(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	for _, f := range wholeFormats {
		for i := 0; i < len(f.ids); i += 2 {
			in := metadataOf(slices.Concat(f.ids, f.besides)...)
			in[f.ids[i]] = []string{"a\x00b"}
			expect(t, sent(p, extracts["http"](nil, p, in)), nil)
		}
	}
}

// TestFormatLeftOutOfMap: a map holds one line of a name. If the lines of a name differ, the whole format is left out.
func TestFormatLeftOutOfMap(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	ctx := received(p, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "0", "X-B3-Sampled", "1", "B3", callerB3)
	out := otelprop.MapCarrier{}
	p.Inject(ctx, out)
	expectText(t, out, otelprop.MapCarrier{"b3": callerB3})
}

// TestLocalSpanOverRefusedLine: with a local span, the ids of a format are sent, also if the transport refuses a received line of
// the format.
func TestLocalSpanOverRefusedLine(t *testing.T) {
	for name, w := range writers {
		c := w.config
		c.Formats, c.LocalSpan = propagation.AllFormats(), running(propagation.SpanContext{
			TraceID: traceID(callerTrace), SpanID: otherSpan.SpanID, Sampling: propagation.Accepted,
		})
		p := compile(t, c)
		for _, f := range wholeFormats[:5] {
			for i := 0; i < len(f.ids); i += 2 {
				in := metadataOf(slices.Concat(f.ids, f.besides)...)
				in[f.ids[i]] = []string{f.ids[i+1] + "é"}
				got := w.write(p, in)
				if sc := readAs(f.format, carrierOf(got)); sc.SpanID != otherSpan.SpanID {
					t.Errorf("%s, %s: sent %q, want the local span", name, f.ids[i], got)
				}
			}
		}
	}
}

func carrierOf(md map[string][]string) map[string][]string {
	h := carrier()
	for name, vals := range md {
		for _, v := range vals {
			h.Add(name, v)
		}
	}
	return h
}

// TestLinkerdPrefixLimits: the names l5d-ctx-* hold Linkerd's ids. If one of them exceeds a limit, the whole format is left
// out.
func TestLinkerdPrefixLimits(t *testing.T) {
	l5d := []string{"Dtab-Local", "/a=>/b", "L5d-Sample", "1.0", "L5d-Ctx-Deadline", "1 2"}
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	ctx := received(p, append([]string{"L5d-Ctx-Trace", strings.Repeat("x", 8193), "Sw8", "s"}, l5d...)...)
	expect(t, sent(p, ctx), carrier("Sw8", "s"))

	p = compile(t, propagation.Config{Formats: propagation.AllFormats(), Limits: propagation.Limits{MetadataBytes: 200}})
	ctx = received(p, append([]string{"L5d-Ctx-Trace", strings.Repeat("x", 200), "B3", callerB3}, l5d...)...)
	expect(t, sentMetadata(p, ctx), metadataOf("b3", callerB3))
}
