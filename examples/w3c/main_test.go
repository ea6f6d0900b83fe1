package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		env  string // the value of STRICT_LEVEL
		exit int
		last string // the end of the output
	}{
		"suite":           {nil, "2", 0, "41 of 41 cases passed at strict level 2, spec level 2\n"},
		"level 1":         {nil, "1", 0, "35 of 35 cases passed at strict level 1, spec level 2\n"},
		"no level":        {nil, "strict", 2, "w3c: STRICT_LEVEL is \"strict\", not a number\n"},
		"help":            {[]string{"-h"}, "2", 0, "be the service, on host:port\n"},
		"no such flag":    {[]string{"-x"}, "2", 2, "be the service, on host:port\n"},
		"argument":        {[]string{"x"}, "2", 2, "w3c: there are no arguments but -listen\n"},
		"no such address": {[]string{"-listen", "127.0.0.1:x"}, "2", 2, "unknown port\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("STRICT_LEVEL", c.env)
			t.Setenv("SPEC_LEVEL", "2")
			var out bytes.Buffer
			if exit := run(t.Context(), c.args, &out, &out); exit != c.exit || !strings.HasSuffix(out.String(), c.last) {
				t.Errorf("exit %d, want %d with %q at the end of\n%s", exit, c.exit, c.last, &out)
			}
		})
	}
}

// The program reports a service that does not continue traces.
func TestRunSuiteTellsOfFailures(t *testing.T) {
	var out bytes.Buffer
	failed, err := runSuite(newService(flaws["begins every trace anew"].propagator), &out)
	if err != nil || failed == 0 || !strings.Contains(out.String(), "FAILED: request 1: the trace is ") {
		t.Errorf("%d failed, %v\n%s", failed, err, &out)
	}
}

// posted is a call of the service, as it arrived.
type posted struct{ method, path, kind, body string }

func TestService(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stdout, out := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"-listen", "127.0.0.1:0"}, out, io.Discard)
		out.Close()
	}()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("printed %q: %v", line, err)
	}

	arrived := make(chan posted, 2)
	callback, err := serve("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived <- posted{r.Method, r.URL.Path, r.Header.Get("Content-Type"), string(body)}
		w.WriteHeader(http.StatusTeapot) // the service must ignore the status
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { callback.close() })
	to := "http://" + callback.address

	for body, want := range map[string]int{
		`[{"url":"` + to + `/a","arguments":[{"url":"x","arguments":[]}]},{"url":"` + to + `/b","arguments":[]}]`: http.StatusOK,
		`[]`:        http.StatusOK,
		`{"url":1}`: http.StatusBadRequest,
		`[{"url":"http://127.0.0.1:1/","arguments":[]}]`: http.StatusBadGateway,
		`[{"url":":","arguments":[]}]`:                   http.StatusBadGateway,
	} {
		resp, err := http.Post(url, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("the body %s gives the status %s, want %d", body, resp.Status, want)
		}
	}
	for _, want := range []posted{
		{"POST", "/a", "application/json", `[{"url":"x","arguments":[]}]`},
		{"POST", "/b", "application/json", `[]`},
	} {
		select {
		case got := <-arrived:
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		default:
			t.Errorf("the service made no call, want %+v", want)
		}
	}

	stop()
	if exit := <-done; exit != 0 {
		t.Errorf("the program exits with %d", exit)
	}
}
