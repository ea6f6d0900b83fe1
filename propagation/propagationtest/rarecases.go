package propagationtest

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
)

// line is a header line with {trace}, {low}, {span}, {PARENT} and decimal {n} of the caller.
type line struct {
	format propagation.Format
	text   string
}

func headersOf(c *config, from samples.Caller, lines []line) http.Header {
	low, _ := strconv.ParseUint(from.TraceID()[16:], 16, 64)
	span, _ := strconv.ParseUint(from.SpanID(), 16, 64)
	fill := strings.NewReplacer("{trace}", from.TraceID(), "{low}", from.TraceID()[16:], "{span}", from.SpanID(),
		"{PARENT}", strings.ToUpper(from.ParentID()), "{lowN}", strconv.FormatUint(low, 10), "{spanN}", strconv.FormatUint(span, 10))
	h := http.Header{}
	for _, l := range lines {
		if c.carries(l.format) {
			name, value, _ := strings.Cut(fill.Replace(l.text), ": ")
			h.Add(name, value)
		}
	}
	return h
}

// undecided has a request that leaves the decision open, one that denies it, and one with nothing but a decision.
func undecided(c *config, i int, from samples.Caller) http.Header {
	return headersOf(c, from, [][]line{{
		{propagation.B3Single, "b3: {trace}-{span}"},
		{propagation.B3Multi, "x-b3-traceid: {trace}"},
		{propagation.B3Multi, "x-b3-spanid: {span}"},
		{propagation.CloudTrace, "x-cloud-trace-context: {trace}/{spanN}"},
		{propagation.Datadog, "x-datadog-trace-id: {lowN}"},
		{propagation.Datadog, "x-datadog-parent-id: {spanN}"},
		{propagation.XRay, "x-amzn-trace-id: Root=1-463ac35c-{low}9f6413ad;Parent={span}"},
		{propagation.OTTrace, "ot-tracer-traceid: {low}"},
		{propagation.OTTrace, "ot-tracer-spanid: {span}"},
	}, {
		{propagation.W3C, "traceparent: 00-{trace}-{span}-00"},
		{propagation.B3Single, "b3: {trace}-{span}-0"},
		{propagation.B3Multi, "x-b3-traceid: {trace}"},
		{propagation.B3Multi, "x-b3-spanid: {span}"},
		{propagation.B3Multi, "x-b3-sampled: 0"},
		{propagation.CloudTrace, "x-cloud-trace-context: {trace}/{spanN};o=0"},
		{propagation.Datadog, "x-datadog-trace-id: {lowN}"},
		{propagation.Datadog, "x-datadog-parent-id: {spanN}"},
		{propagation.Datadog, "x-datadog-sampling-priority: -1"},
		{propagation.Jaeger, "uber-trace-id: {trace}:{span}:0:0"},
	}, {
		{propagation.B3Single, "b3: 0"},
		{propagation.B3Multi, "x-b3-sampled: 0"},
		{propagation.RequestID, "x-request-id: request-{span}"},
	}}[i])
}

// unusual has values that are legal and rare.
func unusual(c *config, _ int, from samples.Caller) http.Header {
	return headersOf(c, from, []line{
		{propagation.W3C, "traceparent: cc-{trace}-{span}-03-of-the-future"},
		{propagation.W3C, "tracestate: 0level2={span},rojo=opaque text of {span}"},
		{propagation.W3C, "tracestate: tenant-with-a-long-name@system={trace}"},
		{propagation.B3Single, "b3: {low}-{span}-d"},
		{propagation.B3Multi, "x-b3-traceid: {low}"},
		{propagation.B3Multi, "x-b3-spanid: {span}"},
		{propagation.B3Multi, "x-b3-flags: 1"},
		{propagation.CloudTrace, "x-cloud-trace-context: {trace}/{spanN};o=1"},
		{propagation.RequestID, "x-request-id: Order.{PARENT}:7"},
		{propagation.Baggage, "baggage: user=Zo%C3%AB%20{span};since=2019,empty=,again=1,again=2"},
		{propagation.Datadog, "x-datadog-trace-id: {lowN}"},
		{propagation.Datadog, "x-datadog-parent-id: {spanN}"},
		{propagation.Datadog, "x-datadog-tags: _dd.p.dm=-4,_dd.p.own={span}"},
		{propagation.Jaeger, "uber-trace-id: {low}%3A{span}%3A0%3A3"},
		{propagation.XRay, "x-amzn-trace-id: Self=1-463ac35d-{low}9f6413ad;Root=1-463ac35c-{low}9f6413ad;Parent={span};Sampled=?;Lineage=a87bd80c:1|68fd508a:5"},
	})
}
