package propagation

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/ascii"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// ExtractHTTP reads the carried headers of an inbound HTTP request and returns a
// context that keeps them. If there is nothing to carry it is ctx itself. Names are
// found as http.Header.Get finds them; h is not kept and may change afterwards.
//
// A valid local span that is already in ctx stays the active one; a capture that
// is already in ctx (an Extract further out) stays for every format that h says
// nothing of. It costs one allocation, and may be called from any goroutine.
func (p *Propagator) ExtractHTTP(ctx context.Context, h http.Header) context.Context {
	if p == nil {
		return ctx
	}
	if len(p.also) > 0 {
		ctx = p.extractAlso(ctx, propagation.HeaderCarrier(h))
	}
	return p.extractMap(ctx, h, p.readHTTP, 0)
}

// ExtractMetadata is ExtractHTTP for gRPC metadata: names in lower case (any is
// understood), and the values of -bin names as the raw bytes that grpc-go hands out.
func (p *Propagator) ExtractMetadata(ctx context.Context, md map[string][]string) context.Context {
	if p == nil {
		return ctx
	}
	if len(p.also) > 0 {
		ctx = p.extractAlso(ctx, metadataCarrier(md))
	}
	return p.extractMap(ctx, md, p.readMetadata, rawBins)
}

// extractAlso has the propagators of Config.Also extract, and leaves a local span active.
func (p *Propagator) extractAlso(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	active := trace.SpanFromContext(ctx)
	for _, also := range p.also {
		ctx = also.Extract(ctx, carrier)
	}
	if sc := active.SpanContext(); sc.IsValid() && !sc.IsRemote() {
		return trace.ContextWithSpan(ctx, active)
	}
	return ctx
}

// hit is a name of ours that a carrier has.
type hit struct {
	id   fieldID
	key  string // under a prefix: the whole name, in the spelling of its kind of carrier
	vals []string
	as   string // the name as the carrier spells it, where that decides an order
}

// usualHits is how many names fit the stack.
const usualHits = 12

// hiding asks that the capture hide a local span, as OpenTelemetry's Extract does.
const hiding traits = 1 << 7

func (p *Propagator) extractMap(ctx context.Context, m map[string][]string, x *index, about traits) context.Context {
	if ctx, ok := p.extractUsual(ctx, m, x, about); ok {
		return ctx
	}
	var usual [usualHits]hit
	hits := usual[:0]
	tagged := tags{p: p, ctx: ctx}
	var odd []string
	for key, vals := range m {
		if n := x.find(key); n != nil && key == n.key {
			hits = append(hits, hit{id: n.id, vals: vals})
		} else if n != nil {
			odd = append(odd, key)
		} else if id, ok := x.findPrefix(key); ok {
			tagged.add(id, x.spell(key), vals, key)
		}
	}
	slices.Sort(odd) // a map has no order; spellings that nobody should use come last and in one
	for _, key := range odd {
		hits = append(hits, hit{id: x.find(key).id, vals: m[key]})
	}
	return p.capture(ctx, append(hits, tagged.first()...), about)
}

// tags are the names under a prefix, of which the first in sorted order are kept, as many as
// Limits.Lines. The cost is linear in their number, but for the logarithm of the limit.
type tags struct {
	p    *Propagator
	ctx  context.Context
	hits []hit
}

func (t *tags) add(id fieldID, key string, vals []string, as string) {
	h := hit{id, key, vals, as}
	if !slices.ContainsFunc(vals, notBlank) {
		return
	}
	if t.hits = append(t.hits, h); len(t.hits) == 2*t.p.limits.Lines {
		t.first()
	}
}

// first sorts the names and drops those over the limit.
func (t *tags) first() []hit {
	slices.SortFunc(t.hits, compareHits)
	for n := t.p.limits.Lines; len(t.hits) > n; t.hits = t.hits[:len(t.hits)-1] {
		t.p.count(t.ctx, fields[t.hits[len(t.hits)-1].id].format, TooLarge)
	}
	return t.hits
}

func compareHits(a, b hit) int {
	if a.id != b.id {
		return cmp.Compare(a.id, b.id)
	}
	if a.key != b.key {
		return strings.Compare(a.key, b.key)
	}
	if usualA, usualB := a.as == a.key, b.as == b.key; usualA != usualB { // the right spelling first
		if usualA {
			return -1
		}
		return 1
	}
	return strings.Compare(a.as, b.as)
}

// capture makes the context node of what was found, or returns ctx if that adds nothing.
func (p *Propagator) capture(ctx context.Context, hits []hit, about traits) context.Context {
	if len(hits) == 0 && !p.generateRequestID {
		return ctx
	}
	if ctx == nil {
		ctx = context.Background()
	}
	hits = slices.DeleteFunc(hits, func(h hit) bool { return !slices.ContainsFunc(h.vals, notBlank) })
	sortHits(hits)
	read := formatsOf(hits)
	if outer := captured(ctx); outer != nil {
		if outer.by == p && outer.holds(hits) && (about&hiding == 0 || outer.active(ctx)) {
			return ctx
		}
		hits = outer.inherit(hits, read, p, about)
	}
	made := ""
	if p.generateRequestID && !slices.ContainsFunc(hits, isRequestID) {
		made = newRequestID()
	}
	c := p.node(ctx, hits, made, about)
	if c == nil {
		return ctx
	}
	return c.start(read, about)
}

// start puts a finished node into use, for an Extract that read some formats.
func (c *capture) start(read formatSet, about traits) context.Context {
	c.place(about&hiding != 0)
	if c.by.observer.Extracted != nil {
		c.by.observer.Extracted(c, slices.Collect(read.all))
	}
	if c.by.observer.Outcome != nil {
		c.read()
	}
	return c
}

func isRequestID(h hit) bool { return h.id == firstField[RequestID] }

// notBlank reports whether a line says anything: HTTP trims the white space around a value.
func notBlank(line string) bool { return line != "" && (line[0] > ' ' || trimOWS(line) != "") }

// sortHits puts the hits in the order of their numbers. They are few, and often in
// order already.
func sortHits(hits []hit) {
	if len(hits) > 2*usualHits {
		slices.SortStableFunc(hits, compareHits)
		return
	}
	for i := 1; i < len(hits); i++ {
		for j := i; j > 0 && compareHits(hits[j], hits[j-1]) < 0; j-- {
			hits[j], hits[j-1] = hits[j-1], hits[j]
		}
	}
}

func formatsOf(hits []hit) (s formatSet) {
	for i := range hits {
		if id := hits[i].id; id < firstHeader {
			s |= 1 << fields[id].format
		}
	}
	return s
}

// node makes the node of the hits that fit the limits, and of the request id that was
// made, if it is not empty; nil if nothing says anything.
func (p *Propagator) node(ctx context.Context, hits []hit, made string, about traits) *capture {
	lines, keyed, fits := p.measure(hits)
	if !fits {
		hits = p.fit(ctx, hits)
		lines, keyed, _ = p.measure(hits)
	}
	if made != "" {
		lines++
	}
	if lines == 0 {
		return nil
	}
	c := &capture{parent: ctx, by: p, about: about &^ hiding}
	if lines > inlineLines || keyed {
		c.more = &overflow{ids: make([]fieldID, 0, lines), vals: make([]string, 0, lines)}
		if keyed {
			c.more.keys = make([]string, 0, lines)
		}
	}
	for i := range hits {
		h := &hits[i]
		if made != "" && h.id > firstField[RequestID] {
			c.keep(firstField[RequestID], "", made)
			made = ""
		}
		for _, v := range h.vals {
			if notBlank(v) {
				c.keep(h.id, h.key, v)
			}
		}
	}
	if made != "" {
		c.keep(firstField[RequestID], "", made)
	}
	return c
}

// keep adds a line to a node that is being made.
func (c *capture) keep(id fieldID, key, line string) {
	if id < firstHeader {
		c.formats |= 1 << fields[id].format
	}
	if !ascii.Printable(line) {
		c.about |= unprintable
	}
	if m := c.more; m != nil {
		m.ids, m.vals = append(m.ids, id), append(m.vals, line)
		if m.keys != nil {
			m.keys = append(m.keys, key)
		}
		return
	}
	c.ids[c.n], c.vals[c.n] = id, line
	c.n++
}

// place decides which of OpenTelemetry's questions the node answers, by what is in the
// contexts further out.
func (c *capture) place(hide bool) {
	c.about |= c.placeSpan(hide)
	if c.by.carries.has(Baggage) {
		c.about |= c.placeBaggage(hide)
	}
	c.answerOtherwise()
}

// placeBaggage lets the captured baggage be OpenTelemetry's, unless the application has one already.
func (c *capture) placeBaggage(hide bool) traits {
	inherited := baggage.FromContext(c.parent).Len() > 0
	switch {
	case c.formats.has(Baggage) && (hide || !inherited):
		return showsBaggage
	case inherited:
		return inheritsBaggage
	}
	return 0
}

// answerOtherwise puts nodes of OpenTelemetry's own behind the node, where its keys could not be learned.
func (c *capture) answerOtherwise() {
	if c.about&showsSpan != 0 && !learnedKey(otelKeys.span) {
		c.parent = trace.ContextWithSpan(c.parent, (*remoteSpan)(c))
	}
	if !learnedKey(otelKeys.baggage) {
		c.asked.Store(true) // it may be: nobody tells
		if c.about&showsBaggage != 0 {
			c.parent = baggage.ContextWithBaggage(c.parent, c.learn().readBaggage(c))
		}
	}
}

// placeSpan lets the node be the active span, a remote one, unless that would hide a
// valid local span, or any valid span behind lines that name none.
func (c *capture) placeSpan(hide bool) traits {
	if c.formats&traceFormats == 0 {
		return 0
	}
	span := trace.SpanFromContext(c.parent)
	if _, ours := span.(*remoteSpan); !ours {
		active := span.SpanContext()
		if !active.IsValid() {
			return showsSpan
		}
		if !hide && !active.IsRemote() {
			return 0
		}
	}
	if c.read().remote.IsValid() {
		return showsSpan
	}
	return 0
}
