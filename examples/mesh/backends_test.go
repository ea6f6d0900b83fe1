package main

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// needBackend skips a test if its backend is missing.
func needBackend(t *testing.T, name string) {
	t.Helper()
	needEnvoy(t)
	b, err := named(backends, "backend", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.find(); err != nil {
		t.Skip(err)
	}
}

// TestBackends: a real backend returns whole traces by its API. If the application forwards nothing, the program
// reports split traces.
func TestBackends(t *testing.T) {
	for _, b := range backends {
		t.Run(b.name, func(t *testing.T) {
			needBackend(t, b.name)
			mustSay(t, mustRun(t, 0, "-backend", b.name, "-n", "40"), "40 requests made 40 traces of 560 spans", "40 whole", "users: users.names")
			mustSay(t, mustRun(t, 1, "-backend", b.name, "-n", "5", "-app", "broken"), "5 requests made 35 traces of 70 spans", "5 split")
		})
	}
}

// TestWait: with -wait, the backend's user interface shows the trace until an interrupt. After that, nothing listens
// there.
func TestWait(t *testing.T) {
	needBackend(t, "zipkin")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out, in := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- run(ctx, []string{"-backend", "zipkin", "-n", "2", "-wait"}, in, in)
		in.Close()
	}()
	var host, said string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		url, found := strings.CutPrefix(lines.Text(), "look at ")
		if said += lines.Text() + "\n"; !found {
			continue
		}
		url, _, _ = strings.Cut(url, " ")
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		page, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !strings.Contains(string(page), "<title>Zipkin</title>") {
			t.Errorf("%s answers %s, %v\n%s", url, resp.Status, err, page)
		}
		host = resp.Request.URL.Host
		if ip, _, _ := net.SplitHostPort(host); !net.ParseIP(ip).IsLoopback() {
			t.Errorf("the backend listens on %s, want a loopback address", host)
		}
		break
	}
	interrupt()
	go io.Copy(io.Discard, out)
	if got := <-exit; got != 0 || host == "" {
		t.Fatalf("mesh exits with %d after the interrupt:\n%s", got, said)
	}
	if conn, err := net.Dial("tcp", host); err == nil {
		conn.Close()
		t.Errorf("something still listens on %s", host)
	}
}

// TestNoBackend: the error has the command that installs the missing program.
func TestNoBackend(t *testing.T) {
	t.Setenv("ZIPKIN", "/nowhere.jar")
	t.Setenv("JAEGER", "no-such-jaeger")
	mustSay(t, mustRun(t, 2, "-envoy", "true", "-backend", "jaeger"), "no Jaeger", "go -C examples/mesh run ./cmd/build jaeger")
	said := mustRun(t, 2, "-envoy", "true", "-backend", "zipkin")
	if !strings.Contains(said, "needs Java") {
		mustSay(t, said, "no Zipkin server", "mvn dependency:copy -Dartifact=io.zipkin:zipkin-server:", "$ZIPKIN")
	}
}

func TestBackendUsage(t *testing.T) {
	for _, args := range [][]string{{"-backend", "none"}, {"-backend", "zipkin", "-tracer", "xray"}, {"-wait"},
		{"-gateway", "none"}, {"-gateway", "xray"}, {"-gateway", "zipkin", "-tracer", "datadog"}, {"-gateway", "zipkin", "-backend", "zipkin"}} {
		mustRun(t, 2, append(args, "-envoy", "true")...)
	}
	mustSay(t, mustRun(t, 2, "-gateway", "zipkin", "-mesh", "caddy"), "-gateway is for -mesh envoy alone")
}
