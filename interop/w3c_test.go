package interop

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otel "go.opentelemetry.io/otel/propagation"
)

// traceContext is OpenTelemetry's propagator for traceparent and tracestate.
var traceContext = peer{
	name:    "OpenTelemetry's TraceContext",
	format:  propagation.W3C,
	fields:  []string{"Traceparent", "Tracestate"},
	sample:  w3cSample,
	inject:  otelInject(otel.TraceContext{}, nil),
	extract: otelExtract(otel.TraceContext{}),
	says: func(sc propagation.SpanContext) propagation.SpanContext {
		kept := idsAndFlag(sc)
		kept.Random, kept.TraceState = sc.Random, sc.TraceState
		return kept
	},
	known: []difference{
		untrimmed("OpenTelemetry's TraceContext", proof{onlyOurs: spoil(w3cSample, "Traceparent", " "+w3cParent)}),
		takesFirst("OpenTelemetry's TraceContext", proof{
			onlyOurs: spoil(w3cSample, "Traceparent", "", w3cParent),
			details:  spoil(w3cSample, "Tracestate", "", "a=1"),
		}),
		{
			rule:  "W3C Trace Context level 2, version-format: version 00 is exactly 55 characters. OpenTelemetry takes a dash after them.",
			shows: line("traceparent", `^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}-$`),
			makes: proof{onlyPeer: spoil(w3cSample, "Traceparent", w3cParent+"-")},
		},
		{
			rule: "W3C Trace Context level 2, trace-flags: a flag that has no meaning yet is cleared on the way out, " +
				"and no reason to refuse the header. OpenTelemetry refuses flags above 03 in version 00.",
			shows: line("traceparent", `^00-.*-(0[4-9a-f]|[1-9a-f][0-9a-f])$`),
			makes: proof{onlyOurs: spoil(w3cSample, "Traceparent", strings.TrimSuffix(w3cParent, "01")+"09")},
		},
		{
			rule:  "W3C Trace Context level 2, its test suite: a second traceparent restarts the trace. OpenTelemetry takes the first.",
			shows: func(h http.Header) bool { return len(h["Traceparent"]) > 1 },
			makes: proof{onlyPeer: spoil(w3cSample, "Traceparent", w3cParent, w3cOther)},
		},
		{
			rule:  "RFC 9110, 5.3, and W3C Trace Context level 2, tracestate: lines of tracestate are one list. OpenTelemetry reads the first line.",
			shows: func(h http.Header) bool { return len(h["Tracestate"]) > 1 },
			makes: proof{details: spoil(w3cSample, "Tracestate", "a=1", "b=2")},
		},
		{
			rule: "W3C Trace Context level 2, tracestate key: it may begin with a digit, and hold any number of @ at any place but the first. " +
				"OpenTelemetry keeps to level 1, and drops the list.",
			shows: line("tracestate", `@|(^|,)[ \t]*[0-9]`),
			makes: proof{details: spoil(w3cSample, "Tracestate", "1a@b@=1,c=2")},
		},
		{
			rule:  "W3C Trace Context level 2, tracestate list: a member may be empty or white space. OpenTelemetry drops the list for white space.",
			shows: line("tracestate", `(^|,)[ \t]+(,|$)`),
			makes: proof{details: spoil(w3cSample, "Tracestate", "a=1, ,b=2")},
		},
		{
			rule: "W3C Trace Context level 2, tracestate key: it should be there once; what to do with two is left open, and we keep both. " +
				"OpenTelemetry drops the list.",
			shows: repeatsKey,
			makes: proof{details: spoil(w3cSample, "Tracestate", "a=1,a=2")},
		},
	},
}

const (
	w3cParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	w3cOther  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

var w3cSample = header("traceparent", w3cParent, "tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")

// repeatsKey reports whether tracestate contains a key twice.
func repeatsKey(h http.Header) bool {
	seen := map[string]bool{}
	for member := range strings.SplitSeq(strings.Join(h["Tracestate"], ","), ",") {
		key, _, _ := strings.Cut(strings.TrimLeft(member, " \t"), "=")
		if key != "" && seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

// TestFullTraceState compares a list with the maximum number of members, and a list with one member more.
func TestFullTraceState(t *testing.T) {
	var members []string
	for i := range 33 {
		members = append(members, fmt.Sprintf("k%d=v", i))
	}
	for _, n := range []int{32, 33} {
		h := spoil(w3cSample, "Tracestate", strings.Join(members[:n], ","))
		traceContext.check(t, h)
		if kept := read(propagation.W3C, h).TraceState != ""; kept != (n == 32) {
			t.Errorf("%d members: the list is kept: %v, want it only for 32", n, kept)
		}
	}
}

func FuzzTraceContext(f *testing.F) { fuzz(f, traceContext) }
