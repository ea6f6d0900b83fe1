package interop

import (
	"encoding/binary"
	"net/http"
	"strings"
	"testing"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// ddPropagator returns dd-trace-go's propagator of one style. Its tags have the same limit as in dd-trace-go's tracer.
func ddPropagator(style string) tracer.Propagator {
	return tracer.NewPropagator(&tracer.PropagatorConfig{InjectStyle: style, ExtractStyle: style, MaxTagsHeaderLen: 512})
}

var (
	ddHeaders = ddPropagator("datadog")
	ddW3C     = ddPropagator("tracecontext")
)

// ddContext is a span context in the form in which tracer.FromGenericCtx accepts those of other tracers.
type ddContext struct {
	propagation.SpanContext
	priority *float64 // nil: undecided
	origin   string
	tags     map[string]string
}

// ddDecided says that there is a decision. The priority has its value.
const ddDecided = 2

func (c ddContext) TraceID() string                           { return c.SpanContext.TraceID.String() }
func (c ddContext) TraceIDBytes() [16]byte                    { return c.SpanContext.TraceID }
func (c ddContext) TraceIDLower() uint64                      { return binary.BigEndian.Uint64(c.SpanContext.TraceID[8:]) }
func (c ddContext) SpanID() uint64                            { return binary.BigEndian.Uint64(c.SpanContext.SpanID[:]) }
func (c ddContext) ForeachBaggageItem(func(k, v string) bool) {}
func (c ddContext) Priority() *float64                        { return c.priority }
func (c ddContext) Origin() string                            { return c.origin }
func (c ddContext) PropagatingTags() map[string]string        { return c.tags }
func (c ddContext) Tags() map[string]string                   { return nil }
func (c ddContext) SamplingDecision() uint32 {
	if c.priority == nil {
		return 0
	}
	return ddDecided
}

// ddPriorities are the priorities of dd-trace-go for the decisions: auto reject, auto keep and user keep.
var ddPriorities = map[propagation.Sampling]float64{propagation.Denied: 0, propagation.Accepted: 1, propagation.Debug: 2}

func ddInject(p tracer.Propagator) func(propagation.SpanContext, http.Header) {
	return func(sc propagation.SpanContext, h http.Header) {
		c := ddContext{SpanContext: sc}
		if priority, ok := ddPriorities[sc.Sampling]; ok {
			c.priority = &priority
		}
		if err := p.Inject(tracer.FromGenericCtx(c), tracer.HTTPHeadersCarrier(h)); err != nil {
			panic(err)
		}
	}
}

func ddExtract(p tracer.Propagator) func(http.Header) propagation.SpanContext {
	return func(h http.Header) (sc propagation.SpanContext) {
		c, err := p.Extract(tracer.HTTPHeadersCarrier(h))
		if err != nil {
			return sc
		}
		sc.TraceID = trace.TraceID(c.TraceIDBytes())
		binary.BigEndian.PutUint64(sc.SpanID[:], c.SpanID())
		if priority, ok := c.SamplingPriority(); ok {
			sc.Sampling = propagation.Denied
			if priority > 0 {
				sc.Sampling = propagation.Accepted
			}
		}
		return sc
	}
}

var ddSample = header("x-datadog-trace-id", "1234567890123456789", "x-datadog-parent-id", "987654321",
	"x-datadog-sampling-priority", "1", "x-datadog-origin", "rum", "x-datadog-tags", "_dd.p.dm=-4,_dd.p.tid=640cfd8d00000000")

// ddZero has a trace id whose low half is zero.
var ddZero = spoil(ddSample, "X-Datadog-Trace-Id", "0")

// datadog is dd-trace-go with its own headers. There is no specification. So a difference without a rule of a
// specification is a choice.
var datadog = peer{
	name:    "dd-trace-go",
	format:  propagation.Datadog,
	fields:  []string{"X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority", "X-Datadog-Origin", "X-Datadog-Tags"},
	sample:  ddSample,
	inject:  ddInject(ddHeaders),
	extract: ddExtract(ddHeaders),
	says: func(sc propagation.SpanContext) propagation.SpanContext {
		kept := propagation.SpanContext{TraceID: sc.TraceID, SpanID: sc.SpanID, Sampling: sc.Sampling}
		if sc.Sampling == propagation.Debug {
			kept.Sampling = propagation.Accepted
		}
		return kept
	},
	known: []difference{
		untrimmed("dd-trace-go", proof{onlyOurs: spoil(ddSample, "X-Datadog-Parent-Id", " 1")}),
		unreadable("dd-trace-go", notLine("x-datadog-sampling-priority", `^[+-]?[0-9]{1,18}$`), spoil(ddSample, "X-Datadog-Sampling-Priority", "x")),
		{
			rule: "OpenTelemetry, Propagators API: of several values the first counts. dd-trace-go takes the last, and refuses the headers " +
				"if one of the others is no number.",
			shows: anyField(repeated),
			makes: proof{
				onlyOurs: spoil(ddSample, "X-Datadog-Trace-Id", "1234567890123456789", "x"),
				onlyPeer: spoil(ddSample, "X-Datadog-Parent-Id", "0", "1234567890123456789"),
				otherIDs: spoil(ddSample, "X-Datadog-Parent-Id", "1", "2"),
				decision: spoil(ddSample, "X-Datadog-Sampling-Priority", "1", "0"),
			},
		},
		{
			rule:  "A choice: a line that is blank says nothing. dd-trace-go refuses the headers for a number that is blank.",
			shows: anyLine(`^[ \t]*$`, "X-Datadog-Trace-Id", "X-Datadog-Parent-Id", "X-Datadog-Sampling-Priority"),
			makes: proof{onlyOurs: spoil(ddSample, "X-Datadog-Sampling-Priority", "")},
		},
		{
			rule:  "A tag that is no tag is passed over, as a _dd.p.tid that is none. dd-trace-go drops all tags for one without a key or a value.",
			shows: line("x-datadog-tags", `(^|,)(=[^,]*|[^,=]*|[^,=]+=)(,|$)`),
			makes: ddLosesTID("_dd.p.tid=640cfd8d00000000,x"),
		},
		{
			rule:  "White space around a tag is no part of it. dd-trace-go takes it for a part of the key or the value.",
			shows: line("x-datadog-tags", `[ \t]_dd\.p\.tid=|_dd\.p\.tid=[0-9a-f]{16}[ \t]`),
			makes: ddLosesTID("_dd.p.dm=-4, _dd.p.tid=640cfd8d00000000"),
		},
		{
			rule:  "Envoy reads a _dd.p.tid in upper case, and so do we. dd-trace-go drops it.",
			shows: line("x-datadog-tags", `_dd\.p\.tid=[0-9a-f]*[A-F]`),
			makes: ddLosesTID("_dd.p.tid=640CFD8D00000000"),
		},
		{
			rule:  "Of several _dd.p.tid the first counts. dd-trace-go takes the last.",
			shows: line("x-datadog-tags", `_dd\.p\.tid=.*_dd\.p\.tid=`),
			makes: ddLosesTID("_dd.p.tid=640cfd8d00000000,_dd.p.tid=0").and(onlyPeer,
				spoil(ddZero, "X-Datadog-Tags", "_dd.p.tid=0,_dd.p.tid=640cfd8d00000000")),
		},
		{
			rule:  "Tags are as long as the limits allow. dd-trace-go drops all of them beyond 512 bytes.",
			shows: func(h http.Header) bool { return len(h.Get("x-datadog-tags")) > 512 },
			makes: ddLosesTID("_dd.p.tid=640cfd8d00000000,_dd.p.long=" + strings.Repeat("x", 512)),
		},
		{
			rule:  "The trace id is in x-datadog-trace-id and _dd.p.tid together. dd-trace-go makes do with the latter.",
			shows: func(h http.Header) bool { return blank(h.Get("x-datadog-trace-id")) },
			makes: proof{onlyPeer: spoil(ddSample, "X-Datadog-Trace-Id")},
		},
		{
			rule: "With the origin synthetics the parent id may be 0. dd-trace-go takes it for 0 also where it is missing.",
			shows: func(h http.Header) bool {
				return h.Get("x-datadog-parent-id") == "" && h.Get("x-datadog-origin") == "synthetics"
			},
			makes: proof{onlyPeer: header("x-datadog-trace-id", "1", "x-datadog-origin", "synthetics")},
		},
	},
}

// ddLosesTID shows headers whose tags contain the high half of the trace id, which this library reads and dd-trace-go
// does not. If the low half is zero, dd-trace-go then has no trace.
func ddLosesTID(tags string) proof {
	return proof{otherIDs: spoil(ddSample, "X-Datadog-Tags", tags), onlyOurs: spoil(ddZero, "X-Datadog-Tags", tags)}
}

func FuzzDatadog(f *testing.F) { fuzz(f, datadog) }
