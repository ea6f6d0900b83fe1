package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/traceferry/traceferry/propagation"
)

func TestRolloutIsGreen(t *testing.T) {
	var out, errs bytes.Buffer
	if exit := run(rollout, &out, &errs); exit != 0 || errs.Len() > 0 {
		t.Fatalf("exit %d\n%s%s", exit, &errs, &out)
	}
	for line := range strings.Lines(out.String()) {
		if line = strings.TrimSuffix(line, "\n"); utf8.RuneCountInString(line) > 100 || strings.HasPrefix(line, "NO") {
			t.Errorf("wrong line %q in the output", line)
		}
	}
	for _, s := range rollout {
		if !strings.Contains(out.String(), "\n"+s.what+" ") {
			t.Errorf("the output does not mention %q", s.what)
		}
	}
	_, shown, _ := strings.Cut(out.String(), "\n\norders sends at step 2:\n")
	if want := "Traceparent: " + inW3C.Get("Traceparent") + "\n"; shown != want {
		t.Errorf("after step 2 the output is %q, want %q", shown, want)
	}
}

// TestAnyOrder: in whatever order services take a step, each one continues its caller's trace, whether or not the
// caller has taken the step.
func TestAnyOrder(t *testing.T) {
	for _, s := range []struct {
		name     string
		from, to step
		clients  []http.Header
	}{
		{"step 1", before, step1, []http.Header{inB3, inBoth}},
		{"step 2", step1, step2, []http.Header{inB3, inBoth, inW3C}},
		{"after", step2, after, []http.Header{inBoth, inW3C}},
	} {
		t.Run(s.name, func(t *testing.T) {
			for taken := range 1 << 3 {
				at := []step{s.from, s.from, s.from}
				for i := range at {
					if taken>>i&1 != 0 {
						at[i] = s.to
					}
				}
				for _, client := range s.clients {
					calls, _, err := send(client, at)
					if err != nil {
						t.Fatal(err)
					}
					for i, c := range calls {
						if f := format(c.headers); c.trace != traceID || f == "others" || f == "nothing" {
							t.Errorf("taken by %03b, from a client that sends %s: call %d is in %s and continues %s", taken, format(client), i, f, c.trace)
						}
					}
				}
			}
		})
	}
}

// TestWrongWays: the program finds and prints wrong results.
func TestWrongWays(t *testing.T) {
	silent := func(n *b3Callers) propagation.Config {
		c := step1(n)
		c.Emit = nil
		return c
	}
	impossible := func(*b3Callers) propagation.Config {
		return propagation.Config{Formats: []propagation.Format{99}}
	}
	good := stage{"good", "", inB3, []step{step1, step1, step1}, []string{"B3", "B3+W3C", "B3+W3C"}, 1}
	for name, test := range map[string]struct {
		change func(*stage)
		exit   int
		says   string
	}{
		"nothing":                            {func(*stage) {}, 0, "B3+W3C   1\n"},
		"step 2 before what is called":       {func(s *stage) { s.at = []step{step1, step2, before} }, 1, "NO: stock does not continue its caller's trace\n"},
		"B3 is dropped while a caller lives": {func(s *stage) { s.at = []step{after, step2, step2} }, 1, "NO: web does not continue its caller's trace\n"},
		"W3C is not written":                 {func(s *stage) { s.at[0] = silent }, 1, "NO: B3, B3+W3C, B3+W3C should have been sent\n"},
		"a count is wrong":                   {func(s *stage) { s.alone = 2 }, 1, "NO: 2 should have been counted\n"},
		"a service cannot start":             {func(s *stage) { s.at[1] = impossible }, 2, "migration: "},
	} {
		t.Run(name, func(t *testing.T) {
			s := good
			s.at = append([]step(nil), good.at...)
			test.change(&s)
			var out bytes.Buffer
			if exit := run([]stage{s}, &out, &out); exit != test.exit || !strings.Contains(out.String(), test.says) {
				t.Errorf("exit %d, want %d and the text %q in\n%s", exit, test.exit, test.says, &out)
			}
		})
	}
}

// TestEverySpelling: the counter counts both forms of B3 if a request has only B3.
func TestEverySpelling(t *testing.T) {
	single := http.Header{"B3": {traceID + "-a2fb4a1d1a96d312-1"}}
	for name, test := range map[string]struct {
		client http.Header
		want   int
	}{
		"multi": {inB3, 1}, "single": {single, 1}, "both formats": {inBoth, 0}, "W3C": {inW3C, 0}, "nothing": {http.Header{}, 0},
	} {
		for _, s := range []step{step1, step2} {
			if _, counted, err := send(test.client, []step{s}); err != nil || counted != test.want {
				t.Errorf("%s: counted %d, want %d; error %v", name, counted, test.want, err)
			}
		}
	}
}
