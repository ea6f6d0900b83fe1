package main

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// testCase is one test of the suite, with the suite's name for it.
type testCase struct {
	name     string
	strict   bool // only with STRICT_LEVEL 2: its requests are illegal, or nearly so
	level2   bool // only with SPEC_LEVEL 2
	requests []request
}

// request is a request to the service, with the expected headers of the calls that it causes. Every call must have one
// traceparent of version 00 with a new parent-id.
type request struct {
	lines     []string // the request's header lines
	calls     int
	continued bool     // the calls continue the trace in lines; otherwise they begin a new one
	states    []string // the allowed values of the calls' tracestate; "" means no tracestate
	random    bool     // the caller has set the random flag; calls of its trace must have the same flag
}

// Most requests use this span.
const (
	traceID  = "12345678901234567890123456789012"
	parentID = "1234567890123456"
)

// traceparent and tracestate make header lines.
func traceparent(value string) string { return "traceparent: " + value }
func tracestate(value string) string  { return "tracestate: " + value }

// continues is a request whose trace must be continued.
func continues(lines ...string) request {
	return request{lines: lines, calls: 1, continued: true, states: []string{""}}
}

// restarts is a request with an invalid trace, so a new one must begin.
func restarts(lines ...string) request {
	return request{lines: lines, calls: 1, states: []string{""}}
}

// keeps is a request of a trace with lines of tracestate. states are the members that must be sent. If there is a
// choice, states has several lists.
func keeps(lines []string, states ...string) request {
	r := continues(traceparent("00-" + traceID + "-" + parentID + "-00"))
	for _, line := range lines {
		r.lines = append(r.lines, tracestate(line))
	}
	r.states = states
	return r
}

// drops is a request whose trace must be continued without its tracestate, which is illegal.
func drops(lines ...string) request { return keeps(lines, "") }

// times makes the service make several calls.
func (r request) times(calls int) request {
	r.calls = calls
	return r
}

// asRandom sets that the lines have the random flag.
func (r request) asRandom() request {
	r.random = true
	return r
}

var traceparent00 = regexp.MustCompile(`^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[0-3])$`)

// check returns the faults of the calls that arrived.
func (r request) check(arrived []http.Header) error {
	sent := strings.Join(r.lines, "\n")
	parents := map[string]bool{}
	for _, h := range arrived {
		field := traceparent00.FindStringSubmatch(strings.Join(h.Values("traceparent"), " and "))
		if field == nil || field[1] == strings.Repeat("0", 32) || field[2] == strings.Repeat("0", 16) {
			return fmt.Errorf("traceparent is %q", h.Values("traceparent"))
		}
		trace, parent, flags := field[1], field[2], field[3]
		switch {
		case r.continued && trace != traceID:
			return fmt.Errorf("the trace is %s: it did not go on", trace)
		case !r.continued && (trace == traceID || strings.Contains(sent, trace)):
			return fmt.Errorf("the trace is %s: it went on", trace)
		case parents[parent] || strings.Contains(sent, parent):
			return fmt.Errorf("parent-id %s is not new", parent)
		case r.continued && r.random != (flags >= "02"):
			return fmt.Errorf("the flags are %s, want random %v", flags, r.random)
		}
		parents[parent] = true
		if got := members(h); !slices.Contains(r.states, got) {
			return fmt.Errorf("tracestate is %q, not %q", got, r.states)
		}
	}
	return nil
}

// members returns a header's tracestate, from all lines, without empty members and without white space around members.
func members(h http.Header) string {
	var list []string
	for m := range strings.SplitSeq(strings.Join(h.Values("tracestate"), ","), ",") {
		if m = strings.Trim(m, " \t"); m != "" {
			list = append(list, m)
		}
	}
	return strings.Join(list, ",")
}
