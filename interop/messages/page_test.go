package messages

import (
	"regexp"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/page"
)

// TestPage checks docs/messages.md: each block of Go, and each line of its tables, must be in a test. A recipe has at
// most ten lines.
func TestPage(t *testing.T) {
	text, sources := page.Read(t, "../../docs/messages.md"), page.Sources(t, "*")
	page.CheckBlocks(t, text, sources, 15)
	for _, row := range regexp.MustCompile(`(?m)^\| \[[^|]+\|(.*)\|$`).FindAllStringSubmatch(text, -1) {
		for _, line := range regexp.MustCompile("`([^`|]+[(){][^`|]*)`").FindAllStringSubmatch(row[1], -1) {
			if !strings.Contains(sources, line[1]) {
				t.Errorf("no test contains %s, which is on the page", line[1])
			}
		}
	}
	_, clients, _ := strings.Cut(text, "\n## Clients\n")
	clients, _, _ = strings.Cut(clients, "\n## ")
	recipes := strings.Split(clients, "\n### ")[1:]
	if len(recipes) < 7 {
		t.Fatalf("the page has %d recipes: has its form changed?", len(recipes))
	}
	for _, recipe := range recipes {
		title, _, _ := strings.Cut(recipe, "\n")
		lines := 0
		for _, block := range regexp.MustCompile("(?s)```go\n(.*?\n)```").FindAllStringSubmatch(recipe, -1) {
			lines += strings.Count(block[1], "\n")
		}
		if lines == 0 || lines > 10 {
			t.Errorf("the recipe of %s has %d lines, want 1 to 10", title, lines)
		}
	}
}
