package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
)

// ContextWithMetadata injects for transports that take outgoing metadata from the
// context, as grpc-go does. It returns a context that answers key with wrap(md), md
// being what InjectMetadata writes into an empty map, and whether there is anything to inject.
// What may not go to the callee is left out, and the context tells it to CalleeFromContext, for
// who injects further in; nil stands for one of whom nothing is known, to whom all goes.
//
// While nothing but the captured headers goes out, md is made and wrapped once for
// an inbound request and shared by all its calls: neither wrap nor what reads its result
// may change md, and wrap must always be the same for one key. Such a call costs one allocation.
func (p *Engine) ContextWithMetadata(ctx context.Context, to Callee, key any, wrap func(md map[string][]string) any) (context.Context, bool) {
	ctx = capture.OrBackground(ctx)
	if p.isZero() {
		return ctx, false
	}
	if c, ok := ctx.(*capture.Node); ok && p.startsNothing(c) && p.open(c, to) {
		if made := c.Made(p, key); made != nil {
			return &contextWithValue{ctx, key, made.Value}, true
		}
	}
	src := p.sourceOf(ctx)
	open := p.clearanceFor(&src, to) == nil
	if open && to != nil && calleeIn(ctx) != nil { // another call's, for which this one is made
		ctx = ContextWithCallee(ctx, to)
	}
	if open && src.verbatim() && len(p.in.Also) == 0 {
		if made := src.c.Made(p, key); made != nil {
			return &contextWithValue{ctx, key, made.Value}, true
		}
	}
	return p.makeMetadata(ctx, src, to, open, key, wrap)
}

// makeMetadata injects into new metadata, which all calls to whom all may go share.
func (p *Engine) makeMetadata(ctx context.Context, src source, to Callee, open bool, key any, wrap func(md map[string][]string) any) (context.Context, bool) {
	if !open { // who injects further in must know
		ctx = ContextWithCallee(ctx, to)
	}
	if src.empty() && len(p.in.Also) == 0 {
		p.in.Meter.CountNothing(ctx)
		return ctx, false
	}
	md := make(map[string][]string, usualNames)
	o := plan{source: src}
	if o.build(ctx, p, overGRPC, to) {
		o.writeMetadata(md)
	}
	md, _ = p.withAlso(ctx, to, md, true, overGRPC)
	if len(md) == 0 {
		return ctx, false
	}
	value := wrap(md)
	if open && src.verbatim() && len(p.in.Also) == 0 {
		src.c.Learn().Outgoing.Store(&capture.OutgoingMetadata{By: p, Key: key, Value: value})
	}
	return &contextWithValue{ctx, key, value}, true
}

// usualNames is how many names a map holds without a table.
const usualNames = 8

// contextWithValue is context.WithValue without its check of the key.
type contextWithValue struct {
	context.Context
	key, value any
}

func (c *contextWithValue) Value(key any) any {
	if key == c.key {
		return c.value
	}
	return c.Context.Value(key)
}

// String and GoString tell no value, as the capture's do not.
func (c *contextWithValue) String() string   { return capture.NameOf(c.Context) + ".traceferry.outgoing" }
func (c *contextWithValue) GoString() string { return c.String() }
