package propagation

import (
	"context"
	"net/http"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
)

// Explanation says what was received with a request, how far its caller is trusted, and which headers would be sent
// to one host. It is a plain value for debugging: print it, or read its fields. [Explain], [Propagator.Explain] and
// [Propagator.ExplainRequest] return it.
type Explanation struct {
	Host     string // the host as it was given to Explain
	Internal bool   // whether the host is internal; see Destination
	Rule     string // the pattern of the rule in Config.Destinations that applies to the host; "" if none does
	Trust    Trust  // how far the caller is trusted

	Winner   Format            // the format of the remote span context; zero if there is none
	Remote   SpanContext       // the remote span context, as RemoteFromContext returns it
	Received []ExplainedFormat // the trace formats that were received and are trusted, in their order of precedence

	Local  SpanContext // the local span; zero if none runs
	Source Format      // the format whose span context FateTranslated and FateReconciled headers get; zero if none does

	// Headers are the headers that were captured, the withheld headers, and the headers that would be sent.
	Headers []ExplainedHeader
	// NotCarried are the received headers that were not captured. First come those that another Config can carry,
	// then those that no Config can carry. Only ExplainRequest sets it, because a context does not keep these
	// headers.
	NotCarried []ExplainedHeader

	unruled bool // whether the rules are unknown
}

// ExplainedFormat is a received trace format, in Explanation.Received.
type ExplainedFormat struct {
	Format      Format      // the received format
	Name        string      // the alias in Config.Aliases under which it was received; "" for the format's own names
	SpanContext SpanContext // the span context in its headers; zero if they are malformed
	Verdict     Verdict     // how it compares with Explanation.Winner
	Why         string      // the verdict in words, with its reason
}

// ExplainedHeader is a header that was received or would be sent, in Explanation.Headers and NotCarried.
type ExplainedHeader struct {
	Name     string // in lower case; it may have any characters if the caller chose it
	SentAs   string // the name under which it would be sent, if that differs; see HeaderAlias
	Format   Format // the format that owns the name; zero if none does
	Received string // the received lines, quoted, or only their size (see Explain); "" if there are none
	Sent     string // the lines that would be sent, in the same form; "" if there are none
	Fate     Fate   // whether the header would be sent, and why
	Why      string // the fate in words, with its reason
}

// Explain reports which headers were received in ctx, which format gives the remote span context and why, and which
// headers httptrace.Transport would send to a host. It uses the Propagator that extracted ctx. Call it in a handler
// to find out why a header is missing:
//
//	log.Print(propagation.Explain(r.Context(), "api.example.com"))
//
// host is a host as in a URL, with a port if the rules depend on it, or a whole URL. The empty string is an unknown
// host.
//
// If nothing was extracted in ctx, Explain knows no Propagator, and so no rules. Use [Propagator.Explain] there. To
// see also the headers that were not captured, use [Propagator.ExplainRequest].
//
// The result and its String show only the size of user data and of headers that are no trace headers: baggage,
// Config.Headers, UnsafeHeaders and the like. They show all other values.
//
// Explain counts and observes nothing, except what reading baggage from the context counts. It does not show the
// headers that the propagators of Config.Also would write. It also does not show that a signed request is sent
// unchanged to a host that is not internal; see [Propagator.InjectHTTPTo]. Explain is slow, and safe for concurrent
// use.
func Explain(ctx context.Context, host string) Explanation {
	p := plan.EngineOf(ctx)
	x := (*Propagator)(p).Explain(ctx, host)
	x.unruled = p == nil
	return x
}

// Explain is the function [Explain] for this Propagator. It reports which headers this Propagator would send,
// whichever Propagator extracted ctx. The nil Propagator sends nothing.
func (p *Propagator) Explain(ctx context.Context, host string) Explanation {
	return newExplanation(host, (*plan.Engine)(p).Explain(ctx, host))
}

// ExplainRequest explains a received request, also if this Propagator has not extracted it. It reports what
// [Propagator.Explain] reports, and also the headers that this Propagator does not carry. For each of these it says
// which part of Config would carry it, or why no Config can.
//
//	log.Print(p.ExplainRequest(r, "api.example.com"))
//
// ExplainRequest reads r.Header as ExtractHTTP does, with the trust and the local span of r.Context(). So behind
// httptrace.Middleware it explains the headers of the handler's calls. Before httptrace.Middleware it explains them
// for a caller that is trusted in everything. To explain headers from a log, pass a request of your own:
//
//	p.ExplainRequest(&http.Request{Header: header}, host)
//
// A nil request has no headers. ExplainRequest does not call the propagators of Config.Also, and changes nothing. In
// all other respects it is like [Explain]: it shows only the size of user data, counts nothing, is slow, and is safe
// for concurrent use.
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
