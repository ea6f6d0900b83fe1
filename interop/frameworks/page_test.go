package frameworks

import (
	"regexp"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/page"
)

// TestPage holds docs/frameworks.md to the tests: each of its blocks of Go, and each line of its table, is in a test.
func TestPage(t *testing.T) {
	text, sources := page.Read(t, "../../docs/frameworks.md"), page.Sources(t, ".", "more")
	page.CheckBlocks(t, text, sources, 55)
	rows := regexp.MustCompile("(?m)^\\| \\[[^|]+\\| `([^|]+)` \\|[^|]+\\|$").FindAllStringSubmatch(text, -1)
	if len(rows) < 34 {
		t.Fatalf("the page has %d rows: has its form changed?", len(rows))
	}
	for _, row := range rows {
		if !strings.Contains(sources, row[1]) {
			t.Errorf("no test has %s", row[1])
		}
	}
}

// TestAnswerPage holds docs/response.md to the tests, too.
func TestAnswerPage(t *testing.T) {
	page.CheckBlocks(t, page.Read(t, "../../docs/response.md"), page.Sources(t, "."), 8)
}
