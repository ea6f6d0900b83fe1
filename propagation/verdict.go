package propagation

import (
	"fmt"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
)

// Verdict says how a received trace format compares with the format of the remote span context, Explanation.Winner.
// ExplainedFormat has a Verdict.
type Verdict uint8

// The verdicts on a received trace format.
const (
	// VerdictUsed: the format is Explanation.Winner.
	VerdictUsed Verdict = iota
	// VerdictSame: the format names the same span as Explanation.Winner.
	VerdictSame
	// VerdictOtherSpan: the format names another span of the same trace.
	VerdictOtherSpan
	// VerdictOtherTrace: the format names another trace.
	VerdictOtherTrace
	// VerdictStale: the format names an older span than another valid format, or cannot be read beside it. Inject
	// does not send the stale format, because receivers would prefer it; see Stale.
	VerdictStale
	// VerdictMalformed: the headers of the format do not follow its grammar.
	VerdictMalformed
	// VerdictNoSpan: the format has a trace id and no span id.
	VerdictNoSpan
	// VerdictNoIDs: the format has a sampling decision and no ids.
	VerdictNoIDs
	// VerdictEmpty: the format has neither ids nor a decision.
	VerdictEmpty
)

var verdictNames = [...]string{
	"used", "same span", "another span", "another trace", "stale", "malformed", "no span id", "no ids", "empty",
}

// String returns the verdict in a few lower-case words, such as "used" or "another trace". ExplainedFormat.Why has
// the reason.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("Verdict(%d)", uint8(v))
}

// Disagrees reports whether the format contradicts Explanation.Winner: it names another span or another trace, or it
// is stale.
func (v Verdict) Disagrees() bool {
	return v == VerdictOtherSpan || v == VerdictOtherTrace || v == VerdictStale
}

// explainFormats compares the received trace formats.
func (x *Explanation) explainFormats(c *capture.Node) {
	if c.Formats&wire.TraceFormats == 0 {
		return
	}
	l := c.Parse()
	x.Remote, x.Winner = publicSpanContext(l.Remote), Format(l.Winner.Base())
	var first wire.Format // the first valid format with ids
	for i := range l.Readings {
		r := &l.Readings[i]
		if first == 0 && r.Verdict == wire.Valid && r.Sc.IsValid() {
			first = r.Format
		}
		yields := wire.Table[r.Format].Yields
		f := ExplainedFormat{Format: Format(r.Format.Base()), Name: c.AliasName(r.Format), SpanContext: publicSpanContext(r.Sc), Verdict: VerdictOtherTrace}
		f.Why = "names another trace than " + x.Winner.String()
		switch sameTrace := wire.SameTrace(r.Sc.TraceID, l.Remote.TraceID); {
		case r.Format == l.Winner:
			f.Verdict = VerdictUsed
			switch {
			case !r.Sc.TraceID.IsValid():
				f.Why = "is used: it has a sampling decision, and no format has ids"
			case !r.Sc.SpanID.IsValid():
				f.Why = "is used: it is the first with a trace id, and no format has a span id"
			case first != r.Format:
				f.Why = "is used: it names a newer span than " + first.Base().String()
			default:
				f.Why = "is used: it is the first valid format with ids, in the order of Config.Formats"
			}
		case r.Verdict == wire.Malformed:
			f.Verdict, f.Why = VerdictMalformed, "is malformed"
			if yields != 0 && l.Stale(r.Format) {
				f.Verdict, f.Why = VerdictStale, "is malformed, beside a valid "+yields.String()
			}
		case r.Verdict == wire.Absent && !r.Sc.TraceID.IsValid():
			f.Verdict, f.Why = VerdictEmpty, "has no ids and no decision"
		case r.Verdict == wire.Absent:
			f.Verdict, f.Why = VerdictNoSpan, "has a trace id and no span id"
		case r.Verdict == wire.Spanless:
			f.Verdict, f.Why = VerdictNoSpan, "has a trace id and a sampling decision, and no span id"
		case !r.Sc.IsValid():
			f.Verdict, f.Why = VerdictNoIDs, "has a sampling decision and no ids"
		case yields != 0 && l.Stale(r.Format):
			f.Verdict, f.Why = VerdictStale, "is stale: it names another span than "+yields.String()
			if r.Undecidable {
				f.Why = "is stale beside a valid " + yields.String()
			}
		case sameTrace && r.Sc.SpanID == l.Remote.SpanID:
			f.Verdict, f.Why = VerdictSame, "names the same span as "+x.Winner.String()
		case sameTrace:
			f.Verdict, f.Why = VerdictOtherSpan, "names another span of the same trace as "+x.Winner.String()
		}
		if r.Undecidable {
			f.Why += "; its sampling decision cannot be read"
		}
		x.Received = append(x.Received, f)
	}
}
