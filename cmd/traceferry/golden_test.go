package main

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The clock of the golden files.
func init() { now = func() time.Time { return time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC) } }

// expectGolden compares a text with a file, or writes the file.
func expectGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// TestDecodeGolden decodes each input as text and as JSON.
func TestDecodeGolden(t *testing.T) {
	wrong := []string{"clocks", "disagree", "old-envoy", "istio", "devtools.har", "hostile"} // exit status 1
	files, err := filepath.Glob("testdata/decode/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("there is no input", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(file, ".txt")
		want := good
		for _, w := range wrong {
			if filepath.Base(name) == w {
				want = bad
			}
		}
		for ending, args := range map[string][]string{".golden": nil, ".json.golden": {"-json"}} {
			got := runWith(t, "", append([]string{"decode", "-f", file}, args...)...)
			if got.status != want || got.errors != "" {
				t.Errorf("%s: status %d, want %d; errors %q", file, got.status, want, got.errors)
			}
			expectGolden(t, name+ending, got.out)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if piped := runWith(t, string(text), append([]string{"decode"}, args...)...); piped.out != got.out {
				t.Errorf("%s: the standard input says\n%s\nthe file\n%s", file, piped.out, got.out)
			}
		}
	}
}
