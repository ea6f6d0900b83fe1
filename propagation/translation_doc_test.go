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

What is left of a caller's trace context when a service that received it in one format sends it in another.
Each cell is the result of real requests: extracted, injected and read again, from HTTP and gRPC metadata to HTTP and gRPC metadata,
which all four agree. The file is written by "go test ./propagation -run TestTranslation -update", and checked by the same test without -update,
which also holds every cell to the rules below.

Both ids of the span always arrive. Also:

- **128**, **64**: the bits of the trace id that arrive. 64 is the low half, and all of an id that has no more.
- Decisions are **?** left open, **0** denied, **1** accepted, **d** debug. "says" lists those that the format can say. Each arrives as it was but
  for those after the number: "?→0" is an open decision that arrives as denied, as Config.Deferred has it by default; "d→1" is debug that
  arrives as accepted.
- **random** is W3C's random flag, **parent** the id of the caller's own parent, **tracestate** the whole list, with members that
  OpenTelemetry refuses; **origin** is Datadog's, in its own header or in the member dd of tracestate.

The rules:

- x-ot-span-context and ot-tracer-* have 64 bits. Datadog has 128, the high half in the tag _dd.p.tid.
- These formats can leave a decision open: %s. grpc-trace-bin could, but grpc-go wants it whole, so it is not written so.
- An open decision stays open in X-Ray and Google's header by default: X-Ray's SDKs and services then decide by their own rules, and a 0 would
  forbid that. OpenTelemetry's X-Ray propagators for JavaScript and .NET read no header without a decision, and so does its propagator of Google's
  header for Python; those for Go, Java and Python (X-Ray), and for Go (Google's), take it for not sampled. For these readers set Config.Deferred:
  Emit then writes its word when it translates. All readers of the other formats take an absent decision, so it is always absent there.
- Debug is B3's and Jaeger's. Elsewhere it is accepted; in Datadog it is priority 2, the closest that there is.
- The random flag is W3C's alone: no other format can promise that an id is random, and so it is never set for one.
- A parent id is B3's. It is read from Jaeger and from x-ot-span-context as old Envoys wrote it, and not written there: Jaeger's is deprecated. In b3
  it stands after the decision, and where that is open there is no place for it.
- tracestate is W3C's, but for Datadog's member dd.
- A format that is translated into itself is sent as it came.
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

Config.Emit names the target; nothing traces in the service.
`

const withSpans = `
## With a local span

The service has a span of OpenTelemetry's SDK, whose sampler is parent-based, and Config.Emit names the target. What arrives is that span,
in the caller's trace. An open decision is Config.Deferred's before the sampler sees it, and debug stays in the format that said it. parent is here
the caller's span: every format that has one gets it from the span, unless the SDK dropped it.
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
