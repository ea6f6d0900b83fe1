package interop

import (
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	otel "go.opentelemetry.io/otel/propagation"
)

var update = flag.Bool("update", false, "write docs/peers.md")

const peersDocument = "../docs/peers.md"

const peersIntro = `# Peers

This page shows what each Go propagator does with unusual input. Each cell is the result of a test. The propagator extracted the headers in the first
column from OpenTelemetry's HeaderCarrier. If the row tests a promise or a valid tracestate, the propagator also injected them again.
` + "`go test . -run TestPeers -update`" + ` in [interop](../interop) writes this page. The same test without -update checks the page.

The inputs are the golden vectors of [propagation/testdata](../propagation/testdata/vectors.json): headers with their expected meaning. traceferry's own tests
use them, too. With ` + "`propagationtest.TestPropagator`" + `, you can test your own propagator with these vectors. The first table counts all inputs. The tables of
the formats list an input if the result of at least one propagator is not as expected. In a cell, "x…(257 times)" stands for 257 times the letter x.

- **expected** is what the source in the last column says. A source that begins with "spec" is a specification. Some formats have no specification. For
  these formats, the source begins with "reference-implementation", and is the code that defines the format.
- A choice is an input on which the specifications are silent or ambiguous. The expected result is then traceferry's policy. A propagator with another
  result is not wrong.
- A [promise](../CONTRIBUTING.md#the-ten-promises) is a rule that traceferry keeps for every format. OpenTelemetry's specification demands three of
  these rules: injecting twice equals injecting once, Fields names each written header, and malformed input causes no panic. It does not demand the other
  rules. For example, a propagator that changes the received headers is not wrong.
- Where "tracestate nothing" is expected, the received tracestate is invalid, and a propagator must discard it. To see this, the test reads OpenTelemetry's
  TraceState. The test's adapter for dd-trace-go leaves TraceState empty, so these rows say nothing about dd-trace-go.
- If the tracestate is valid, the test reads the header that the propagator sends. A tracer may put a member of its own first in that header.
- The propagator of grpc-go needs the bytes that gRPC's transport has decoded. If an input has base64 text, HeaderCarrier gives it this text, so the
  propagator does not read the header. Over gRPC, grpc-go reads the header, with padding and without padding.
- The test does not compare the order of members in baggage and in x-datadog-tags. The types of OpenTelemetry and of dd-trace-go do not keep this order.
- OpenTelemetry's span context has two decisions: sampled and not sampled. The test does not compare open decisions, and debug counts as sampled.

`

// TestPeers writes or checks the document.
func TestPeers(t *testing.T) {
	got := peersPage(t)
	if *update {
		if err := os.WriteFile(peersDocument, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(peersDocument)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(got, "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(lines) || line != lines[i] {
			t.Fatalf("%s differs from the current results: go test . -run TestPeers -update\nthe page has %s\nnow it is    %s", peersDocument, line, strings.Join(lines[min(i, len(lines)):min(i+1, len(lines))], ""))
		}
	}
}

// column is a propagator with its results for one format.
type column struct {
	name    string
	results map[string]propagationtest.Result
}

func peersPage(t *testing.T) string {
	var page strings.Builder
	page.WriteString(peersIntro)
	summary := [][]string{}
	var sections strings.Builder
	for _, f := range propagation.AllFormats() {
		var columns []column
		for _, peer := range documentedPeers {
			if slices.Contains(peer.formats, f) {
				columns = append(columns, column{peer.name, resultsOf(peer.new, peer.formats, f)})
				summary = append(summary, append([]string{f.String(), peer.name, version(t, peer.module)}, counts(columns[len(columns)-1])...))
			}
		}
		if len(columns) == 0 {
			continue
		}
		formats := formatsWith(f)
		ours := column{"traceferry", resultsOf(func() otel.TextMapPropagator {
			return propagation.MustNew(propagation.Config{Formats: formats})
		}, formats, f)}
		summary = append(summary, append([]string{f.String(), "traceferry", "this version"}, counts(ours)...))
		section(&sections, f, append(columns, ours))
	}
	page.WriteString("## How many results are as expected\n\n")
	table(&page, []string{"format", "propagator", "version", "spec", "reference", "choice", "promises"}, summary)
	page.WriteString(sections.String())
	return page.String()
}

// formatsWith returns the formats with which the peers of a format run.
func formatsWith(f propagation.Format) []propagation.Format {
	for _, p := range documentedPeers {
		if slices.Contains(p.formats, f) {
			return p.formats
		}
	}
	return nil
}

func resultsOf(newPropagator func() otel.TextMapPropagator, formats []propagation.Format, f propagation.Format) map[string]propagationtest.Result {
	results := map[string]propagationtest.Result{}
	for _, r := range propagationtest.TestPropagator(newPropagator, formats) {
		if r.Format == f {
			results[r.ID] = r
		}
	}
	return results
}

func counts(c column) (cells []string) {
	for _, b := range []propagationtest.Basis{propagationtest.Spec, propagationtest.Reference, propagationtest.Choice, propagationtest.Promise} {
		ok, all := 0, 0
		for _, r := range c.results {
			if r.Basis == b {
				all++
				if r.OK() {
					ok++
				}
			}
		}
		cell := fmt.Sprintf("%d of %d", ok, all)
		if all == 0 {
			cell = ""
		}
		cells = append(cells, cell)
	}
	return cells
}

// section writes the tables of one format: required, choices, promises.
func section(w *strings.Builder, f propagation.Format, columns []column) {
	fmt.Fprintf(w, "## %s\n\n", f)
	head := func(middle ...string) []string {
		for _, c := range columns {
			middle = append(middle, c.name)
		}
		return append(middle, "source")
	}
	for _, part := range []struct {
		title string
		bases []propagationtest.Basis
	}{
		{"", []propagationtest.Basis{propagationtest.Spec, propagationtest.Reference}},
		{"### Choices\n\n", []propagationtest.Basis{propagationtest.Choice}},
		{"### Promises\n\n", []propagationtest.Basis{propagationtest.Promise}},
	} {
		var rows [][]string
		for _, id := range ids(columns, part.bases) {
			if !differs(columns, id) {
				continue
			}
			some := result(columns, id)
			row := []string{inputCell(some.Input), cell(some.Note), cell(some.Want)}
			for _, c := range columns {
				r, ran := c.results[id]
				switch {
				case !ran:
					row = append(row, "not run")
				case r.OK():
					row = append(row, "as expected")
				default:
					row = append(row, "**"+cell(r.Got)+"**")
				}
			}
			rows = append(rows, append(row, cell(string(some.Basis)+": "+some.Source)))
		}
		if len(rows) > 0 {
			w.WriteString(part.title)
			table(w, head("input", "what it tests", "expected"), rows)
		} else if part.title == "" {
			w.WriteString("All propagators do what is required.\n\n")
		}
	}
}

// ids returns the sorted inputs of some bases.
func ids(columns []column, bases []propagationtest.Basis) []string {
	seen := map[string]bool{}
	for _, c := range columns {
		for id, r := range c.results {
			if slices.Contains(bases, r.Basis) {
				seen[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func differs(columns []column, id string) bool {
	return slices.ContainsFunc(columns, func(c column) bool { r, ran := c.results[id]; return ran && !r.OK() })
}

func result(columns []column, id string) propagationtest.Result {
	for _, c := range columns {
		if r, ran := c.results[id]; ran {
			return r
		}
	}
	return propagationtest.Result{}
}

func table(w *strings.Builder, head []string, rows [][]string) {
	fmt.Fprintf(w, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, row := range rows {
		fmt.Fprintf(w, "| %s |\n", strings.Join(row, " | "))
	}
	w.WriteString("\n")
}

func inputCell(h http.Header) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, line := range h[name] {
			lines = append(lines, cell(fmt.Sprintf("%s: %s", strings.ToLower(name), line)))
		}
	}
	if len(lines) == 0 {
		return "no headers"
	}
	return strings.Join(lines, "<br>")
}

// cell makes text fit a table: printable, and without what Markdown reads. It shortens long runs of one character, and
// nothing else, so that results that differ do not look equal.
func cell(text string) string {
	quoted := fmt.Sprintf("%+q", text)
	text = strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
	text = shortRuns(text)
	return strings.NewReplacer("|", `\|`, "*", `\*`, "_", `\_`, "<", "&lt;", "`", "'").Replace(text)
}

// shortRuns replaces more than 40 equal characters by one of them and their number.
func shortRuns(text string) string {
	var short strings.Builder
	for text != "" {
		n := len(text) - len(strings.TrimLeft(text, text[:1]))
		if n > 40 {
			fmt.Fprintf(&short, "%s…(%d times)", text[:1], n)
		} else {
			short.WriteString(text[:n])
		}
		text = text[n:]
	}
	return short.String()
}

func version(t *testing.T, module string) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Version}}", module).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
