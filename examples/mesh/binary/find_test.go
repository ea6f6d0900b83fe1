package binary

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFind: PATH takes precedence over the cache. The error has the command that builds the program.
func TestFind(t *testing.T) {
	onPath, cache := t.TempDir(), t.TempDir()
	t.Setenv("PATH", onPath)
	t.Setenv("XDG_CACHE_HOME", cache)
	t.Setenv("HOME", cache)
	dir, err := Cache()
	if err != nil {
		t.Fatal(err)
	}
	var missing *MissingError
	if _, err := Find("caddy"); !errors.As(err, &missing) || !strings.Contains(err.Error(), "go -C examples/mesh run ./cmd/build caddy") {
		t.Errorf("the error is %v, want a MissingError with the command that builds the program", err)
	}
	for _, d := range []string{dir, onPath} {
		want := filepath.Join(d, "caddy")
		if err := errors.Join(os.MkdirAll(d, 0o700), os.WriteFile(want, []byte("#!/bin/sh\n"), 0o700)); err != nil {
			t.Fatal(err)
		}
		if got, err := Find("caddy"); err != nil || got != want {
			t.Errorf("found %q, %v instead of %q", got, err, want)
		}
	}
}

func TestBuildUnknown(t *testing.T) {
	if err := Build(t.Context(), "no-such", nil); err == nil {
		t.Error("Build accepts a program without a Source, want an error")
	}
}
