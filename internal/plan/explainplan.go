package plan

import (
	"context"
	"net/url"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/wire"
)

// Explained describes a context and what an Engine would send from it to a host.
type Explained struct {
	Internal bool   // the host is internal
	Rule     string // the host pattern of the matching rule; "" if there is none
	Node     *capture.Node
	Local    wire.SpanContext // the local span; zero if there is none
	Source   wire.Format      // the format whose span context is translated
	Headers  []Header

	NotCarried []Header // received headers that the Engine does not carry; only ExplainRequest sets it
}

// Header is one header of an explanation.
type Header struct {
	Name           string // in lower case
	Field          *wire.Field
	SentAs         string // the name that is sent, if it differs
	Received, Sent []string
	Fate           Fate
	Reason         string // why Config.Headers refuses the name, for UnlistedUnsafe and NeverCarried
}

// EngineOf returns the Engine that extracted a context, or nil if that Engine is unknown.
func EngineOf(ctx context.Context) *Engine {
	if c := capture.Of(capture.OrBackground(ctx)); c != nil {
		p, _ := c.Reader.Engine.(*Engine)
		return p
	}
	return nil
}

// Explain builds the plan of an HTTP call but does not write it.
func (p *Engine) Explain(ctx context.Context, host string) (x Explained) {
	ctx, p = capture.OrBackground(ctx), p.orNone()
	var o plan
	o.read(p, ctx)
	to := calleeNamed(host)
	d := p.clearanceOf(to)
	x = Explained{Internal: d.Internal, Rule: d.Rule, Node: o.c}
	if o.isLocal {
		x.Local = o.local.SpanContext
	}
	if o.build(ctx, p, overHTTP, to) {
		for e := range o.all {
			h := Header{Name: e.lower(), Field: e.def, Received: e.received, Sent: e.values, Fate: e.fate}
			if len(e.received) > 0 && p.renamed(e.id) {
				h.Name, h.SentAs = p.in.Field(e.id).Lower, h.Name
			}
			x.Headers = append(x.Headers, h)
		}
		if o.written != 0 && !o.isLocal {
			x.Source = o.translatedFormat()
		}
	}
	if s := o.c.Untrusted(); s != nil {
		for r := range s.Runs {
			f := s.Field(r)
			e := entry{key: r.Key, def: &f}
			x.Headers = append(x.Headers, Header{Name: e.lower(), Field: &f, Received: r.Vals, Fate: Untrusted})
		}
	}
	return x
}

// namedCallee is a host name and port as a Callee.
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
