package propagation_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// The cases are from DataDog/system-tests (tests/parametric/test_headers_*.py, commit e30db60a). They say which content
// Datadog's headers and its tracestate member have after a service. Each case has the name of its test, the propagation
// styles in their order, the received headers, and facts about the headers that are sent with a local span:
//
//	"name: value"        the whole header
//	"name! value"        the header has another value
//	"name-"              the header is absent
//	"tag x", "tag- x"    x-datadog-tags has x among its tags; has no tag that begins with x
//	"dd x", "dd- x"      the member dd has x among its parts; has no part that begins with x
//	"state x", "state- x" tracestate has the member x; has no member that begins with x
//	"first"              dd is the first member of tracestate
//	"members n"          tracestate has n members
//	"same"               traceparent and x-datadog-* name the same trace and span
//
// These cases are left out, because they need a Datadog tracer:
//
//	test                                                why
//	tracecontext: test_tracestate_w3c_p_extract*,       the tag _dd.parent_id of a span, and the id of our own span
//	  _p_inject, _p_extract_and_inject, _p_phase_3_*    as the last Datadog span: it is not a Datadog span
//	tracecontext: test_tracestate_w3c_context_leak      tags of a span
//	precedence: *_extract_first_true with Datadog first  an option that stops at the first format: use Config.Formats
//	precedence: *_propagationstyle_tracecontext         a member dd without Datadog's headers
//	datadog: D001, D002, D003                           tags and metrics of a span
//	opm: all                                            the marker of an organization, checked by the tracer
var ddFacts = []struct {
	test   string
	styles string
	in     string // header lines with ": "
	facts  []string
}{
	{"tracestate_dd samplingpriority 1", "W", dd7 + "x-datadog-sampling-priority: 2", []string{"x-datadog-sampling-priority: 2", "flags 01", "dd s:2"}},
	{"tracestate_dd samplingpriority 2", "W", dd7 + "x-datadog-sampling-priority: -1", []string{"x-datadog-sampling-priority: -1", "flags 00", "dd s:-1"}},
	{"tracestate_dd samplingpriority 3", "W", w1 + "01", []string{"x-datadog-sampling-priority: 1", "flags 01", "dd s:1"}},
	{"tracestate_dd samplingpriority 4", "W", w1 + "01\ntracestate: foo=1,dd=s:-1", []string{"x-datadog-sampling-priority: 1", "flags 01", "dd s:1", "state foo=1"}},
	{"tracestate_dd samplingpriority 5", "W", w1 + "01\ntracestate: foo=1,dd=s:2", []string{"x-datadog-sampling-priority: 2", "flags 01", "dd s:2", "state foo=1"}},
	{"tracestate_dd samplingpriority 6", "W", w1 + "00", []string{"x-datadog-sampling-priority: 0", "flags 00", "dd s:0"}},
	{"tracestate_dd samplingpriority 7", "W", w1 + "00\ntracestate: foo=1,dd=s:-1", []string{"x-datadog-sampling-priority: -1", "flags 00", "dd s:-1"}},
	{"tracestate_dd samplingpriority 8", "W", w1 + "00\ntracestate: foo=1,dd=s:1", []string{"x-datadog-sampling-priority: 0", "flags 00", "dd s:0", "dd- s:1"}},
	{"tracestate_dd origin 1", "W", dd7 + "x-datadog-origin: synthetics-browser", []string{"x-datadog-origin: synthetics-browser", "dd o:synthetics-browser"}},
	{"tracestate_dd origin 2", "W", dd7 + "x-datadog-origin: tracing2.0", []string{"x-datadog-origin: tracing2.0", "dd o:tracing2.0"}},
	{"tracestate_dd origin 3", "W", dd7 + "x-datadog-origin: synthetics~;=web,z", []string{"x-datadog-origin: synthetics~;=web,z", "dd o:synthetics__~web_z"}},
	{"tracestate_dd origin 4", "W", w1 + "01\ntracestate: foo=1,dd=s:-1", []string{"x-datadog-origin-", "dd s:1", "dd- o:"}},
	{"tracestate_dd origin 5", "W", w1 + "01\ntracestate: foo=1,dd=s:-1;o:synthetics-browser", []string{"x-datadog-origin: synthetics-browser", "dd o:synthetics-browser"}},
	{"tracestate_dd origin 6", "W", w1 + "01\ntracestate: foo=1,dd=s:-1;o:tracing2.0", []string{"x-datadog-origin: tracing2.0", "dd o:tracing2.0"}},
	{"tracestate_dd tags 1", "W", dd7 + "x-datadog-tags: _dd.p.usr.id=MTIz", []string{"tag _dd.p.usr.id=MTIz", "dd t.usr.id:MTIz"}},
	{"tracestate_dd tags 2", "W", dd7 + "x-datadog-tags: _dd.p.dm=-4,_dd.p.usr.id=baz64==\nx-datadog-sampling-priority: 1",
		[]string{"x-datadog-tags: _dd.p.dm=-4,_dd.p.usr.id=baz64==", "dd t.dm:-4", "dd t.usr.id:baz64~~"}},
	{"tracestate_dd tags 3", "W", dd7 + "x-datadog-tags: _dd.p.dm=-4,_dd.p.usr.id=baz64==,_dd.p.url=http://localhost\nx-datadog-sampling-priority: 1",
		[]string{"x-datadog-tags: _dd.p.dm=-4,_dd.p.usr.id=baz64==,_dd.p.url=http://localhost", "dd t.dm:-4", "dd t.usr.id:baz64~~", "dd t.url:http://localhost"}},
	{"tracestate_dd tags 4", "W", w1 + "01\ntracestate: foo=1,dd=s:-1", []string{"dd s:1", "tag _dd.p.dm=-0", "dd t.dm:-0", "tag _dd.p.tid=1234567890123456"}},
	{"tracestate_dd same_dm 1", "W", w1 + "01\ntracestate: foo=1,dd=s:0;t.dm:-0;t.usr.id:baz64~~",
		[]string{"x-datadog-sampling-priority: 1", "tag _dd.p.dm=-0", "tag _dd.p.usr.id=baz64==", "dd s:1", "dd t.dm:-0", "dd t.usr.id:baz64~~"}},
	{"tracestate_dd same_dm 2", "W", w1 + "00\ntracestate: foo=1,dd=s:1;t.dm:-0;t.usr.id:baz64~~;t.url:http://localhost",
		[]string{"x-datadog-sampling-priority: 0", "tag- _dd.p.dm", "tag _dd.p.usr.id=baz64==", "tag _dd.p.url=http://localhost", "dd s:0", "dd- t.dm", "dd t.usr.id:baz64~~", "dd t.url:http://localhost"}},
	{"tracestate_dd reset_dm 1", "W", w1 + "01\ntracestate: foo=1,dd=s:-1;t.dm:-4;t.usr.id:baz64~~",
		[]string{"x-datadog-sampling-priority: 1", "tag _dd.p.dm=-0", "tag _dd.p.usr.id=baz64==", "dd s:1", "dd t.dm:-0", "dd t.usr.id:baz64~~"}},
	{"tracestate_dd reset_dm 2", "W", w1 + "00\ntracestate: foo=1,dd=s:2;t.dm:-4;t.usr.id:baz64~~;t.url:http://localhost",
		[]string{"x-datadog-sampling-priority: 0", "tag- _dd.p.dm", "tag _dd.p.usr.id=baz64==", "tag _dd.p.url=http://localhost", "dd s:0", "dd- t.dm", "dd t.usr.id:baz64~~", "dd t.url:http://localhost"}},
	{"tracestate_dd 32 members 1", "W", w1 + "01\ntracestate: " + vendors(31) + ",dd=s:-1", []string{"first", "members 32", "state key31=value31"}},
	{"tracestate_dd 32 members 2", "W", w1 + "01\ntracestate: dd=s:-1," + vendors(31), []string{"first", "members 32", "state key31=value31"}},
	{"tracestate_dd 32 members 3", "W", w1 + "01\ntracestate: " + vendors(31), []string{"first", "members 32", "state key31=value31"}},
	{"tracestate_dd 32 members 4", "W", w1 + "01", []string{"first", "members 1"}},
	{"tracestate_dd evicts", "W", w1 + "01\ntracestate: " + vendors(32), []string{"first", "members 32", "state- key32"}},

	{"datadog D004", "D", dd1 + "x-datadog-sampling-priority: 2\nx-datadog-origin: synthetics\nx-datadog-tags: _dd.p.dm=-4",
		[]string{"x-datadog-trace-id: 123456789", "x-datadog-parent-id! 987654321", "x-datadog-sampling-priority: 2", "x-datadog-origin: synthetics", "tag _dd.p.dm=-4"}},
	{"datadog D005", "D", "x-datadog-trace-id: 0\nx-datadog-parent-id: 0\nx-datadog-sampling-priority: 2\nx-datadog-origin: synthetics\nx-datadog-tags: _dd.p.dm=-4",
		[]string{"x-datadog-trace-id! 0", "x-datadog-parent-id! 0", "x-datadog-sampling-priority! 2", "tag- _dd.p.dm"}},

	{"precedence datadog 1", "d", "", []string{"x-datadog-sampling-priority: 1", "traceparent-", "tracestate-"}},
	{"precedence datadog 3", "d", w1 + "01\ntracestate: foo=1", []string{"x-datadog-sampling-priority: 1", "traceparent-", "tracestate-"}},
	{"precedence datadog 4", "d", w1 + "01\ntracestate: foo=1\n" + dd1 + low2, []string{"x-datadog-trace-id: 123456789", "x-datadog-sampling-priority: -2", "traceparent-", "tracestate-"}},
	{"precedence datadog 6", "d", wBad + dd1 + low2, []string{"x-datadog-trace-id: 123456789", "x-datadog-sampling-priority: -2", "traceparent-", "tracestate-"}},

	{"precedence tracecontext_datadog 1", "W", "", []string{"same", "first"}},
	{"precedence tracecontext_datadog 2", "W", w1 + "01", []string{"same", "first", "members 1", "trace 12345678901234567890123456789012"}},
	{"precedence tracecontext_datadog 3", "W", w1 + "01\ntracestate: foo=1", []string{"same", "first", "members 2", "state foo=1"}},
	{"precedence tracecontext_datadog 4", "W", w1 + "01\ntracestate: foo=1\n" + dd1 + low2, []string{"same", "first", "members 2", "state foo=1", "x-datadog-sampling-priority! -2"}},
	{"precedence tracecontext_datadog 5", "W", dd1 + low2, []string{"same", "first", "members 1", "x-datadog-trace-id: 123456789", "x-datadog-sampling-priority: -2"}},
	{"precedence tracecontext_datadog 6", "W", wBad + dd1 + low2, []string{"same", "first", "members 1", "x-datadog-trace-id: 123456789", "x-datadog-sampling-priority: -2"}},
	{"precedence datadog_tracecontext 1", "D", "", []string{"same", "first"}},
	{"precedence datadog_tracecontext 2", "D", w1 + "01", []string{"same", "first", "members 1", "trace 12345678901234567890123456789012"}},
	{"precedence datadog_tracecontext 3", "D", w1 + "01\ntracestate: foo=1", []string{"same", "first", "members 2", "state foo=1"}},
	{"precedence datadog_tracecontext 4", "D", w1 + "01\ntracestate: foo=1\n" + dd1 + low2, []string{"same", "first", "members 1", "x-datadog-trace-id: 123456789", "x-datadog-sampling-priority: -2"}},
	{"precedence datadog_tracecontext 5", "D", dd1 + low2, []string{"same", "first", "members 1", "x-datadog-sampling-priority: -2"}},
	{"precedence datadog_tracecontext 6", "D", wBad + dd1 + low2, []string{"same", "first", "members 1", "x-datadog-sampling-priority: -2"}},

	{"precedence tracestate last 1", "B", both(1, "dd=s:2;t.tid:1111111111111111,foo=1", 1, 987654321), []string{"same", "trace 11111111111111110000000000000001", "state foo=1"}},
	{"precedence tracestate last 2", "B", both(2, "dd=s:1;t.tid:1111111111111111,foo=1", 2, 987654321), []string{"same", "trace 11111111111111110000000000000002", "state foo=1", "dd s:2"}},
	{"precedence tracestate last 3", "B", both(3, "foo=1", 3, 987654321), []string{"same", "trace 11111111111111110000000000000003", "state foo=1", "dd s:2"}},
	{"precedence tracestate last 4", "B", both(4, "dd=s:2;t.tid:1111111111111111,foo=1", 4, 3540), []string{"same", "trace 11111111111111110000000000000004", "state foo=1"}},
	{"precedence tracestate last 5", "B", both(5, "foo=1", 3541, 987654321), []string{"same", "trace 11111111111111110000000000000dd5", "state- foo"}},
	{"precedence tracestate first 1", "T", both(1, "dd=s:2;t.tid:1111111111111111,foo=1", 1, 987654321), []string{"same", "trace 11111111111111110000000000000001", "state foo=1"}},
	{"precedence tracestate first 2", "T", both(2, "dd=s:1;t.tid:1111111111111111,foo=1", 2, 987654321), []string{"same", "trace 11111111111111110000000000000002", "state foo=1", "dd s:1", "dd- s:2"}},
	{"precedence tracestate first 3", "T", both(3, "foo=1", 3, 987654321), []string{"same", "trace 11111111111111110000000000000003", "state foo=1", "dd s:1", "dd- s:2"}},
	{"precedence tracestate first 4", "T", both(4, "dd=s:2;t.tid:1111111111111111,foo=1", 4, 3540), []string{"same", "trace 11111111111111110000000000000004", "state foo=1"}},
	{"precedence tracestate first 5", "T", both(5, "foo=1", 3541, 987654321), []string{"same", "trace 11111111111111110000000000000005", "state foo=1"}},
}

const (
	dd7  = "x-datadog-trace-id: 7890123456789012\nx-datadog-parent-id: 1234567890123456\n"
	dd1  = "x-datadog-trace-id: 123456789\nx-datadog-parent-id: 987654321\n"
	low2 = "x-datadog-sampling-priority: -2"
	w1   = "traceparent: 00-12345678901234567890123456789012-1234567890123456-"
	wBad = "traceparent: 00-12345678901234567890123456789012-0000000000000000-01\ntracestate: foo=1\n"
)

// vendors returns a list of n members.
func vendors(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("key%d=value%d", i+1, i+1))
	}
	return strings.Join(list, ",")
}

// both returns W3C's and Datadog's headers, with priority 2.
func both(w3c int, state string, trace, span int) string {
	return fmt.Sprintf("traceparent: 00-1111111111111111%016x-000000003ade68b1-01\ntracestate: %s\n", w3c, state) +
		fmt.Sprintf("x-datadog-trace-id: %d\nx-datadog-parent-id: %d\n", trace, span) +
		"x-datadog-sampling-priority: 2\nx-datadog-tags: _dd.p.tid=1111111111111111"
}

// ddStyles are lists of propagation styles.
var ddStyles = map[string][]propagation.Format{
	"W": {propagation.W3C, propagation.Datadog},
	"D": {propagation.Datadog, propagation.W3C},
	"d": {propagation.Datadog},
	"B": {propagation.Datadog, propagation.B3Multi, propagation.W3C},
	"T": {propagation.W3C, propagation.Datadog, propagation.B3Multi},
}

// TestDatadogFacts compares the headers that are sent with a local span with DataDog's system-tests.
func TestDatadogFacts(t *testing.T) {
	failed := 0
	for _, row := range ddFacts {
		p := compile(t, propagation.Config{Formats: ddStyles[row.styles], Emit: ddStyles[row.styles]})
		ctx, _ := tracer(t, sdktrace.ParentBased(sdktrace.AlwaysSample())).Start(received(p, headerLines(row.in)...), "server")
		out := outFacts{sentMetadata(p, ctx)}
		var wrong []string
		for _, fact := range row.facts {
			if !out.holds(fact) {
				wrong = append(wrong, fact)
			}
		}
		if wrong != nil {
			failed++
			t.Errorf("%s: %q is false for the sent headers %q", row.test, wrong, out.h)
		}
	}
	t.Logf("%d of %d cases are true", len(ddFacts)-failed, len(ddFacts))
}

// outFacts are the sent headers, as metadata.
type outFacts struct{ h map[string][]string }

func (o outFacts) header(name string) string { return strings.Join(o.h[name], ",") }

// list returns the tags, the members of tracestate, or the parts of the member dd.
func (o outFacts) list(of string) []string {
	switch state := strings.Split(o.header("tracestate"), ","); of {
	case "tag":
		return strings.Split(o.header("x-datadog-tags"), ",")
	case "state":
		return state
	default:
		return strings.Split(o.member(), ";")
	}
}

// member returns the value of dd.
func (o outFacts) member() string {
	for m := range strings.SplitSeq(o.header("tracestate"), ",") {
		if value, ok := strings.CutPrefix(m, "dd="); ok {
			return value
		}
	}
	return ""
}

// holds reports whether a fact is true.
func (o outFacts) holds(fact string) bool {
	what, value, _ := strings.Cut(fact, " ")
	parent := strings.Split(o.header("traceparent")+"---", "-")
	switch what {
	case "tag", "dd", "state":
		return slices.Contains(o.list(what), value)
	case "tag-", "dd-", "state-":
		return !slices.ContainsFunc(o.list(strings.TrimSuffix(what, "-")), func(s string) bool { return strings.HasPrefix(s, value) })
	case "first":
		return strings.HasPrefix(o.header("tracestate"), "dd=")
	case "members":
		return o.header("tracestate") != "" && fmt.Sprint(len(o.list("state"))) == value
	case "flags":
		return parent[3] == value
	case "trace":
		return parent[1] == value
	case "same":
		trace, _ := strconv.ParseUint(parent[1][min(16, len(parent[1])):], 16, 64)
		span, _ := strconv.ParseUint(parent[2], 16, 64)
		return fmt.Sprint(trace) == o.header("x-datadog-trace-id") && fmt.Sprint(span) == o.header("x-datadog-parent-id")
	}
	switch name, ok := strings.CutSuffix(what, "!"); {
	case ok:
		return o.header(name) != value
	case strings.HasSuffix(fact, "-") && value == "":
		return o.h[strings.TrimSuffix(fact, "-")] == nil
	}
	return o.header(strings.TrimSuffix(what, ":")) == value
}
