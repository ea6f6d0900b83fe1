package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// blank is a context in which nothing is captured. It hides a capture further out, and the remote span and the
// baggage that OpenTelemetry was shown of that.
type blank struct {
	context.Context
	hides traits // hidesSpan, hidesBaggage
}

// withoutCapture is propagation.WithoutCapture.
func withoutCapture(ctx context.Context) context.Context {
	ctx = orBackground(ctx)
	c := captured(ctx)
	if c == nil {
		return ctx
	}
	if c.trust == policy.Continue {
		return hideCapture(ctx)
	}
	d := &capture{parent: ctx, by: c.by, trust: c.trust}
	e := extraction{p: c.by}
	return e.start(d, c, 0)
}

// hideCapture returns a context that hides the capture of ctx.
func hideCapture(ctx context.Context) context.Context {
	outer, b := captured(ctx), &blank{Context: ctx}
	if _, ours := trace.SpanFromContext(ctx).(*remoteSpan); ours {
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
	case otelKeys.span:
		if b.hides&hidesSpan != 0 {
			return nil
		}
	case otelKeys.baggage:
		if b.hides&hidesBaggage != 0 {
			return nil
		}
	}
	return b.Context.Value(key)
}

// String and GoString print no value, as the capture's do not.
func (b *blank) String() string   { return nameOf(b.Context) + ".traceferry()" }
func (b *blank) GoString() string { return b.String() }
