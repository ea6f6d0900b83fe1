package propagation_test

import (
	"encoding/base64"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// dialect is what a caller's tracer can express in a format. It is written by hand from the format's specification. All
// dialects have the same span: callerTrace or its low half, callerSpan, and callerParent if the format has a parent id.
type dialect struct {
	name    string
	format  propagation.Format
	bits    int      // of the trace id
	extras  []string // its content besides ids and decision
	headers byDecision
}

const (
	callerParent     = "0000000000000005"
	callerLow        = "48485a3953bb6124" // the low half of the trace id
	callerLowDecimal = "5208512171318403364"
	callerDecimal    = "11744061942159299346" // the span's id
	callerState      = "a=1,foo@=x,dd=o:rum"  // foo@ is a key that OpenTelemetry refuses, and dd is Datadog's
)

// The content of formats besides ids and decision.
const (
	theRandomFlag = "random"
	theParent     = "parent"
	theTraceState = "tracestate"
	theOrigin     = "origin" // Datadog's
)

// byDecision has alternating names and values for each decision. The dialect cannot express a decision that is absent.
type byDecision map[propagation.Sampling][]string

// dialects are the dialects of all formats. x-ot-span-context has two.
var dialects = func() (all []dialect) {
	for _, f := range facts {
		all = append(all, f.dialects...)
	}
	return all
}()

// fromDatadog returns Datadog's headers with the caller's span, and more headers.
func fromDatadog(more ...string) []string {
	return append([]string{
		"x-datadog-trace-id", callerLowDecimal, "x-datadog-parent-id", callerDecimal,
		"x-datadog-origin", "rum", "x-datadog-tags", "_dd.p.tid=" + callerTrace[:16],
	}, more...)
}

// metadata returns the headers as gRPC metadata, with raw -bin values.
func (d dialect) metadata(s propagation.Sampling) map[string][]string {
	return metadataOf(d.headers[s]...)
}

// http returns the headers as HTTP headers, with -bin values in base64.
func (d dialect) http(s propagation.Sampling) map[string][]string {
	h := carrier(d.headers[s]...)
	for name, values := range h {
		if strings.HasSuffix(name, "-Bin") {
			h[name] = []string{base64.RawStdEncoding.EncodeToString([]byte(values[0]))}
		}
	}
	return h
}

// oldEnvoys reports whether this is the dialect of old Envoys, which cannot express a decision.
func (d dialect) oldEnvoys() bool { return strings.Contains(d.name, "old Envoy") }

// canWrite is what can be written in a format by its specification. The rules of translation use it.
type canWrite struct {
	bits     int
	deferred bool // the decision can stay open; otherwise Config.Deferred decides, Denied by default
	debug    bool // debug can be written; otherwise it becomes accepted
	parent   bool
}

// decisionFor returns the decision that is written for a decision. If an open decision cannot stay open, it becomes denied, which is
// the default of Config.Deferred.
func (r canWrite) decisionFor(s propagation.Sampling) propagation.Sampling {
	switch {
	case s == propagation.Deferred && !r.deferred:
		return propagation.Denied
	case s == propagation.Debug && !r.debug:
		return propagation.Accepted
	}
	return s
}
