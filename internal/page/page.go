// Package page is for the tests of the pages in docs. It checks that each block of Go on a page is code that a test runs.
package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Read returns the text of a file.
func Read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Sources returns the text of the tests in some folders, without the indentation of lines. It leaves out page_test.go.
// folders are patterns of filepath.Glob: "." is the current folder, and "*" are the folders in it.
func Sources(t *testing.T, folders ...string) string {
	t.Helper()
	var source strings.Builder
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s has no tests: %v", folder, err)
		}
		for _, file := range files {
			if filepath.Base(file) != "page_test.go" {
				source.WriteString(flat(Read(t, file)) + "\n")
			}
		}
	}
	return source.String()
}

// CheckBlocks checks that each block of Go in text is in the sources, and that there are at least so many.
func CheckBlocks(t *testing.T, text, sources string, least int) {
	t.Helper()
	blocks := regexp.MustCompile("(?s)```go\n(.*?)\n```").FindAllStringSubmatch(text, -1)
	if len(blocks) < least {
		t.Fatalf("the page has %d blocks: has its form changed?", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(sources, "\n"+flat(block[1])+"\n") {
			t.Errorf("no test has\n%s", block[1])
		}
	}
}

// flat returns lines without their indentation.
func flat(code string) string { return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "") }
