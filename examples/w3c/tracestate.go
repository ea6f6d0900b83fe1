package main

import (
	"fmt"
	"strings"
)

// tracestateCases are the suite's tests of tracestate.
var tracestateCases = []testCase{
	{name: "test_tracestate_included_traceparent_missing", requests: []request{
		restarts(tracestate("foo=1")),
		restarts(tracestate("foo=1,bar=2")),
	}},
	{name: "test_tracestate_included_traceparent_included", requests: []request{
		keeps([]string{"foo=1,bar=2"}, "foo=1,bar=2"),
	}},
	{name: "test_tracestate_header_name", requests: []request{
		continues(traceparent("00-12345678901234567890123456789012-1234567890123456-00"), "trace-state: foo=1"),
		continues(traceparent("00-12345678901234567890123456789012-1234567890123456-00"), "trace.state: foo=1"),
	}},
	{name: "test_tracestate_header_name_valid_casing", requests: []request{
		spelled("TraceState"), spelled("TrAcEsTaTe"), spelled("TRACESTATE"),
	}},
	{name: "test_tracestate_empty_header", requests: []request{
		keeps([]string{""}, ""),
		keeps([]string{"foo=1", ""}, "foo=1"),
		keeps([]string{"", "foo=1"}, "foo=1"),
	}},
	{name: "test_tracestate_multiple_headers_different_keys", requests: []request{
		keeps([]string{"foo=1,bar=2", "rojo=1,congo=2", "baz=3"}, "foo=1,bar=2,rojo=1,congo=2,baz=3"),
	}},
	{name: "test_tracestate_duplicated_keys", strict: true, requests: []request{ // both may be sent, or one of them
		keeps([]string{"foo=1,foo=1"}, "foo=1,foo=1", "foo=1"),
		keeps([]string{"foo=1,foo=2"}, "foo=1,foo=2", "foo=1", "foo=2"),
		keeps([]string{"foo=1", "foo=1"}, "foo=1,foo=1", "foo=1"),
		keeps([]string{"foo=1", "foo=2"}, "foo=1,foo=2", "foo=1", "foo=2"),
	}},
	{name: "test_tracestate_all_allowed_characters", requests: []request{
		unchanged(everyKeyChar + "=" + everyValueChar),
		unchanged(everyKeyChar + "@a-z0-9_-*/=" + everyValueChar),
	}},
	{name: "test_tracestate_ows_handling", requests: []request{
		keeps([]string{"foo=1 \t , \t bar=2, \t baz=3"}, "foo=1,bar=2,baz=3"),
		keeps([]string{"foo=1\t \t,\t \tbar=2,\t \tbaz=3"}, "foo=1,bar=2,baz=3"),
		keeps([]string{" foo=1"}, "foo=1"),
		keeps([]string{"\tfoo=1"}, "foo=1"),
		keeps([]string{"foo=1 "}, "foo=1"),
		keeps([]string{"foo=1\t"}, "foo=1"),
		keeps([]string{"\t foo=1 \t"}, "foo=1"),
	}},
	{name: "test_tracestate_key_illegal_characters", strict: true, requests: []request{
		drops("foo =1"), drops("FOO=1"), drops("foo.bar=1"),
	}},
	{name: "test_tracestate_key_illegal_vendor_format", strict: true, requests: []request{
		unchanged("foo@=1,bar=2"), drops("@foo=1,bar=2"), unchanged("foo@@bar=1,bar=2"), unchanged("foo@bar@baz=1,bar=2"),
	}},
	{name: "test_tracestate_member_count_limit", strict: true, requests: []request{
		keeps([]string{bars(1, 10), bars(11, 20), bars(21, 30), bars(31, 32)}, bars(1, 32)),
		drops(bars(1, 10), bars(11, 20), bars(21, 30), bars(31, 33)),
	}},
	{name: "test_tracestate_key_length_limit", strict: true, requests: []request{
		unchanged("foo=1", strings.Repeat("z", 256)+"=1"),
		drops("foo=1", strings.Repeat("z", 257)+"=1"),
		unchanged("foo=1", strings.Repeat("t", 241)+"@"+strings.Repeat("v", 14)+"=1"),
		unchanged("foo=1", strings.Repeat("t", 242)+"@v=1"),
		unchanged("foo=1", "t@"+strings.Repeat("v", 15)+"=1"),
	}},
	{name: "test_tracestate_value_illegal_characters", strict: true, requests: []request{
		drops("foo=bar=baz"), drops("foo=,bar=3"),
	}},
}

const everyKeyChar = "abcdefghijklmnopqrstuvwxyz0123456789_-*/"

// everyValueChar contains all printable ASCII characters except "," and "=".
const everyValueChar = " !\"#$%&'()*+-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"

// unchanged is a request whose tracestate must be sent unchanged.
func unchanged(lines ...string) request { return keeps(lines, strings.Join(lines, ",")) }

// spelled is a request with a tracestate in the given spelling.
func spelled(name string) request {
	r := unchanged("foo=1")
	r.lines[1] = name + ": foo=1"
	return r
}

// bars returns a list of members that begins with bar01=01.
func bars(from, to int) string {
	var list []string
	for n := from; n <= to; n++ {
		list = append(list, fmt.Sprintf("bar%02d=%02d", n, n))
	}
	return strings.Join(list, ",")
}
