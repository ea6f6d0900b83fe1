package main

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
)

// needs skips a test of a mesh if a binary is missing.
func needs(t *testing.T, mesh string) {
	t.Helper()
	s, err := named(systems, "mesh", mesh)
	if err != nil {
		t.Fatal(err)
	}
	if s.envoy {
		needEnvoy(t)
	}
	for _, name := range s.needs {
		if _, err := binary.Find(name); err != nil {
			t.Skip(err)
		}
	}
}

// TestSystems: each mesh gives whole traces with each of its tracers. If the application forwards nothing, the program
// reports that.
func TestSystems(t *testing.T) {
	for _, s := range systems {
		if s.name == "envoy" {
			continue // see TestWhole and TestBroken
		}
		for _, tracer := range s.tracers {
			t.Run(s.name+"/"+tracer.name, func(t *testing.T) {
				needs(t, s.name)
				mustSay(t, mustRun(t, 0, "-mesh", s.name, "-tracer", tracer.name, "-n", "40"), "40 requests made 40 traces", "40 whole", "users: users.names", "listeners, all on loopback")
				mustSay(t, mustRun(t, 1, "-mesh", s.name, "-tracer", tracer.name, "-n", "5", "-app", "broken"), "0 whole")
			})
		}
	}
}

// TestMissingBinary: the error has the command that builds the program.
func TestMissingBinary(t *testing.T) {
	t.Setenv("ENVOY", "true")
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	truth, err := envoy.Find("")
	if err != nil {
		t.Skip(err)
	}
	t.Setenv("ENVOY", truth)
	t.Setenv("PATH", t.TempDir())
	for _, s := range systems {
		for _, name := range s.needs {
			mustSay(t, mustRun(t, 2, "-mesh", s.name), "run ./cmd/build "+name)
			break // only the first missing program is reported
		}
	}
}
