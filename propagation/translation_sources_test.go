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
	bits    int      // of the trace id
	extras  []string // what it says besides ids and decision
	headers says
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

// says are names and values in turn, by the decision. A decision that is not in it cannot be said.
type says map[propagation.Sampling][]string

// dialects are those of all formats; x-ot-span-context has two.
var dialects = func() (all []dialect) {
	for _, f := range facts {
		all = append(all, f.dialects...)
	}
	return all
}()

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

// says returns what a decision becomes in the format. An open one that cannot stay open becomes denied, the default of
// Config.Deferred.
func (r room) says(s propagation.Sampling) propagation.Sampling {
	switch {
	case s == propagation.Deferred && !r.deferred:
		return propagation.Denied
	case s == propagation.Debug && !r.debug:
		return propagation.Accepted
	}
	return s
}
