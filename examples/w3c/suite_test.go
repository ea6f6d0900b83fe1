package main

import (
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otel "go.opentelemetry.io/otel/propagation"
)

// ours is the program's propagator.
var ours = propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C}})

// harnessOf starts the service with a propagator.
func harnessOf(t *testing.T, p otel.TextMapPropagator) *harness {
	t.Helper()
	h, err := startHarness(newService(p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close() })
	return h
}

func TestSuite(t *testing.T) {
	for name, p := range map[string]*propagation.Propagator{
		"W3C":         ours,
		"zero Config": propagation.MustNew(propagation.Config{}),
		"all formats": propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()}),
	} {
		h := harnessOf(t, p)
		for _, c := range suite(2, 2) {
			t.Run(name+"/"+c.name, func(t *testing.T) {
				if err := c.run(h); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestLevels(t *testing.T) {
	names := map[string]bool{}
	for _, c := range suite(2, 2) {
		names[c.name] = true
	}
	if len(names) != 41 {
		t.Errorf("there are %d cases, want 41", len(names))
	}
	for _, levels := range []struct{ strict, spec, cases int }{{2, 2, 41}, {2, 1, 40}, {1, 2, 35}, {1, 1, 34}} {
		if got := len(suite(levels.strict, levels.spec)); got != levels.cases {
			t.Errorf("for %+v there are %d cases, want the number in cases", levels, got)
		}
	}
}

// failsOpenTelemetry are the cases that OpenTelemetry's own propagator is known to fail.
var failsOpenTelemetry = []string{
	// It reads only the first line of a header.
	"test_traceparent_duplicated",
	"test_tracestate_empty_header",
	"test_tracestate_multiple_headers_different_keys",
	"test_tracestate_member_count_limit",
	// Its TraceState refuses these.
	"test_tracestate_duplicated_keys",
	"test_tracestate_key_illegal_vendor_format",
	"test_tracestate_key_length_limit",
}

func TestOpenTelemetrysOwn(t *testing.T) {
	h := harnessOf(t, otel.TraceContext{})
	cases := suite(2, 2)
	passed := 0
	for _, c := range cases {
		err := c.run(h)
		if err == nil {
			passed++
		}
		if known := slices.Contains(failsOpenTelemetry, c.name); known != (err != nil) {
			t.Errorf("%s: the result is %v; the case is known to fail: %v", c.name, err, known)
		}
	}
	t.Logf("OpenTelemetry's own propagator passes %d of %d cases", passed, len(cases))
	if passed != 34 {
		t.Errorf("OpenTelemetry's own propagator passed %d cases, want 34", passed)
	}
}
