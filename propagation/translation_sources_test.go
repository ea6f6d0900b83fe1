package propagation_test

import (
	"encoding/base64"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// dialect is what a caller's tracer can say in a format, written by hand from the
// format's specification: one span, callerTrace (or its low half) and callerSpan, whose parent is
// callerParent where the format has one.
type dialect struct {
	name    string
	format  propagation.Format
	bits    int                               // of the trace id
	extras  []string                          // what it says besides ids and decision
	headers map[propagation.Sampling][]string // names and values in turn, by the decision; not in it: what cannot be said
}

const (
	callerParent     = "0000000000000005"
	callerLow        = "48485a3953bb6124" // the half of the trace id that fits 64 bits
	callerLowDecimal = "5208512171318403364"
	callerDecimal    = "11744061942159299346" // the span's id
	callerState      = "a=1,foo@=x,dd=o:rum"  // one member that OpenTelemetry refuses, and Datadog's
)

// What formats say besides ids and decision.
const (
	theRandomFlag = "random"
	theParent     = "parent"
	theTraceState = "tracestate"
	theOrigin     = "origin" // Datadog's
)

// dialects are the formats that name spans; x-ot-span-context has two.
var dialects = []dialect{
	{"tracecontext", propagation.W3C, 128, []string{theRandomFlag, theTraceState, theOrigin}, map[propagation.Sampling][]string{
		propagation.Denied:   {"traceparent", "00-" + callerTrace + "-" + callerSpan + "-02", "tracestate", callerState},
		propagation.Accepted: {"traceparent", "00-" + callerTrace + "-" + callerSpan + "-03", "tracestate", callerState},
	}},
	{"b3", propagation.B3Single, 128, []string{theParent}, map[propagation.Sampling][]string{
		propagation.Deferred: {"b3", callerTrace + "-" + callerSpan},
		propagation.Denied:   {"b3", callerTrace + "-" + callerSpan + "-0-" + callerParent},
		propagation.Accepted: {"b3", callerTrace + "-" + callerSpan + "-1-" + callerParent},
		propagation.Debug:    {"b3", callerTrace + "-" + callerSpan + "-d-" + callerParent},
	}},
	{"b3multi", propagation.B3Multi, 128, []string{theParent}, map[propagation.Sampling][]string{
		propagation.Deferred: {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent},
		propagation.Denied:   {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent, "x-b3-sampled", "0"},
		propagation.Accepted: {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent, "x-b3-sampled", "1"},
		propagation.Debug:    {"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", callerParent, "x-b3-flags", "1"},
	}},
	{"grpctracebin", propagation.GRPCTraceBin, 128, nil, map[propagation.Sampling][]string{
		propagation.Deferred: {"grpc-trace-bin", callerBinRaw[:27]}, // without options
		propagation.Denied:   {"grpc-trace-bin", callerBinRaw[:28] + "\x00"},
		propagation.Accepted: {"grpc-trace-bin", callerBinRaw},
	}},
	{"cloudtrace", propagation.CloudTrace, 128, nil, map[propagation.Sampling][]string{
		propagation.Deferred: {"x-cloud-trace-context", callerTrace + "/" + callerDecimal},
		propagation.Denied:   {"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=0"},
		propagation.Accepted: {"x-cloud-trace-context", callerTrace + "/" + callerDecimal + ";o=1"},
	}},
	{"otspancontext", propagation.OTSpanContext, 64, nil, map[propagation.Sampling][]string{
		propagation.Denied:   {"x-ot-span-context", "EhIJJGG7UzlaSEgREtOWGh1K+6I="},
		propagation.Accepted: {"x-ot-span-context", "EhQJJGG7UzlaSEgREtOWGh1K+6IYAQ=="},
	}},
	{"otspancontext, old Envoy's", propagation.OTSpanContext, 64, []string{theParent}, map[propagation.Sampling][]string{
		propagation.Deferred: {"x-ot-span-context", callerLow + ";" + callerSpan + ";" + callerParent},
	}},
	{"datadog", propagation.Datadog, 128, []string{theOrigin}, map[propagation.Sampling][]string{
		propagation.Deferred: fromDatadog(),
		propagation.Denied:   fromDatadog("x-datadog-sampling-priority", "0"),
		propagation.Accepted: fromDatadog("x-datadog-sampling-priority", "1"),
	}},
	{"jaeger", propagation.Jaeger, 128, []string{theParent}, map[propagation.Sampling][]string{
		propagation.Denied:   {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:0"},
		propagation.Accepted: {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:1"},
		propagation.Debug:    {"uber-trace-id", callerTrace + ":" + callerSpan + ":5:3"},
	}},
	{"xray", propagation.XRay, 128, nil, map[propagation.Sampling][]string{
		propagation.Deferred: {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=?"},
		propagation.Denied:   {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=0"},
		propagation.Accepted: {"x-amzn-trace-id", callerRoot + ";Parent=" + callerSpan + ";Sampled=1"},
	}},
	{"ottrace", propagation.OTTrace, 64, nil, map[propagation.Sampling][]string{
		propagation.Deferred: {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan},
		propagation.Denied:   {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan, "ot-tracer-sampled", "false"},
		propagation.Accepted: {"ot-tracer-traceid", callerLow, "ot-tracer-spanid", callerSpan, "ot-tracer-sampled", "true"},
	}},
}

func fromDatadog(more ...string) []string {
	return append([]string{
		"x-datadog-trace-id", callerLowDecimal, "x-datadog-parent-id", callerDecimal,
		"x-datadog-origin", "rum", "x-datadog-tags", "_dd.p.tid=" + callerTrace[:16],
	}, more...)
}

// metadata returns the headers as gRPC has them, -bin values raw; http as HTTP has them.
func (d dialect) metadata(s propagation.Sampling) map[string][]string {
	return metadataOf(d.headers[s]...)
}

func (d dialect) http(s propagation.Sampling) map[string][]string {
	h := carrier(d.headers[s]...)
	for name, values := range h {
		if strings.HasSuffix(name, "-Bin") {
			h[name] = []string{base64.RawStdEncoding.EncodeToString([]byte(values[0]))}
		}
	}
	return h
}

// oldEnvoys reports whether it is the one in which no decision can be said.
func (d dialect) oldEnvoys() bool { return strings.Contains(d.name, "old Envoy") }

// room is what can be written in a format: the rules of translation and its losses, as the
// formats' specifications have them.
type room struct {
	bits     int
	deferred bool // the decision can be left open; else Config.Deferred decides, Denied by default
	debug    bool // else it is accepted
	parent   bool
}

var rooms = map[propagation.Format]room{
	propagation.W3C:           {bits: 128},
	propagation.B3Single:      {bits: 128, deferred: true, debug: true, parent: true},
	propagation.B3Multi:       {bits: 128, deferred: true, debug: true, parent: true},
	propagation.GRPCTraceBin:  {bits: 128}, // grpc-go wants its options
	propagation.CloudTrace:    {bits: 128, deferred: true},
	propagation.OTSpanContext: {bits: 64},
	propagation.Datadog:       {bits: 128, deferred: true}, // the high half in a tag
	propagation.Jaeger:        {bits: 128, debug: true},    // the parent is deprecated, and written as 0
	propagation.XRay:          {bits: 128, deferred: true},
	propagation.OTTrace:       {bits: 64},
}
