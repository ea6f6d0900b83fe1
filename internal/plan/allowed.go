package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/policy"
)

// clearanceOf returns what a destination may receive.
func (p *Engine) clearanceOf(to Callee) *policy.Decision {
	c := p.rules.For(hostOf(to))
	if _, redirected := to.(redirectedCallee); redirected {
		return c.Redirected
	}
	return c
}

// clearanceFor returns what a destination may receive, or nil if it may receive everything in the source.
func (p *Engine) clearanceFor(src *source, to Callee) *policy.Decision {
	if to == nil || !p.rules.Listed && !src.private() {
		return nil
	}
	c := p.clearanceOf(to)
	if c.Unsampled != nil && !src.sampled() {
		c = c.Unsampled
	}
	if c.Open {
		return nil
	}
	return c
}

// open reports whether a destination may receive everything in a capture.
func (p *Engine) open(c *capture.Node, to Callee) bool {
	return to == nil || !p.rules.Listed && !c.Private() || p.clearanceOf(to).Open
}

// signedMay reports whether headers may be added to a signed request. They may if it goes to an internal host, or if
// a rule matches its host. Otherwise signedMay counts Disallowed, and returns true only with
// Config.DestinationsReportOnly.
func (p *Engine) signedMay(ctx context.Context, to Callee) bool {
	if c := p.clearanceOf(to); c.Internal || c.Rule != "" {
		return true
	}
	var src source
	if src.read(p, ctx); !src.empty() {
		p.in.Meter.Count(ctx, 0, outcome.Disallowed)
	}
	return p.rules.ReportOnly
}
