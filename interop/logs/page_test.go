package logs

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/page"
	"github.com/traceferry/traceferry/slogtrace"
)

// TestPage checks docs/logs.md: each block of Go, each option of its table and the shown log line must be in a test.
func TestPage(t *testing.T) {
	text, sources := page.Read(t, "../../docs/logs.md"), page.Sources(t, ".")
	page.CheckBlocks(t, text, sources, 11)
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| `([^|]+)` \\| ([^|]+) \\|$").FindAllStringSubmatch(text, -1)
	sets := []slogtrace.Fields{slogtrace.OpenTelemetry(), slogtrace.Datadog(), slogtrace.GoogleCloud("my-project"), slogtrace.Elastic(), slogtrace.Azure()}
	if len(rows) != len(sets) {
		t.Fatalf("the table has %d rows, want %d", len(rows), len(sets))
	}
	for i, row := range rows {
		if !strings.Contains(sources, row[1]) {
			t.Errorf("no test contains %s, which is on the page", row[1])
		}
		names := []string{sets[i].TraceID, sets[i].SpanID, sets[i].Flags, sets[i].Sampled, sets[i].RequestID}
		names = slices.DeleteFunc(names, func(name string) bool { return name == "" || name == "request_id" })
		if got := strings.ReplaceAll(row[2], " (decimal)", ""); got != strings.Join(names, ", ") {
			t.Errorf("for %s the table has %s, want %v", row[1], got, names)
		}
	}
	if line := `"amount":12,"trace_id":"` + traceID + `","span_id":"` + spanID + `","sampled":true,"request_id":"` + requestID + `"}`; !strings.Contains(text, line) {
		t.Errorf("the page does not show %s", line)
	}
}
