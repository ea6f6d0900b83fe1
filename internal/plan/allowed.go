package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/policy"
)

// clearanceOf returns what may go to a callee.
func (p *Engine) clearanceOf(to Callee) *policy.Decision {
	c := p.rules.For(hostOf(to))
	if _, redirected := to.(redirectedCallee); redirected {
		return c.Redirected
	}
	return c
}

// clearanceFor returns what may go to a callee, nil if all may that a context holds.
func (p *Engine) clearanceFor(src *source, to Callee) *policy.Decision {
	if to == nil || !p.rules.Listed && !src.private() {
		return nil
	}
	if c := p.clearanceOf(to); !c.Open {
		return c
	}
	return nil
}

// open reports whether all that a capture holds may go to a callee.
func (p *Engine) open(c *capture.Node, to Callee) bool {
	return to == nil || !p.rules.Listed && !c.Private() || p.clearanceOf(to).Open
}

// signedMay reports whether a signed request may be added to: where it goes to an internal host, or a rule
// for its host says so. That it is left alone is counted.
func (p *Engine) signedMay(ctx context.Context, to Callee) bool {
	if c := p.clearanceOf(to); c.Internal || c.Rule != "" {
		return true
	}
	if src := p.sourceOf(ctx); !src.empty() {
		p.in.Meter.Count(ctx, 0, outcome.Disallowed)
	}
	return p.rules.ReportOnly
}
