package envoy

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/process"
)

// quiet is an Envoy that answers no requests.
func quiet(t *testing.T) (binary string, p Proxy) {
	t.Helper()
	binary, err := Find("")
	if err != nil {
		t.Skip(err)
	}
	port, err := process.HoldPort()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { port.Close() })
	return binary, Proxy{Service: "quiet", Tracer: OpenTelemetry(), Collector: "127.0.0.1:1",
		Listeners: []Listener{{Addr: port.Addr(), Direction: Inbound,
			Routes: []Route{{Name: "none", Host: "*", Prefix: "/", Upstream: "127.0.0.1:1"}}}}}
}

func listens(p Proxy) bool {
	conn, err := net.Dial("tcp", p.Listeners[0].Addr)
	if err == nil {
		conn.Close()
	}
	return err == nil
}

// TestStop: after Stop, or after the end of the context, nothing listens. This is also true if Envoy is the child of a
// launcher.
func TestStop(t *testing.T) {
	binary, p := quiet(t)
	launcher := filepath.Join(t.TempDir(), "launcher")
	if err := os.WriteFile(launcher, []byte("#!/bin/sh\ntrap '' TERM\n"+binary+" \"$@\"\nexit $?\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, binary := range map[string]string{"Envoy": binary, "launcher": launcher} {
		for _, byContext := range []bool{false, true} {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			e, err := Start(ctx, binary, t.TempDir(), p)
			if err != nil {
				t.Fatal(err)
			}
			if !listens(p) {
				t.Fatalf("%s was started, but nothing listens on its port", name)
			}
			if byContext {
				cancel()
				<-e.Done()
			} else {
				e.Stop()
			}
			if listens(p) {
				t.Errorf("%s was stopped, but its port still listens", name)
			}
		}
	}
}

// TestStartFails: the error contains Envoy's message about a configuration that it refuses.
func TestStartFails(t *testing.T) {
	binary, p := quiet(t)
	p.Listeners[0].Sampling.Random = 101
	_, err := Start(t.Context(), binary, t.TempDir(), p)
	if err == nil || !strings.Contains(err.Error(), "RandomSampling") {
		t.Errorf("the error is %v, want Envoy's message about RandomSampling", err)
	}
}

// TestOrphan: if the program is killed, its Envoys are killed, too.
func TestOrphan(t *testing.T) {
	if os.Getenv("MESH_ORPHAN") != "" {
		binary, p := quiet(t)
		if _, err := Start(t.Context(), binary, t.TempDir(), p); err != nil {
			t.Fatal(err)
		}
		fmt.Println("listens", p.Listeners[0].Addr)
		time.Sleep(time.Minute)
		return
	}
	if runtime.GOOS != "linux" {
		t.Skip("only Linux's kernel kills them")
	}
	_, p := quiet(t)
	self := exec.Command(os.Args[0], "-test.run", "^TestOrphan$", "-test.v")
	self.Env = append(os.Environ(), "MESH_ORPHAN=1")
	out, err := self.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := self.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if addr, ok := bytes.CutPrefix(lines.Bytes(), []byte("listens ")); ok {
			p.Listeners[0].Addr = string(addr)
			break
		}
	}
	if !listens(p) {
		t.Fatal("Envoy does not listen")
	}
	if err := self.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = self.Wait() // killed
	for end := time.Now().Add(5 * time.Second); listens(p); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("Envoy still listens after its parent was killed")
		}
	}
}
