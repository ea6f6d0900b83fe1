package propagation

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
)

// Explanation says what was received with a request, how far its caller is trusted, and what would be sent to one host.
// It is a plain value for debugging. [Explain] and [Propagator.ExplainRequest] return it.
type Explanation struct {
	Host     string
	Internal bool   // whether the host is internal; see Destination
	Rule     string // the pattern of the rule in Config.Destinations that applies to the host; "" if none does
	Trust    Trust  // how far the caller is trusted

	Winner   Format            // the format that RemoteFromContext uses; zero if there is none
	Remote   SpanContext       // the span context of Winner
	Received []ExplainedFormat // the trace formats that were received and are trusted, in their order of precedence

	Local  SpanContext // the local span that is sent; zero if none runs
	Source Format      // the format whose span context is written to translated and reconciled Headers

	// Headers are the headers that were captured, and those that would be sent.
	Headers []ExplainedHeader
	// NotCarried are the received headers that were not captured. Those that another Config carries come before those
	// that no Config can carry. Only ExplainRequest sets it, because a context does not keep these headers.
	NotCarried []ExplainedHeader

	unruled bool // whether the rules are unknown
}

// ExplainedFormat is a received trace format.
type ExplainedFormat struct {
	Format      Format
	Name        string      // the alias in Config.Aliases under which it was received; "" for the format's own names
	SpanContext SpanContext // what its headers say; zero if they are malformed
	Verdict     Verdict     // how it compares with Explanation.Winner
	Why         string      // the verdict in words, with its reason
}

// ExplainedHeader is a header that was received, or would be sent.
type ExplainedHeader struct {
	Name     string // in lower case; it may have any characters if the caller chose it
	SentAs   string // the name under which it would be sent, if that differs; see HeaderAlias
	Format   Format // the format that owns the name; zero if none does
	Received string // the received lines, quoted, or their size (see Explain); "" if there are none
	Sent     string // the lines that would be sent, in the same form
	Fate     Fate   // what would happen to the header
	Why      string // the fate in words, with its reason
}

// Explain reports what the Propagator that extracted ctx received, which format won and why, and what
// httptrace.Transport would send to a host. The host is as in a URL, with a port if one matters, or a whole URL.
//
//	log.Print(propagation.Explain(r.Context(), "api.example.com"))
//
// If nothing was extracted in ctx, Explain knows no Propagator, and so no rules. Use [Propagator.Explain] there. To see
// also the headers that were not captured, use [Propagator.ExplainRequest].
//
// Explain counts and observes nothing, except what reading baggage from the context counts. It does not show what the
// propagators of Config.Also would write. It also does not show that a signed request is sent unchanged to a host that
// is not internal. It is slow. It is safe for concurrent use.
//
// The result and its String have only the size of baggage, of Config.Headers and UnsafeHeaders, and of headers that are
// no trace headers. They have all other values.
func Explain(ctx context.Context, host string) Explanation {
	p := plan.EngineOf(ctx)
	x := (*Propagator)(p).Explain(ctx, host)
	x.unruled = p == nil
	return x
}

// Explain is the function [Explain] for this Propagator: it reports what this Propagator would send, whichever
// Propagator extracted ctx. The nil Propagator sends nothing.
func (p *Propagator) Explain(ctx context.Context, host string) Explanation {
	return newExplanation(host, (*plan.Engine)(p).Explain(ctx, host))
}

// ExplainRequest explains a received request, whether or not this Propagator has extracted it. It reports what
// [Propagator.Explain] reports, and the headers that this Propagator does not carry: each with the part of Config that
// would carry it, or the reason why none can.
//
//	log.Print(p.ExplainRequest(r, "api.example.com"))
//
// ExplainRequest reads r.Header as ExtractHTTP does, with the trust and the local span of r.Context(). So behind
// httptrace.Middleware it explains what the handler's calls send. Before it, it explains what they would send for a
// caller who is trusted in everything. To explain headers from a log, pass a request of your own:
//
//	p.ExplainRequest(&http.Request{Header: header}, host)
//
// A nil request has no headers. ExplainRequest does not call the propagators of Config.Also, and changes nothing.
// Otherwise it is like [Explain]: it shows only the size of user data, counts nothing, is slow, and is safe for
// concurrent use.
func (p *Propagator) ExplainRequest(r *http.Request, host string) Explanation {
	if r == nil {
		r = new(http.Request)
	}
	return newExplanation(host, (*plan.Engine)(p).ExplainRequest(r.Context(), r.Header, host))
}

func newExplanation(host string, made plan.Explained) Explanation {
	x := Explanation{Host: host, Internal: made.Internal, Rule: made.Rule, Local: publicSpanContext(made.Local), Source: Format(made.Source.Base())}
	if made.Node != nil {
		x.Trust = Trust(made.Node.Trust)
		x.explainFormats(made.Node)
	}
	x.Headers, x.NotCarried = x.explainHeaders(made.Headers), x.explainHeaders(made.NotCarried)
	return x
}

func (x *Explanation) explainHeaders(all []plan.Header) (explained []ExplainedHeader) {
	for i := range all {
		h := &all[i]
		tell, f := quoted, h.Field
		if f.Format == 0 || f.Bag || wire.Table[f.Format].WithoutBaggage != nil || h.Fate == plan.TooLarge {
			tell = sized
		}
		explained = append(explained, ExplainedHeader{
			Name: h.Name, SentAs: h.SentAs, Format: Format(f.Format.Base()), Received: tell(h.Received), Sent: tell(h.Sent), Fate: Fate(h.Fate), Why: x.because(h),
		})
	}
	return explained
}
