package traceferry_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// pages returns the Markdown files that a user reads.
func pages(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", "examples/*/README.md", ".github/*.md", ".github/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 20 {
		t.Fatalf("found %d pages", len(files))
	}
	return files
}

var (
	code    = regexp.MustCompile("(?ms)^```.*?^```|`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinks: each relative link leads to a file or a folder, and each anchor to a heading.
func TestLinks(t *testing.T) {
	links := 0
	for _, page := range pages(t) {
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(read(t, page), ""), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			links++
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s, which does not exist", page, match[1])
			} else if anchor != "" && !anchors(read(t, file))[anchor] {
				t.Errorf("%s links to %s, and %s has no such heading", page, match[1], file)
			}
		}
	}
	if links < 100 {
		t.Errorf("found %d links", links)
	}
}

// anchors returns the anchors that GitHub makes of the headings of a page.
func anchors(text string) map[string]bool {
	found := map[string]bool{}
	text = regexp.MustCompile("(?ms)^```.*?^```").ReplaceAllString(text, "")
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		title := link.ReplaceAllString(match[1], "")
		anchor := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(title), "")
		anchor = strings.ReplaceAll(anchor, " ", "-")
		unique := anchor
		for n := 1; found[unique]; n++ {
			unique = anchor + "-" + strconv.Itoa(n)
		}
		found[unique] = true
	}
	return found
}

// TestDocsIndex: docs/README.md lists every page of docs, and every page begins with a title and a sentence that says what
// the page is for.
func TestDocsIndex(t *testing.T) {
	index := read(t, "docs/README.md")
	files, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	begins := regexp.MustCompile(`\A# [^\n]+\n\nThis page `)
	for _, file := range files {
		text := read(t, file)
		if name := filepath.Base(file); name != "README.md" && !strings.Contains(index, "]("+name+")") {
			t.Errorf("docs/README.md does not list %s", name)
		}
		if !begins.MatchString(text) {
			t.Errorf("%s does not begin with a title and \"This page ...\"", file)
		}
	}
}
