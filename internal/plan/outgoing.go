package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
)

// ContextWithMetadata injects for transports that read outgoing metadata from the context, as grpc-go does. It
// returns a context with the value wrap(md) for key, where md is what InjectMetadata writes to an empty map. It also
// reports whether there is anything to inject. It omits headers that the destination may not receive, and records
// that destination for an inner Inject. A nil destination is unknown and may receive everything.
//
// If only captured headers are sent, all calls of an inbound request share one md and one result of wrap. So neither
// wrap nor the readers of its result may change md, and wrap must always be the same for one key. Such a call costs
// one allocation.
func (p *Engine) ContextWithMetadata(ctx context.Context, to Callee, key any, wrap func(md map[string][]string) any) (context.Context, bool) {
	ctx = capture.OrBackground(ctx)
	if p.isZero() {
		return ctx, false
	}
	if c := p.onlyReceived(ctx); c != nil && p.open(c, to) {
		if made := c.Made(p, key); made != nil {
			p.noteCall(c, true)
			return &contextWithValue{ctx, key, made.Value}, true
		}
	}
	var src source
	src.read(p, ctx)
	open := p.clearanceFor(&src, to) == nil
	if open && to != nil && calleeIn(ctx) != nil { // this call replaces the recorded destination
		ctx = ContextWithCallee(ctx, to)
	}
	if open && src.verbatim() && len(p.in.Also) == 0 {
		if made := src.c.Made(p, key); made != nil {
			p.noteCall(src.c, true)
			return &contextWithValue{ctx, key, made.Value}, true
		}
	}
	return p.makeMetadata(ctx, src, to, open, key, wrap)
}

// makeMetadata injects into new metadata. All calls to unrestricted destinations share it.
func (p *Engine) makeMetadata(ctx context.Context, src source, to Callee, open bool, key any, wrap func(md map[string][]string) any) (context.Context, bool) {
	if !open { // an inner Inject needs the destination
		ctx = ContextWithCallee(ctx, to)
	}
	if src.empty() && len(p.in.Also) == 0 {
		p.in.Meter.CountNothing(ctx)
		return ctx, false
	}
	md := make(map[string][]string, usualNames)
	o := plan{source: src}
	if o.build(ctx, p, overGRPC, to) {
		o.noteCall(o.writeMetadata(md))
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

// usualNames is the number of names that a map can hold without a table.
const usualNames = 8

// contextWithValue is like the context of context.WithValue, but does not check the key.
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

// String and GoString print no values, like those of a capture.
func (c *contextWithValue) String() string   { return capture.NameOf(c.Context) + ".traceferry.outgoing" }
func (c *contextWithValue) GoString() string { return c.String() }
