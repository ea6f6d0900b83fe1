package propagation

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
)

// Explanation says what was received with a request, how far its caller is trusted, and what would be sent to one host.
// It is a plain value for debugging. [Explain] returns it.
type Explanation struct {
	Host     string
	Internal bool   // whether the host is internal; see Destination
	Rule     string // the pattern of the rule in Config.Destinations that applies to the host; "" if none does
	Trust    Trust  // how far the caller is trusted

	Winner   Format            // the format that RemoteFromContext uses; zero if there is none
	Remote   SpanContext       // the span context of Winner
	Received []ExplainedFormat // the trace formats that were received and are trusted, in their order of precedence

	Local   SpanContext // the local span that is sent; zero if none runs
	Source  Format      // the format whose span context is written to translated and reconciled Headers
	Headers []ExplainedHeader

	unruled bool // whether the rules are unknown
}

// ExplainedFormat is a received trace format.
type ExplainedFormat struct {
	Format Format
	Says   string // why it won, or why not
}

// ExplainedHeader is a header that was received, or would be sent.
type ExplainedHeader struct {
	Name     string // in lower case
	Format   Format // zero for Config.Headers and UnsafeHeaders
	Received string // the received lines, quoted; only the size of baggage, Headers and UnsafeHeaders; "" if there are none
	Sent     string // the lines that would be sent, in the same form
	Fate     Fate   // what would happen to the header, and why
}

// Explain reports what the Propagator that extracted ctx received, which format won and why, and what
// httptrace.Transport would send to a host. The host is as in a URL, with a port if one matters, or a whole URL.
//
//	log.Print(propagation.Explain(r.Context(), "api.example.com"))
//
// If nothing was extracted in ctx, Explain knows no Propagator, and so no rules. Use [Propagator.Explain] there.
//
// Explain counts and observes nothing, except what reading baggage from the context counts. It does not show what the
// propagators of Config.Also would write. It also does not show that a signed request is sent unchanged to a host that
// is not internal. It is slow. It is safe for concurrent use.
//
// The String of the result has no values of baggage, Headers and UnsafeHeaders. It has all other values.
func Explain(ctx context.Context, host string) Explanation {
	p := plan.EngineOf(ctx)
	x := (*Propagator)(p).Explain(ctx, host)
	x.unruled = p == nil
	return x
}

// Explain is the function [Explain] for this Propagator: it reports what this Propagator would send, whichever
// Propagator extracted ctx. The nil Propagator sends nothing.
func (p *Propagator) Explain(ctx context.Context, host string) Explanation {
	made := (*plan.Engine)(p).Explain(ctx, host)
	x := Explanation{Host: host, Internal: made.Internal, Rule: made.Rule, Local: publicSpanContext(made.Local), Source: Format(made.Source)}
	if made.Node != nil {
		x.Trust = Trust(made.Node.Trust)
		x.explainFormats(made.Node)
	}
	for i := range made.Headers {
		x.Headers = append(x.Headers, explained(&made.Headers[i]))
	}
	return x
}

// explained describes a header. User data is shown as its size only.
func explained(h *plan.Header) ExplainedHeader {
	tell, f := quoted, h.Field
	if f.Format == 0 || f.Bag || wire.Table[f.Format].WithoutBaggage != nil {
		tell = sized
	}
	return ExplainedHeader{Name: h.Name, Format: Format(f.Format), Received: tell(h.Received), Sent: tell(h.Sent), Fate: Fate(h.Fate)}
}

func quoted(lines []string) string {
	var all []string
	for _, v := range lines {
		all = append(all, strconv.Quote(v))
	}
	return strings.Join(all, ", ")
}

func sized(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	size := 0
	for _, v := range lines {
		size += len(v)
	}
	return fmt.Sprintf("(size %d)", size)
}

func (x *Explanation) explainFormats(c *capture.Node) {
	if c.Formats&wire.TraceFormats == 0 {
		return
	}
	l := c.Parse()
	x.Remote, x.Winner = publicSpanContext(l.Remote), Format(l.Winner)
	for _, r := range l.Readings {
		says := "names another trace than " + x.Winner.String()
		switch {
		case r.Verdict == wire.Absent && r.Sc.TraceID.IsValid():
			says = "names a trace and no span"
		case r.Verdict == wire.Spanless && r.Format != l.Winner:
			says = "names a trace and no span, and decides"
		case r.Verdict == wire.Absent:
			says = "says nothing"
		case r.Verdict == wire.Malformed:
			says = "is malformed"
			if wire.Table[r.Format].Yields != 0 && l.Stale(r.Format) {
				says = "is malformed beside a valid " + wire.Table[r.Format].Yields.String()
			}
		case r.Format == l.Winner:
			says = "wins: the first in the order of precedence that is valid and has ids"
			switch {
			case !r.Sc.TraceID.IsValid():
				says = "wins: a decision without ids, and no format has any"
			case !r.Sc.SpanID.IsValid():
				says = "wins: the first that names a trace, and none names a span"
			}
		case !r.Sc.IsValid():
			says = "decides, and has no ids"
		case wire.Table[r.Format].Yields != 0 && l.Stale(r.Format):
			says = "is stale: it names another span than " + wire.Table[r.Format].Yields.String()
		case r.Sc.SpanID == l.Remote.SpanID && wire.SameTrace(r.Sc.TraceID, l.Remote.TraceID):
			says = "says the same as " + x.Winner.String()
		case wire.SameTrace(r.Sc.TraceID, l.Remote.TraceID):
			says = "names another span of the same trace as " + x.Winner.String()
		}
		if r.Undecidable {
			says += "; its decision cannot be read"
		}
		x.Received = append(x.Received, ExplainedFormat{Format(r.Format), says})
	}
}
