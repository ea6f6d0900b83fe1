package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPageKeepsWhatIsAround(t *testing.T) {
	path := writeFile(t, "# Title\n\n"+beginMarker+"\nold\n"+endMarker+"\n\nThe end.")
	want := "# Title\n\n" + beginMarker + "\n| new |\n" + endMarker + "\n\nThe end."
	for range 2 { // the second time replaces the table of the first
		p, err := openPage(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.write("| new |\n\n"); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != want {
			t.Errorf("got:\n%s\nwant:\n%s", got, want)
		}
	}
}

// An error about a page that cannot be written comes before any measurement.
func TestPageWithoutPlace(t *testing.T) {
	for name, text := range map[string]string{
		"empty":     "",
		"no begin":  endMarker,
		"no end":    beginMarker,
		"two":       beginMarker + endMarker + beginMarker + endMarker,
		"backwards": endMarker + beginMarker,
	} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, text)
			err := run([]string{"-w", "-page", path}, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "marker") {
				t.Errorf("got error %v, want one that names the file and the marker", err)
			}
			if got, _ := os.ReadFile(path); string(got) != text {
				t.Errorf("the file was changed to %q, want no change", got)
			}
		})
	}
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := run([]string{"-w", "-page", path}, io.Discard, io.Discard); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without a file: got error %v, want one that names the file", err)
	}
}
