package propagation

import (
	"context"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/propagation"
)

// Extract reads the carried headers from any carrier, as OpenTelemetry's
// TextMapPropagator does: a local span that is active in ctx is hidden by the
// caller's, if that has ids. Over a propagation.HeaderCarrier it is ExtractHTTP
// otherwise, with a copy of the lines, which costs one allocation more.
//
// Other carriers may show only part of a request. So a capture that is already in ctx is added to, unless the
// carrier names another trace or span than that capture; then it is replaced, as ExtractHTTP does it.
// Names are asked for in lower case first, and then as Keys spells them; repeated lines are read
// where the carrier is a propagation.ValuesGetter. A grpc-trace-bin may be raw or
// base64; what else is under a -bin name is left out. What is kept of any carrier is copied, within Config.Limits, because
// fasthttp and fiber use the memory of their strings again.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	e := extraction{p: p.orNobody(), ctx: orBackground(ctx), hides: true}
	switch m := carrier.(type) {
	case propagation.HeaderCarrier:
		e.lent = true
		if len(e.p.also) > 0 {
			e.extractAlso(copying(m))
		}
		return e.extractMap(m, e.p.readHTTP)
	case metadataCarrier:
		e.about = rawBins
		e.extractAlso(m)
		return e.extractMap(m, e.p.readMetadata)
	}
	if isNil(carrier) || p.isZero() {
		return e.ctx
	}
	return p.extractText(e.ctx, carrier)
}

func (p *Propagator) extractText(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	e := extraction{p: p, ctx: ctx, hides: true, partial: true, lent: true}
	if len(p.also) > 0 {
		e.extractAlso(copying(carrier))
	}
	var usual [usualHits]hit
	hits := usual[:0]
	names := p.readMetadata
	get, oneLine := getterOf(carrier)
	e.oneLine = oneLine
	take := func(n *name, key string) (found bool) {
		vals := get(key)
		if !slices.ContainsFunc(vals, notBlank) {
			return false
		}
		switch f := p.field(n.id); {
		case f.bin && f.format == 0: // bytes or base64? only their reader could tell
			e.add(0, LeftOut)
			return true
		case f.bin:
			vals = textBins(vals)
		}
		hits = append(hits, hit{id: n.id, vals: vals})
		return true
	}
	var found nameSet
	for i := range names.names {
		n := &names.names[i]
		if take(n, n.key) {
			found.add(n.id)
		}
	}
	tagged := e.prefixed()
	var odd []string
	hop := get(names.connection())
	for key := range keysOf(carrier) {
		if n := names.find(key); n != nil && key != n.key && !found.has(n.id) {
			odd = append(odd, key)
		} else if id, ok := names.findPrefix(key); n == nil && ok {
			tagged.add(&e.report, id, names.spell(key), get(key), key)
		} else if n == nil && len(hop) == 0 && strings.EqualFold(key, names.connection()) {
			hop = get(key)
		}
	}
	slices.Sort(odd) // a map has no order: of several spellings the first counts
	for _, key := range odd {
		if n := names.find(key); !found.has(n.id) && take(n, key) {
			found.add(n.id)
		}
	}
	hits = append(hits, tagged.first(&e.report)...)
	if len(hop) > 0 && p.listed(hop) {
		hits = e.dropHop(hits, hop)
	}
	return e.capture(hits)
}

// textBins returns -bin values of a carrier that may hold raw bytes as base64. Those of
// grpc-trace-bin begin with a zero byte, which no base64 has.
func textBins(vals []string) []string {
	vals = slices.Clone(vals)
	for i, v := range vals {
		if strings.HasPrefix(v, "\x00") {
			vals[i] = convertBins([]string{v}, false)[0]
		}
	}
	return vals
}

// Inject writes the headers that ctx carries into any carrier. Over a
// propagation.HeaderCarrier it is InjectHTTP. Other carriers can neither delete a
// name nor add a line, so what an earlier Inject left there stays if it is not
// written again; names are set in lower case, but X-Amzn-Trace-Id as AWS's own propagators
// spell it, and what is there in other spellings is replaced too; lines of tracestate and baggage are
// joined with commas, and of other names sent if they agree; what may not go to CalleeFromContext is
// left out; values are printable
// ASCII or left out; and grpc-trace-bin is not written, as such a carrier cannot
// say whether it wants bytes or base64. Each name is an entry of its own: a message of SQS
// takes ten attributes, so use a Propagator with few formats there.
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	ctx = orBackground(ctx)
	switch m := carrier.(type) {
	case propagation.HeaderCarrier:
		p.InjectHTTP(ctx, map[string][]string(m))
		return
	case metadataCarrier:
		p.InjectMetadata(ctx, m)
		return
	}
	if p.isZero() || isNil(carrier) || isNilMap(carrier) {
		return
	}
	p.injectAlso(ctx, carrier)
	var o outbound
	in := p.inbound(ctx)
	if !p.prepare(ctx, &in, &o, overText, calleeIn(ctx)) {
		return
	}
	there := spellings(carrier)
	for s := range o.all {
		set(carrier, s.text(), s.vals[0], there)
	}
}
