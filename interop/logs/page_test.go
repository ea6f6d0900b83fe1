package logs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/slogtrace"
)

// TestPage holds docs/logs.md to the tests: each of its blocks of Go, each option of its table and the line that it
// shows are in a test.
func TestPage(t *testing.T) {
	page := read(t, "../../docs/logs.md")
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
	blocks := regexp.MustCompile("(?s)```go\n(.*?)\n```").FindAllStringSubmatch(page, -1)
	if len(blocks) < 12 {
		t.Fatalf("the page has %d blocks: has its form changed?", len(blocks))
	}
	for _, block := range blocks {
		if !strings.Contains(source.String(), "\n"+flat(block[1])+"\n") {
			t.Errorf("no test has\n%s", block[1])
		}
	}
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| `([^|]+)` \\| ([^|]+) \\|$").FindAllStringSubmatch(page, -1)
	sets := []slogtrace.Fields{slogtrace.OpenTelemetry(), slogtrace.Datadog(), slogtrace.GoogleCloud("my-project"), slogtrace.Elastic(), slogtrace.Azure()}
	if len(rows) != len(sets) {
		t.Fatalf("the table has %d rows, want %d", len(rows), len(sets))
	}
	for i, row := range rows {
		if !strings.Contains(source.String(), row[1]) {
			t.Errorf("no test has %s", row[1])
		}
		names := []string{sets[i].TraceID, sets[i].SpanID, sets[i].Flags, sets[i].Sampled, sets[i].RequestID}
		names = slices.DeleteFunc(names, func(name string) bool { return name == "" || name == "request_id" })
		if got := strings.ReplaceAll(row[2], " (decimal)", ""); got != strings.Join(names, ", ") {
			t.Errorf("for %s the table has %s, want %v", row[1], got, names)
		}
	}
	if line := `"amount":12,"trace_id":"` + traceID + `","span_id":"` + spanID + `","sampled":true,"request_id":"` + requestID + `"}`; !strings.Contains(page, line) {
		t.Errorf("the page does not show %s", line)
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
