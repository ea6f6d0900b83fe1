package propagationtest_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
)

const page = "../../docs/testing.md"

// TestPage holds docs/testing.md to the package: each block of Go is in a test, and the table has all cases.
func TestPage(t *testing.T) {
	text, source := readFile(t, page), strings.Builder{}
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f != "page_test.go" {
			source.WriteString(flat(readFile(t, f)) + "\n")
		}
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)\n```").FindAllStringSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("the page has %d blocks of Go", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(source.String(), "\n"+flat(b[1])+"\n") {
			t.Errorf("no test has\n%s", b[1])
		}
	}
	for _, c := range propagationtest.Cases(propagationtest.OldEnvoy(), propagationtest.Formats(propagation.AllFormats()...)) {
		if row := "| " + c.Name + " | " + c.Explanation + " |\n"; !strings.Contains(text, row) && !strings.HasPrefix(c.Name, "behind ") {
			t.Errorf("the page lacks the row\n%s", row)
		}
	}
}

// flat returns lines without what indents them.
func flat(code string) string { return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "") }

func readFile(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
