package main

import (
	"bytes"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/judge"
)

// TestGateway: a trace stays whole from a mesh with one tracer into a mesh with another. Users also send headers that
// the second mesh reads. These headers are stale in the second mesh, so nothing may continue their span.
func TestGateway(t *testing.T) {
	needEnvoy(t)
	for _, pair := range [][]string{{"zipkin", "opentelemetry"}, {"opentelemetry", "zipkin"}, {"zipkin-w3c", "opentelemetry"}} {
		t.Run(pair[0]+"/"+pair[1], func(t *testing.T) {
			mustSay(t, mustRun(t, 0, "-tracer", pair[0], "-gateway", pair[1], "-n", "40"),
				"40 requests made 40 traces of 560 spans", "40 whole", "560 lines of access logs", "0 wrong headers")
		})
	}
}

// TestGatewayThatForgets: without this library in the gateway, B3 and W3C are not translated, and traces end there.
func TestGatewayThatForgets(t *testing.T) {
	needEnvoy(t)
	for _, pair := range [][]string{{"zipkin", "opentelemetry"}, {"opentelemetry", "zipkin"}} {
		var out bytes.Buffer
		o, err := parse([]string{"-tracer", pair[0], "-gateway", pair[1], "-n", "5"}, &out)
		if err != nil {
			t.Fatal(err)
		}
		o.forgets = true
		v, err := o.run(t.Context(), &out)
		if err != nil {
			t.Fatal(err)
		}
		if v.Good() || v.Whole > 0 || v.Faults[judge.Split]+v.Faults[judge.Orphan]+v.Faults[judge.Misplaced] == 0 {
			t.Errorf("%v: %v\n%q", pair, v, v.Findings)
		}
	}
}

// TestGatewayBroken: behind a gateway, the program also reports an application that forwards nothing.
func TestGatewayBroken(t *testing.T) {
	needEnvoy(t)
	mustSay(t, mustRun(t, 1, "-gateway", "opentelemetry", "-app", "broken", "-n", "5"), "5 requests made 35 traces", "5 split")
}

func TestStale(t *testing.T) {
	for _, c := range []struct {
		near, far string
		want      []string
	}{
		{"zipkin", "opentelemetry", []string{"traceparent", "tracestate"}},
		{"opentelemetry", "zipkin", []string{"x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags", "b3"}},
		{"zipkin-w3c", "opentelemetry", nil},
	} {
		near, _ := named(tracers, "tracer", c.near)
		far, _ := named(tracers, "tracer", c.far)
		if got := stale(near, far); !slices.Equal(got, c.want) {
			t.Errorf("stale from %s to %s returns %q, want %q", c.near, c.far, got, c.want)
		}
	}
}
