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
	source := sources(t)
	blocks := checkBlocks(t, page, source)
	rows := regexp.MustCompile("(?m)^\\| \\[[^|]+\\| `([^|]+)` \\|[^|]+\\|$").FindAllStringSubmatch(page, -1)
	if blocks < 25 || len(rows) < 16 {
		t.Fatalf("the page has %d blocks and %d rows: has its form changed?", blocks, len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(source, row[1]) {
			t.Errorf("no test has %s", row[1])
		}
	}
}

// TestAnswerPage holds docs/answer.md to the tests, too.
func TestAnswerPage(t *testing.T) {
	if blocks := checkBlocks(t, read(t, "../../docs/answer.md"), sources(t)); blocks < 8 {
		t.Fatalf("the page has %d blocks: has its form changed?", blocks)
	}
}

// sources returns the tests of this package, without what indents them.
func sources(t *testing.T) string {
	t.Helper()
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
	return source.String()
}

// checkBlocks checks that each block of Go on a page is in the sources, and returns the number of blocks.
func checkBlocks(t *testing.T, page, source string) int {
	t.Helper()
	blocks := regexp.MustCompile("(?s)```go\n(.*?)\n```").FindAllStringSubmatch(page, -1)
	for _, block := range blocks {
		if !strings.Contains(source, "\n"+flat(block[1])+"\n") {
			t.Errorf("no test has\n%s", block[1])
		}
	}
	return len(blocks)
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
