package frameworks

import (
	"regexp"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/page"
)

// TestPage checks docs/frameworks.md: each block of Go, and each line of its table, must be in a test.
func TestPage(t *testing.T) {
	text, sources := page.Read(t, "../../docs/frameworks.md"), page.Sources(t, ".", "more")
	page.CheckBlocks(t, text, sources, 55)
	rows := regexp.MustCompile("(?m)^\\| \\[[^|]+\\| `([^|]+)` \\|[^|]+\\|$").FindAllStringSubmatch(text, -1)
	if len(rows) < 34 {
		t.Fatalf("the page has %d rows: has its form changed?", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(sources, row[1]) {
			t.Errorf("no test contains %s, which is on the page", row[1])
		}
	}
}

// TestAnswerPage checks the blocks of Go in docs/response.md in the same way.
func TestAnswerPage(t *testing.T) {
	page.CheckBlocks(t, page.Read(t, "../../docs/response.md"), page.Sources(t, "."), 8)
}
