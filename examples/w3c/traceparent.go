package main

// traceparentCases are the suite's tests of traceparent.
var traceparentCases = []testCase{
	{name: "test_both_traceparent_and_tracestate_missing", requests: []request{restarts()}},
	{name: "test_traceparent_included_tracestate_missing", requests: []request{
		continues(traceparent("00-12345678901234567890123456789012-1234567890123456-01")),
	}},
	{name: "test_traceparent_duplicated", requests: []request{
		restarts(
			traceparent("00-12345678901234567890123456789011-1234567890123456-01"),
			traceparent("00-12345678901234567890123456789012-1234567890123456-01"),
		),
	}},
	{name: "test_traceparent_header_name", requests: []request{
		restarts("trace-parent: 00-12345678901234567890123456789012-1234567890123456-01"),
		restarts("trace.parent: 00-12345678901234567890123456789012-1234567890123456-01"),
	}},
	{name: "test_traceparent_header_name_valid_casing", requests: []request{
		continues("TraceParent: 00-12345678901234567890123456789012-1234567890123456-01"),
		continues("TrAcEpArEnT: 00-12345678901234567890123456789012-1234567890123456-01"),
		continues("TRACEPARENT: 00-12345678901234567890123456789012-1234567890123456-01"),
	}},
	{name: "test_traceparent_version_0x00", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-1234567890123456-01.")),
		restarts(traceparent("00-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like")),
	}},
	{name: "test_traceparent_version_0xcc", requests: []request{
		continues(traceparent("cc-12345678901234567890123456789012-1234567890123456-01")),
		continues(traceparent("cc-12345678901234567890123456789012-1234567890123456-01-what-the-future-will-be-like")),
		restarts(traceparent("cc-12345678901234567890123456789012-1234567890123456-01.what-the-future-will-be-like")),
	}},
	{name: "test_traceparent_version_0xff", requests: []request{
		restarts(traceparent("ff-12345678901234567890123456789012-1234567890123456-01")),
	}},
	{name: "test_traceparent_version_illegal_characters", requests: []request{
		restarts(traceparent(".0-12345678901234567890123456789012-1234567890123456-01")),
		restarts(traceparent("0.-12345678901234567890123456789012-1234567890123456-01")),
	}},
	{name: "test_traceparent_version_too_long", requests: []request{
		restarts(traceparent("000-12345678901234567890123456789012-1234567890123456-01")),
		restarts(traceparent("0000-12345678901234567890123456789012-1234567890123456-01")),
	}},
	{name: "test_traceparent_version_too_short", requests: []request{
		restarts(traceparent("0-12345678901234567890123456789012-1234567890123456-01")),
	}},
	{name: "test_traceparent_trace_id_all_zero", requests: []request{
		restarts(traceparent("00-00000000000000000000000000000000-1234567890123456-01")),
	}},
	{name: "test_traceparent_trace_id_illegal_characters", requests: []request{
		restarts(traceparent("00-.2345678901234567890123456789012-1234567890123456-01")),
		restarts(traceparent("00-1234567890123456789012345678901.-1234567890123456-01")),
	}},
	{name: "test_traceparent_trace_id_too_long", requests: []request{
		restarts(traceparent("00-123456789012345678901234567890123-1234567890123456-01")),
	}},
	{name: "test_traceparent_trace_id_too_short", requests: []request{
		restarts(traceparent("00-1234567890123456789012345678901-1234567890123456-01")),
	}},
	{name: "test_traceparent_parent_id_all_zero", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-0000000000000000-01")),
	}},
	{name: "test_traceparent_parent_id_illegal_characters", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-.234567890123456-01")),
		restarts(traceparent("00-12345678901234567890123456789012-123456789012345.-01")),
	}},
	{name: "test_traceparent_parent_id_too_long", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-12345678901234567-01")),
	}},
	{name: "test_traceparent_parent_id_too_short", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-123456789012345-01")),
	}},
	{name: "test_traceparent_trace_flags_illegal_characters", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-1234567890123456-.0")),
		restarts(traceparent("00-12345678901234567890123456789012-1234567890123456-0.")),
	}},
	{name: "test_traceparent_trace_flags_too_long", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-1234567890123456-001")),
	}},
	{name: "test_traceparent_trace_flags_too_short", requests: []request{
		restarts(traceparent("00-12345678901234567890123456789012-1234567890123456-1")),
	}},
	{name: "test_traceparent_ows_handling", requests: []request{
		continues(traceparent(" 00-12345678901234567890123456789012-1234567890123456-01")),
		continues(traceparent("\t00-12345678901234567890123456789012-1234567890123456-01")),
		continues(traceparent("00-12345678901234567890123456789012-1234567890123456-01 ")),
		continues(traceparent("00-12345678901234567890123456789012-1234567890123456-01\t")),
		continues(traceparent("\t 00-12345678901234567890123456789012-1234567890123456-01 \t")),
	}},
	{name: "test_propagates_random_flag", level2: true, requests: []request{
		continues(traceparent("00-12345678901234567890123456789012-1234567890123456-02")).asRandom(),
	}},
	{name: "test_multiple_requests_with_valid_traceparent", requests: []request{
		continues(traceparent("00-12345678901234567890123456789012-1234567890123456-01")).times(3),
	}},
	{name: "test_multiple_requests_without_traceparent", requests: []request{restarts().times(3)}},
	{name: "test_multiple_requests_with_illegal_traceparent", requests: []request{
		restarts(traceparent("00-00000000000000000000000000000000-1234567890123456-01")).times(3),
	}},
}
