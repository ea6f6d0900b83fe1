package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace"
)

// Nearest returns the span context that names the work in ctx: the local span if there is one, else the caller's. ok
// is false if there is no trace id. The span id may be invalid, and the decision may be open. Nearest returns nothing
// that an untrusted caller sent. A nil Engine stands for the one that extracted ctx.
func (p *Engine) Nearest(ctx context.Context) (sc wire.SpanContext, ok bool) {
	ctx = capture.OrBackground(ctx)
	c := capture.Of(ctx)
	if p == nil && c != nil {
		p, _ = c.Reader.Engine.(*Engine)
	}
	var active trace.SpanContext
	if span := othersSpan(ctx); span != nil {
		active = span.SpanContext()
	}
	switch {
	case p != nil && p.localSpan != nil:
		if sc, ok = p.askLocalSpan(ctx); ok && sc.IsValid() {
			if sc.Sampling > wire.Debug {
				sc.Sampling = wire.Deferred
			}
			return sc, true
		}
	case active.IsValid() && !active.IsRemote():
		return fromOpenTelemetry(active), true
	}
	if sc, ok = c.Remote(); ok && sc.TraceID.IsValid() {
		return sc, true
	}
	if id := capture.TraceOf(ctx); id.IsValid() {
		return wire.SpanContext{TraceID: id}, true
	}
	if !active.IsRemote() || c != nil && c.Trust.Has(policy.DistrustIDs) {
		return wire.SpanContext{}, false
	}
	sc = fromOpenTelemetry(active) // another propagator read it from the received headers
	if c != nil && c.Trust.Has(policy.DistrustSampling) {
		sc.Sampling = wire.Deferred
	}
	return sc, sc.TraceID.IsValid()
}

// fromOpenTelemetry returns the ids, the decision and the random flag of a span context.
func fromOpenTelemetry(sc trace.SpanContext) wire.SpanContext {
	from := wire.SpanContext{TraceID: sc.TraceID(), SpanID: sc.SpanID(), Sampling: wire.Denied, Random: sc.IsRandom()}
	if sc.IsSampled() {
		from.Sampling = wire.Accepted
	}
	return from
}
