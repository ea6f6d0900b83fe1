package propagation

import "context"

// clearanceOf returns what may go to a callee.
func (p *Propagator) clearanceOf(to Callee) *clearance {
	c := p.rules.decide(hostOf(to))
	if _, redirected := to.(redirectedCallee); redirected {
		return c.redirected
	}
	return c
}

// clearanceFor returns what may go to a callee, nil if all may that a context holds.
func (p *Propagator) clearanceFor(src *source, to Callee) *clearance {
	if to == nil || !p.rules.listed && !src.private() {
		return nil
	}
	if c := p.clearanceOf(to); !c.open {
		return c
	}
	return nil
}

// open reports whether all that a capture holds may go to a callee.
func (p *Propagator) open(c *capture, to Callee) bool {
	return to == nil || !p.rules.listed && !c.private() || p.clearanceOf(to).open
}

// signedMay reports whether a signed request may be added to: where it goes to an internal host, or a rule
// for its host says so. That it is left alone is counted.
func (p *Propagator) signedMay(ctx context.Context, to Callee) bool {
	if c := p.clearanceOf(to); c.internal || c.rule != "" {
		return true
	}
	if src := p.sourceOf(ctx); !src.empty() {
		p.count(ctx, 0, Withheld)
	}
	return p.rules.reportOnly
}
