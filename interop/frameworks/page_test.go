package frameworks

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPage holds docs/frameworks.md to the tests: each of its blocks of Go, and each line of its table, is in a test.
func TestPage(t *testing.T) {
	page := read(t, "../../docs/frameworks.md")
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	for _, file := range files {
		if file != "page_test.go" {
			source.WriteString(flat(read(t, file)) + "\n")
		}
	}
	tested := func(code string) bool { return strings.Contains(source.String(), "\n"+flat(code)+"\n") }
	blocks := regexp.MustCompile("(?s)```go\n(.*?)\n```").FindAllStringSubmatch(page, -1)
	rows := regexp.MustCompile("(?m)^\\| \\[[^|]+\\| `([^|]+)` \\|[^|]+\\|$").FindAllStringSubmatch(page, -1)
	if len(blocks) < 25 || len(rows) < 16 {
		t.Fatalf("the page has %d blocks and %d rows: has its form changed?", len(blocks), len(rows))
	}
	for _, block := range blocks {
		if !tested(block[1]) {
			t.Errorf("no test has\n%s", block[1])
		}
	}
	for _, row := range rows {
		if !strings.Contains(source.String(), row[1]) {
			t.Errorf("no test has %s", row[1])
		}
	}
}

// TestPageLinks: each row of the table leads to a section.
func TestPageLinks(t *testing.T) {
	page := read(t, "../../docs/frameworks.md")
	sections := map[string]bool{}
	for _, title := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(page, -1) {
		anchor := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(title[1]), "")
		sections[strings.ReplaceAll(anchor, " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(page, -1) {
		if !sections[link[1]] {
			t.Errorf("there is no section #%s", link[1])
		}
	}
}

// flat returns lines without what indents them.
func flat(code string) string { return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "") }

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
