package propagation_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// update makes TestTranslation write the document that it checks.
var update = flag.Bool("update", false, "write docs/translation.md")

const translationDocument = "../docs/translation.md"

const translationHead = `# Translation

This page says how much of a caller's trace context arrives if a service receives it in one format and sends it in another.

Each cell is the result of a test. traceferry extracts headers of the format in the first column, and injects headers of the format at the top of the cell's
column. Then the test reads the injected headers. The test does this for HTTP headers and for gRPC metadata, on both sides. All four combinations give the
same result. "go test ./propagation -run TestTranslation -update" writes this page. The same test without -update checks the page. It also checks every cell
against the rules below.

The span id always arrives. The first table of each section shows how much of the trace id arrives, and whether the decision changes. The second table shows
what else arrives. The column "says" lists what the received format can express. The words in the cells:

- **128** and **64** are the bits of the trace id that arrive. 64 means the low half. If the received id has 64 bits, it is the whole id.
- The decisions are **?** (open), **0** (denied), **1** (accepted) and **d** (debug). A decision arrives unchanged unless the cell shows a change.
  "?→0" means that an open decision arrives as denied, because the test does not set Config.Deferred. "d→1" means that debug arrives as accepted.
- **random** is W3C's random flag. **parent** is the parent id: the id of the parent of the caller's span.
- **tracestate** is the whole list, even the members that OpenTelemetry refuses.
- **origin** is Datadog's origin, in x-datadog-origin or in the member dd of tracestate.

The rules:

- The trace ids of x-ot-span-context and ot-tracer-* have 64 bits. The trace ids of Datadog have 128 bits. The high half is in the tag _dd.p.tid.
- These formats can be written with an open decision: %s. Three more can be received with an open decision:
  grpctracebin, ottrace, and x-ot-span-context in the form of old Envoys. When traceferry translates another format to grpctracebin, ottrace or
  x-ot-span-context, it always writes a decision, because some readers need a decision. For example, grpc-go does not read a grpc-trace-bin without a decision.
- The form of x-ot-span-context in old Envoys has no place for a decision. traceferry writes this form only if it has received this form. It translates another
  format to LightStep's form of x-ot-span-context, which has a decision.
- An open decision stays open in X-Ray and in Google's header by default. X-Ray's SDKs and services then decide by their own rules. With a written 0
  they would not decide.
- Some of OpenTelemetry's propagators need a decision in these two formats. The propagators of X-Ray for JavaScript and .NET, and of Google's header for
  Python, do not read a header with an open decision. The propagators of X-Ray for Go, Java and Python, and of Google's header for Go, read an open decision
  as not sampled. If you have such readers, set Config.Deferred to Denied or Accepted. Emit then writes this decision in place of an open decision. If
  Config.Deferred is not set, the decision stays open in these two formats.
- In b3, b3multi, datadog and sentry, an open decision is always written by leaving the decision out. All readers of these formats accept that.
- In the formats that need a decision, the decision of Config.Deferred replaces an open decision. If Config.Deferred is not set, traceferry writes Denied.
- B3 and Jaeger have debug. In the other formats debug becomes accepted. In Datadog it becomes priority 2, which is the closest value.
- Only W3C has the random flag. traceferry does not set it in a translated header, because the other formats do not say that an id is random.
- traceferry reads parent ids from B3, from Jaeger, and from x-ot-span-context in the form of old Envoys. It writes parent ids in B3, and in the form of
  old Envoys. It does not write them in Jaeger's header, where the parent id is deprecated. When traceferry makes a b3 without a decision, it writes
  no parent id, because Envoy does not read a b3 with a parent id and no decision.
- Only W3C has tracestate. Datadog's own headers say the same as the member dd of tracestate.
- Without a local span, a format that is translated into itself is sent as received.
`

// deferring returns the names of the formats that can leave a decision open.
func deferring() (names []string) {
	for _, f := range facts {
		if f.canWrite.deferred {
			names = append(names, f.name)
		}
	}
	return names
}

// document writes the tables of one kind of service.
func (m translation) document(doc *strings.Builder, got map[string]arrival) {
	if m.spans {
		doc.WriteString(withSpans)
	} else {
		doc.WriteString(withoutSpans)
	}
	doc.WriteString("\nTrace id and decision:\n\n")
	table(doc, dialect.decisions, func(from dialect, to propagation.Format) string { return got[from.name+to.String()].idsAndDecisions() })
	doc.WriteString("\nWhat else arrives:\n\n")
	table(doc, dialect.otherThings, func(from dialect, to propagation.Format) string {
		return strings.Join(got[from.name+to.String()].extras, ", ")
	})
}

const withoutSpans = `
## Without a local span

Config.Emit lists the format that is sent. No tracer runs in the service.
`

const withSpans = `
## With a local span

Config.Emit lists the format that is sent. The service has a span of OpenTelemetry's SDK, with a parent-based sampler. The sent headers name this span, in the
caller's trace. The decision of Config.Deferred, by default Denied, replaces an open decision before the sampler sees it. Debug arrives only if the sent
format is the received format. Here, **parent** is the id of the caller's span. This id arrives in b3 and b3multi, unless the SDK dropped the local span.
`

// table writes a table with a row for each dialect and a column for each format.
func table(doc *strings.Builder, says func(dialect) string, cell func(dialect, propagation.Format) string) {
	row := func(cells ...string) { fmt.Fprintf(doc, "| %s |\n", strings.Join(cells, " | ")) }
	heads, rule := []string{"from \\ to", "says"}, []string{"---", "---"}
	for _, to := range traceFormats() {
		heads, rule = append(heads, to.String()), append(rule, "---")
	}
	row(heads...)
	row(rule...)
	for _, from := range dialects {
		cells := []string{from.name, says(from)}
		for _, to := range traceFormats() {
			cells = append(cells, cell(from, to))
		}
		row(cells...)
	}
}

const decisionLetters = "?01d"

// decisions returns the bits and the decisions that the dialect can express.
func (d dialect) decisions() string {
	letters := ""
	for _, s := range slices.Sorted(maps.Keys(d.headers)) {
		letters += " " + decisionLetters[s:s+1]
	}
	return fmt.Sprint(d.bits) + letters
}

func (d dialect) otherThings() string { return strings.Join(d.extras, ", ") }

// idsAndDecisions returns how many bits arrive, and the decisions that change.
func (a arrival) idsAndDecisions() string {
	cell := fmt.Sprint(a.bits)
	for _, said := range slices.Sorted(maps.Keys(a.decisions)) {
		if read := a.decisions[said]; read != said {
			cell += ", " + decisionLetters[said:said+1] + "→" + decisionLetters[read:read+1]
		}
	}
	return cell
}

// compareDocument compares the document with the text. With -update it writes the document.
func compareDocument(t *testing.T, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(translationDocument, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	written, err := os.ReadFile(translationDocument)
	if err != nil {
		t.Fatal(err)
	}
	if string(written) != text {
		t.Errorf("%s is not up to date: run go test ./propagation -run TestTranslation -update", translationDocument)
	}
}
