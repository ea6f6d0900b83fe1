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

// update has TestTranslation write the document that it checks.
var update = flag.Bool("update", false, "write docs/translation.md anew")

const translationDocument = "../docs/translation.md"

const translationHead = `# Translation

This page says what of a caller's trace context arrives if a service receives it in one format and sends it in another.

Each cell is the result of real requests: extracted, injected and read again. They went from HTTP and gRPC metadata to HTTP and gRPC metadata, and all four
ways gave the same result. "go test ./propagation -run TestTranslation -update" writes this page. The same test without -update checks it, and checks
every cell against the rules below.

Both ids of the span always arrive. The cells say what else arrives:

- **128** and **64** are the bits of the trace id that arrive. 64 is the low half, or the whole id if it has 64 bits.
- The decisions are **?** (open), **0** (denied), **1** (accepted) and **d** (debug). The column "says" lists those that the format can express.
  A decision arrives unchanged unless the cell says otherwise. "?→0" means: an open decision arrives as denied, which is the default of
  Config.Deferred. "d→1" means: debug arrives as accepted.
- **random** is W3C's random flag. **parent** is the id of the caller's own parent. **tracestate** is the whole list, even the members
  that OpenTelemetry refuses. **origin** is Datadog's, in its own header or in the member dd of tracestate.

The rules:

- x-ot-span-context and ot-tracer-* have 64 bits. Datadog has 128, with the high half in the tag _dd.p.tid.
- These formats can be written with an open decision: %s. Three more can be read with one: grpc-trace-bin, ottrace, and
  otspancontext from old Envoys. They are written with a decision. grpc-go, for example, reads grpc-trace-bin only with one.
- An open decision stays open in X-Ray and in Google's header by default. X-Ray's SDKs and services then decide by their own rules, which a 0 would
  forbid. Some of OpenTelemetry's propagators need a decision there. Those of X-Ray for JavaScript and .NET, and that of Google's header for Python,
  read no header without one. Those of X-Ray for Go, Java and Python, and that of Google's header for Go, read it as not sampled. For
  these readers set Config.Deferred: Emit then writes the decision of Config.Deferred when it translates an open one.
- In b3, b3multi, datadog and sentry an open decision is always absent, because all their readers accept that. In the formats that cannot leave it
  open, Config.Deferred decides.
- Only B3 and Jaeger have debug. Elsewhere it becomes accepted. In Datadog it becomes priority 2, which is the closest value.
- Only W3C has the random flag. No other format can promise that an id is random, so a translated id never has it.
- Only B3 has a parent id that is written. It is read from Jaeger and from x-ot-span-context in the form of old Envoys, too. Jaeger's is deprecated. A
  received b3 may have a parent and no decision. traceferry does not write such a b3, because Envoy does not read it.
- Only W3C has tracestate. Datadog has the content of its member dd.
- A format that is translated into itself is sent as received.
`

// deferring returns the names of the formats that can leave a decision open.
func deferring() (names []string) {
	for _, f := range facts {
		if f.room.deferred {
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

Config.Emit lists the target. No tracer runs in the service.
`

const withSpans = `
## With a local span

Config.Emit lists the target. The service has a span of OpenTelemetry's SDK, with a parent-based sampler. That span arrives, in the caller's
trace. Config.Deferred decides an open decision before the sampler sees it. Debug stays in the format that had it. Here, parent is the
caller's span. Every format with a parent gets it from the span, unless the SDK dropped the span.
`

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

func (d dialect) decisions() string {
	letters := ""
	for _, s := range slices.Sorted(maps.Keys(d.headers)) {
		letters += " " + decisionLetters[s:s+1]
	}
	return fmt.Sprint(d.bits) + letters
}

func (d dialect) otherThings() string { return strings.Join(d.extras, ", ") }

// idsAndDecisions shows how many bits arrive, and the decisions that do not arrive as they were.
func (a arrival) idsAndDecisions() string {
	cell := fmt.Sprint(a.bits)
	for _, said := range slices.Sorted(maps.Keys(a.decisions)) {
		if read := a.decisions[said]; read != said {
			cell += ", " + decisionLetters[said:said+1] + "→" + decisionLetters[read:read+1]
		}
	}
	return cell
}

// compareDocument holds the document to the text, or writes it.
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
		t.Errorf("%s is not what comes out now: go test ./propagation -run TestTranslation -update", translationDocument)
	}
}
