package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// blank is a context without a capture. It hides an outer capture, and the remote span and baggage that
// OpenTelemetry got from that.
type blank struct {
	context.Context
	hides traits // hidesSpan, hidesBaggage
}

// WithoutCapture is propagation.WithoutCapture.
func WithoutCapture(ctx context.Context) context.Context {
	ctx = OrBackground(ctx)
	c := Of(ctx)
	if c == nil {
		return ctx
	}
	if c.Trust == policy.Continue {
		return hideCapture(ctx)
	}
	d := &Node{parent: ctx, Reader: c.Reader, Trust: c.Trust, About: Detached}
	e := Extraction{P: c.Reader}
	return e.start(d, c, 0)
}

// hideCapture returns a context that hides the capture of ctx.
func hideCapture(ctx context.Context) context.Context {
	outer, b := Of(ctx), &blank{Context: ctx}
	if _, ours := trace.SpanFromContext(ctx).(*RemoteSpan); ours {
		b.hides |= hidesSpan
	}
	if outer.shows(baggage.FromContext(ctx)) {
		b.hides |= hidesBaggage
	}
	b.Context = hidden(ctx, b.hides)
	return b
}

func (b *blank) Value(key any) any {
	switch key {
	case captureKey{}:
		return nil
	case OtelKeys.Span:
		if b.hides&hidesSpan != 0 {
			return nil
		}
	case OtelKeys.Baggage:
		if b.hides&hidesBaggage != 0 {
			return nil
		}
	}
	return b.Context.Value(key)
}

// String and GoString print no values, like those of Node.
func (b *blank) String() string   { return NameOf(b.Context) + ".traceferry()" }
func (b *blank) GoString() string { return b.String() }
