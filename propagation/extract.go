package propagation

import (
	"context"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel/propagation"
)

// ExtractHTTP reads the carried headers of an inbound HTTP request and returns a
// context that keeps them. Headers that Connection lists are for one hop alone (RFC 9110, section 7.6.1): the whole
// format of each is left out, and counted (LeftOut). If there is nothing to carry it is ctx itself. Names are
// found as http.Header.Get finds them; h is not kept and may change afterwards.
//
// A valid local span that is already in ctx stays the active one; a capture that
// is already in ctx (an Extract further out) stays for every format that h says
// nothing of. It costs one allocation while the lines are eight or fewer and their names fixed, a few
// more above, and may be called from any goroutine.
func (p *Propagator) ExtractHTTP(ctx context.Context, h http.Header) context.Context {
	return p.ExtractHTTPTrust(ctx, h, Continue)
}

// ExtractHTTPTrust is ExtractHTTP of a caller who is believed as far as trust says. Whatever
// it is but Continue, the context returned remembers it, for one allocation, also where there is
// nothing to carry. The nil Propagator carries nothing, and the context remembers the decision.
func (p *Propagator) ExtractHTTPTrust(ctx context.Context, h http.Header, trust Trust) context.Context {
	if p == nil {
		return decide(ctx, trust)
	}
	ctx = p.extractAlso(ctx, propagation.HeaderCarrier(h), trust)
	return p.extractMap(ctx, h, p.readHTTP, 0, trust)
}

// ExtractMetadata is ExtractHTTP for gRPC metadata: names in lower case (any is
// understood), and the values of -bin names as the raw bytes that grpc-go hands out.
func (p *Propagator) ExtractMetadata(ctx context.Context, md map[string][]string) context.Context {
	return p.ExtractMetadataTrust(ctx, md, Continue)
}

// ExtractMetadataTrust is ExtractHTTPTrust for gRPC metadata.
func (p *Propagator) ExtractMetadataTrust(ctx context.Context, md map[string][]string, trust Trust) context.Context {
	if p == nil {
		return decide(ctx, trust)
	}
	ctx = p.extractAlso(ctx, metadataCarrier(md), trust)
	return p.extractMap(ctx, md, p.readMetadata, rawBins, trust)
}

// hiding asks that the capture hide a local span, as OpenTelemetry's Extract does.
const hiding traits = 1 << 7

func (p *Propagator) extractMap(ctx context.Context, m map[string][]string, x *index, about traits, trust Trust) context.Context {
	if ctx, ok := p.extractUsual(ctx, m, x, about, trust); ok {
		return ctx
	}
	var usual [usualHits]hit
	hits := usual[:0]
	tagged := tags{p: p, ctx: ctx, trust: trust}
	var odd []string
	for key, vals := range m {
		if n := x.find(key); n != nil && key == n.key {
			hits = append(hits, hit{id: n.id, vals: vals, raw: p.isRaw(n.id, about)})
		} else if n != nil {
			odd = append(odd, key)
		} else if id, ok := x.findPrefix(key); ok {
			tagged.add(id, x.spell(key), vals, key)
		}
	}
	slices.Sort(odd) // a map has no order; spellings that nobody should use come last and in one
	for _, key := range odd {
		id := x.find(key).id
		hits = append(hits, hit{id: id, vals: m[key], raw: p.isRaw(id, about)})
	}
	hits = append(hits, tagged.first()...)
	if hop := m[x.connection()]; len(hop) > 0 && p.listed(hop) {
		p.markHop(hits, hop)
	}
	return p.capture(ctx, hits, about, trust)
}

// capture makes the context node of what was found, or returns ctx if that adds nothing.
func (p *Propagator) capture(ctx context.Context, hits []hit, about traits, trust Trust) context.Context {
	hits, hop := p.dropHop(ctx, hits)
	if len(hits) == 0 && !p.generateRequestID && trust == Continue {
		return ctx
	}
	if ctx == nil {
		ctx = context.Background()
	}
	outer := captured(ctx)
	if outer != nil {
		trust |= outer.trust
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool { return !slices.ContainsFunc(h.vals, h.says) })
	sortHits(hits)
	if trust != Continue {
		return p.distrust(ctx, outer, hits, hop, about, trust)
	}
	read := formatsOf(hits)
	if outer != nil {
		if outer.by == p && outer.same(hits, about) && (about&hiding == 0 || outer.active(ctx)) {
			return ctx
		}
		hits = append(hits, outer.inherit(hits, read, p, about)...)
		sortHits(hits)
	}
	c := p.node(ctx, hits, about)
	if c == nil {
		return ctx
	}
	return c.start(read, about)
}

// isRaw reports whether the values of a name are bytes.
func (p *Propagator) isRaw(id fieldID, about traits) bool {
	return about&rawBins != 0 && id < foreignUnsafe && p.field(id).bin
}

// start puts a finished node into use, for an Extract that read some formats.
func (c *capture) start(read formatSet, about traits) context.Context {
	c.fresh = uint16(read >> 1)
	c.place(about&hiding != 0)
	if c.by.observer.Extracted != nil && c.len() > 0 {
		c.by.observer.Extracted(c, slices.Collect(read.all))
	}
	if c.by.observer.Outcome != nil {
		c.read()
	}
	return c
}
