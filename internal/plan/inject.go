package plan

import (
	"context"
	"math/bits"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// InjectHTTP is propagation.Propagator.InjectHTTP.
func (p *Engine) InjectHTTP(ctx context.Context, h http.Header) {
	if p.isZero() || h == nil {
		return
	}
	ctx = capture.OrBackground(ctx)
	p.noteInject(ctx)
	p.injectAlso(ctx, propagation.HeaderCarrier(h))
	if c := p.onlyReceived(ctx); c != nil && p.forwards(c) {
		p.forward(c, h)
		return
	}
	var o plan
	o.read(p, ctx)
	var to Callee
	if p.rules.Listed || o.private() { // otherwise the destination does not matter
		to = calleeIn(ctx)
	}
	if o.build(ctx, p, overHTTP, to) {
		o.writeHTTP(h)
	}
}

// InjectHTTPTo is propagation.Propagator.InjectHTTPTo.
func (p *Engine) InjectHTTPTo(ctx context.Context, target *url.URL, h http.Header) {
	if p.isZero() || h == nil {
		return
	}
	ctx = capture.OrBackground(ctx)
	var to Callee = namedCallee{}
	if target != nil {
		to = urlCallee{target}
	}
	if p.lost != nil && !Watched(ctx) {
		p.Watch(ctx, to, "")
	}
	if target != nil && policy.Signed(target.RawQuery, h) && !p.signedMay(ctx, to) {
		return
	}
	if len(p.in.Also) > 0 && p.alsoMay(to) {
		p.writeAlso(ctx, propagation.HeaderCarrier(h))
	}
	var o plan
	o.read(p, ctx)
	if !o.build(ctx, p, overHTTP, to) {
		p.in.Meter.CountNothing(ctx)
		return
	}
	o.noteCall(o.writeHTTP(h))
}

// writeHTTP writes the plan's headers to an outgoing request and removes the headers that they replace. It reports
// whether there is one.
func (o *plan) writeHTTP(h http.Header) (any bool) {
	if o.p.sweep(h, o.removes, o.sends) {
		o.respell(h)
	}
	var at cursor
	var lost tally
	var e entry
	if o.plain() {
		for i := range o.values {
			h[o.p.in.Field(o.encoded[i]).Canon] = o.values[i : i+1 : i+1]
		}
		at.value, at.skip, any = len(o.values), o.replaced(), len(o.values) > 0
	}
	for o.next(&at, &e) {
		switch {
		case e.values != nil:
			h[e.canonical()], any = e.values, true
		case e.fate == Removed && e.def.Format != wire.Baggage, e.fate == Unsendable && o.p.owns.Has(e.id):
			delete(h, e.canonical()) // otherwise the value in h would be sent instead
		}
		lost.count(o, &e)
	}
	o.report()
	return any
}

// noteCall is Engine.noteCall. A call to a destination that may have none of the headers is not noted.
func (o *plan) noteCall(carries bool) {
	if carries || o.allowed == nil {
		o.p.noteCall(o.c, carries)
	}
}

// report counts the outcomes of parsing the received headers.
func (o *plan) report() {
	if o.c != nil {
		o.c.Report()
	}
}

// onlyReceived returns the capture of ctx if a call with ctx sends only received headers, and nil otherwise. Such a
// call has no local span, no changed baggage, no defaults and no recorded destination. Most calls are of this kind.
func (p *Engine) onlyReceived(ctx context.Context) *capture.Node {
	if p.localSpan != nil || len(p.in.Also) > 0 || len(p.defaults) > 0 {
		return nil
	}
	c, direct := ctx.(*capture.Node) // as Extract returned it: nothing was added
	if !direct {
		_, remote := ctx.Value(capture.OtelKeys.Span).(*capture.RemoteSpan)
		if remote && ctx.Value(capture.CalleeKey{}) == nil {
			c = capture.Of(ctx)
		}
	}
	if c == nil || c.About&(capture.ShowsSpan|capture.InheritsBaggage) != capture.ShowsSpan || c.AskedBaggage() {
		return nil
	}
	return c
}

// forwards reports whether a call that sends nothing but received headers sends exactly the lines of the node c.
func (p *Engine) forwards(c *capture.Node) bool {
	return c.Reader == &p.in && c.Overflow == nil && c.About&capture.RawBins == 0 && c.Formats&^p.in.Carries == 0 &&
		p.emits == 0 && (!p.in.Routing.Only || !c.Formats.Has(wire.Baggage)) && (!p.dropMalformed && !p.reconcile || c.Formats&wire.TraceFormats == 0) && (c.Formats&wire.Yielding == 0 || c.Formats&wire.Yielded == 0) && c.Printable()
}

// forward writes the lines of a node.
func (p *Engine) forward(c *capture.Node, h http.Header) {
	var sent wire.FieldSet
	for _, id := range c.IDs[:c.N] {
		if id < wire.FirstHeader { // a FieldSet has no other fields
			sent |= 1 << id
		}
	}
	if p.sweep(h, p.owns&^sent, sent) {
		for key := range h {
			if n := p.in.SentHTTP.Find(key); n != nil && key != n.Key && slices.Contains(c.IDs[:c.N], n.ID) {
				delete(h, key)
			}
		}
	}
	for i := uint8(0); i < c.N; {
		id, j := c.IDs[i], i+1
		for j < c.N && c.IDs[j] == id {
			j++
		}
		h[p.out(id).Canon] = c.Vals[i:j:j]
		i = j
	}
}

// sweep removes fields of formats from an outgoing request's headers. It also removes fields to send that have an
// unusual spelling. others says whether another of our names has an unusual spelling. If a header has more than
// eight names and one of ours in the usual spelling, sweep assumes that all names are usual, because look-ups cost
// less.
func (p *Engine) sweep(h http.Header, removes, sends wire.FieldSet) (others bool) {
	if len(h) > 8 && p.usuallySpelled(h, sends) {
		for ; removes != 0; removes &= removes - 1 {
			key := p.in.Field(wire.FieldID(bits.TrailingZeros64(uint64(removes)))).Canon
			//lint:ignore S1033 a look-up that finds nothing is faster than such a delete
			if _, stale := h[key]; stale {
				delete(h, key)
			}
		}
		return false
	}
	for key := range h {
		switch n := p.in.SentHTTP.Find(key); {
		case n != nil && n.ID < wire.FirstHeader:
			if removes.Has(n.ID) || key != n.Key && sends.Has(n.ID) {
				delete(h, key)
			}
		case n != nil:
			others = others || key != n.Key
		case sends&wire.PrefixFields != 0 && !others:
			_, tagged := p.in.SentHTTP.FindPrefix(key)
			others = tagged && key != http.CanonicalHeaderKey(key)
		}
	}
	return others
}

// usuallySpelled reports whether a header contains one of the fields in the spelling that only http.Header's methods
// use.
func (p *Engine) usuallySpelled(h http.Header, fs wire.FieldSet) bool {
	for fs &^= wire.PrefixFields; fs != 0; fs &= fs - 1 {
		key := p.in.Field(wire.FieldID(bits.TrailingZeros64(uint64(fs)))).Canon
		if _, there := h[key]; there && key != "B3" { // B3 may be in capitals by chance
			return true
		}
	}
	return false
}

// respell removes names to send that have an unusual spelling: names of Config.Headers and names under prefixes.
func (o *plan) respell(h http.Header) {
	sent := o.sentNames()
	for key := range h {
		switch n := o.p.in.SentHTTP.Find(key); {
		case n != nil && key != n.Key && n.ID >= wire.FirstHeader && sent.headers[n.ID]:
			delete(h, key)
		case n == nil && sent.prefixed[strings.ToLower(key)] && key != http.CanonicalHeaderKey(key):
			delete(h, key)
		}
	}
}

// sentNames are the names of Config.Headers that a plan sends, and the lower-case names under prefixes that it sends
// or that the application removed.
type sentNames struct {
	headers  map[wire.FieldID]bool
	prefixed map[string]bool
}

func (o *plan) sentNames() sentNames {
	sent := sentNames{map[wire.FieldID]bool{}, map[string]bool{}}
	var at cursor
	var e entry
	for o.next(&at, &e) {
		switch {
		case e.values == nil && e.fate != Removed:
		case e.key != "":
			sent.prefixed[e.lower()] = true
		case e.id >= wire.FirstHeader:
			sent.headers[e.id] = true
		}
	}
	return sent
}

// InjectMetadata is propagation.Propagator.InjectMetadata.
func (p *Engine) InjectMetadata(ctx context.Context, md map[string][]string) {
	if p.isZero() || md == nil {
		return
	}
	ctx = capture.OrBackground(ctx)
	p.noteInject(ctx)
	p.injectAlso(ctx, capture.MetadataCarrier(md))
	var o plan
	o.read(p, ctx)
	if o.build(ctx, p, overGRPC, calleeIn(ctx)) {
		o.writeMetadata(md)
	}
}

// writeMetadata writes the plan's headers to metadata and removes the headers that they replace. It reports whether
// there is one.
func (o *plan) writeMetadata(md map[string][]string) (any bool) {
	if len(md) > 0 {
		o.sweepMetadata(md)
	}
	var at cursor
	var lost tally
	var e entry
	for o.next(&at, &e) {
		if e.values != nil {
			md[e.lower()], any = e.values, true
		}
		lost.count(o, &e)
	}
	o.report()
	return any
}

// sweepMetadata removes every spelling of the names that the plan sends or removes, so that no name is sent twice.
func (o *plan) sweepMetadata(md map[string][]string) {
	sent := o.sentNames()
	gone := o.removes | o.sends
	if o.itemized {
		gone |= wire.ItemFields & o.p.carriedFields()
	}
	for key := range md {
		switch n := o.p.sentMetadata.Find(key); {
		case n == nil && !sent.prefixed[strings.ToLower(key)], n != nil && n.ID >= wire.FirstHeader && !sent.headers[n.ID]:
		case n != nil && n.ID < wire.FirstHeader && !gone.Has(n.ID):
		default:
			delete(md, key)
		}
	}
}

// carriedFields returns the fields of the carried formats.
func (p *Engine) carriedFields() (s wire.FieldSet) {
	for f := range p.in.Carries.All {
		s |= wire.FieldsOf[f]
	}
	return s
}
