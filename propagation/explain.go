package propagation

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Explanation says what came in with a request, who is believed to have called, and what would be sent to
// one host. It is a plain value, for people who look for a header; see Explain.
type Explanation struct {
	Host     string
	Internal bool   // the host looks like one of the service's own network; see Destination
	Rule     string // the pattern of Config.Destinations that holds for the host; "" where none does
	Trust    Trust  // what was decided of the caller

	Winner Format            // the format that RemoteFromContext speaks of; zero: none says anything
	Remote SpanContext       // what it says
	Came   []ExplainedFormat // the trace formats that came in and are believed, in their order of precedence

	Local   SpanContext // the local span that goes out; zero: none runs
	Headers []ExplainedHeader

	unruled bool // nobody knows the rules
}

// ExplainedFormat is a trace format that came in.
type ExplainedFormat struct {
	Format Format
	Says   string // why it won, or did not
}

// ExplainedHeader is a header that came in, or would be sent.
type ExplainedHeader struct {
	Name   string // in lower case
	Format Format // zero: of Config.Headers or UnsafeHeaders
	Came   string // the lines that came, quoted; of baggage, Headers and UnsafeHeaders only their size; "" for a new header
	Fate   string // what would become of it, and why
}

// Explain says what the Propagator that has extracted ctx makes of it: what came in, which format won and
// why, and what httptrace.Transport would send to a host. The host is as in a URL, with a port if one
// matters, or a whole URL. Of a context in which nothing was extracted it knows no Propagator, and so
// no rules: ask the Propagator's method.
//
// Nothing is counted or observed, but what asking the context for its baggage counts. What the
// propagators of Config.Also would write is not in it, nor that a request that is signed already goes
// to a stranger as it is. It is slow, and may be called from any goroutine.
//
//	log.Print(propagation.Explain(r.Context(), "api.example.com"))
//
// The String of it has no values of baggage, Headers and UnsafeHeaders, but all others.
func Explain(ctx context.Context, host string) Explanation {
	ctx = orBackground(ctx)
	if c := captured(ctx); c != nil {
		return c.by.Explain(ctx, host)
	}
	x := nobody.Explain(ctx, host)
	x.unruled = true
	return x
}

// Explain is the function of that name for what this Propagator sends of any context, whoever has extracted it.
// The nil Propagator sends nothing.
func (p *Propagator) Explain(ctx context.Context, host string) (x Explanation) {
	ctx, p = orBackground(ctx), p.orNobody().unheard()
	in := p.inboundOf(ctx, captured(ctx).unheard())
	x.Host = host
	if in.isLocal {
		x.Local = in.local.SpanContext
	}
	if in.c != nil {
		x.Trust = in.c.trust
		x.explainFormats(in.c)
	}
	to := calleeNamed(host)
	clear := p.clearanceOf(to)
	x.Internal, x.Rule = clear.internal, clear.rule
	o := outbound{p: p, ctx: ctx}
	p.prepare(ctx, &in, &o, overHTTP, to)
	x.explainHeaders(&o, &in, clear)
	if s := in.c.stranger(); s != nil {
		for r := range s.runs {
			h := explained(r, s.field(r))
			h.Fate = "held back: " + x.Trust.String()
			x.Headers = append(x.Headers, h)
		}
	}
	return x
}

func (x *Explanation) explainHeaders(o *outbound, in *inbound, clear *clearance) {
	sent := map[string][]string{}
	var names []string // of sent, in order
	for s := range o.all {
		sent[s.lower()] = slices.Clone(s.vals)
		names = append(names, s.lower())
	}
	came := map[string]bool{}
	for r := range in.c.runs {
		f := in.c.field(r)
		h := explained(r, f)
		h.Fate = o.fate(r, f, clear, sent[h.Name], in)
		x.Headers = append(x.Headers, h)
		came[h.Name] = true
	}
	for _, name := range names {
		if !came[name] {
			x.Headers = append(x.Headers, ExplainedHeader{Name: name, Format: formatNamed(name), Fate: o.origin(name, in)})
		}
	}
	for f := range o.withheldNew(in, clear).all {
		if name := fields[firstField[f]].lower; !came[name] {
			x.Headers = append(x.Headers, ExplainedHeader{Name: name, Format: f, Fate: "withheld: " + clear.whom()})
		}
	}
}

// unheard returns a Propagator that does the same, and counts and tells nobody.
func (p *Propagator) unheard() *Propagator {
	u := *p
	u.counts, u.observer, u.also = new(counters), Observer{}, nil
	return &u
}

// unheard returns a capture that says the same, and may be read without being counted; nil of nil.
func (c *capture) unheard() *capture {
	if c == nil {
		return nil
	}
	u := &capture{
		parent: c.parent, by: c.by.unheard(), more: c.more, formats: c.formats, trust: c.trust, held: c.held,
		fresh: c.fresh, n: c.n, about: c.about, ids: c.ids, vals: c.vals,
	}
	u.seen.Store(c.seen.Load())
	l := u.read()
	if learned := c.learned.Load(); learned != nil {
		l.span.Store(learned.span.Load())
	}
	return u
}

// namedCallee is a host in words.
type namedCallee struct {
	host string
	port uint16
}

func (n namedCallee) Host() (string, uint16) { return n.host, n.port }

func calleeNamed(host string) Callee {
	if strings.Contains(host, "://") {
		if u, err := url.Parse(host); err == nil {
			return urlCallee{u}
		}
	}
	return namedCallee{host: host}
}

func (x *Explanation) explainFormats(c *capture) {
	if c.formats&traceFormats == 0 {
		return
	}
	l := c.read()
	x.Remote, x.Winner = l.remote, l.winner
	for _, r := range l.readings {
		says := "names another trace than " + x.Winner.String()
		switch {
		case r.verdict == absent && r.sc.TraceID.IsValid():
			says = "names a trace and no span"
		case r.verdict == spanless && r.format != l.winner:
			says = "names a trace and no span, and decides"
		case r.verdict == absent:
			says = "says nothing"
		case r.verdict == malformed:
			says = "is malformed"
			if codecs[r.format].yields != 0 && l.stale(r.format) {
				says = "is malformed beside a valid " + codecs[r.format].yields.String()
			}
		case r.format == l.winner:
			says = "wins: the first in the order of precedence that is valid and has ids"
			switch {
			case !r.sc.TraceID.IsValid():
				says = "wins: a decision without ids, and no format has any"
			case !r.sc.SpanID.IsValid():
				says = "wins: the first that names a trace, and none names a span"
			}
		case !r.sc.IsValid():
			says = "decides, and has no ids"
		case codecs[r.format].yields != 0 && l.stale(r.format):
			says = "is stale: it names another span than " + codecs[r.format].yields.String()
		case r.sc.SpanID == l.remote.SpanID && sameTrace(r.sc.TraceID, l.remote.TraceID):
			says = "says the same as " + x.Winner.String()
		case sameTrace(r.sc.TraceID, l.remote.TraceID):
			says = "names another span of the same trace as " + x.Winner.String()
		}
		if r.undecidable {
			says += "; its decision cannot be read"
		}
		x.Came = append(x.Came, ExplainedFormat{r.format, says})
	}
}

// explained describes a captured header. What users put there is told by its size alone.
func explained(r run, f field) ExplainedHeader {
	s := sending{key: r.key, def: &f}
	h := ExplainedHeader{Name: s.lower(), Format: f.format}
	if f.format == 0 || f.bag || codecs[f.format].withoutBaggage != nil {
		size := 0
		for _, v := range r.vals {
			size += len(v)
		}
		h.Came = fmt.Sprintf("(size %d)", size)
		return h
	}
	var lines []string
	for _, v := range r.vals {
		lines = append(lines, fmt.Sprintf("%q", v))
	}
	h.Came = strings.Join(lines, ", ")
	return h
}

func formatNamed(lower string) Format {
	f, _ := formatOwning(lower)
	return f
}
