package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"go.opentelemetry.io/otel/propagation"
)

// Extract reads the carried headers from any carrier, as OpenTelemetry's
// TextMapPropagator does: a local span that is active in ctx is hidden by the
// caller's, if that has ids. Over a propagation.HeaderCarrier it is ExtractHTTP
// otherwise.
//
// Other carriers may show only part of a request. So a capture that is already in ctx is added to, unless the
// carrier names another trace or span than that capture; then it is replaced, as ExtractHTTP does it.
// Names are asked for in lower case first, and then as Keys spells them; repeated lines are read
// where the carrier is a propagation.ValuesGetter. A grpc-trace-bin may be raw or
// base64; what else is under a -bin name is left out. What is kept is copied, within Config.Limits, because
// some carriers (of fasthttp and fiber) use the memory of their strings again.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), Hides: true}
	switch m := carrier.(type) {
	case propagation.HeaderCarrier:
		e.ExtractAlso(m)
		return e.ExtractMap(m, e.P.ReadHTTP)
	case capture.MetadataCarrier:
		e.About = capture.RawBins
		e.ExtractAlso(m)
		return e.ExtractMap(m, e.P.ReadMetadata)
	}
	if capture.IsNil(carrier) || p.isZero() {
		return e.Ctx
	}
	return p.in.ExtractText(e.Ctx, carrier)
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
	ctx = capture.OrBackground(ctx)
	switch m := carrier.(type) {
	case propagation.HeaderCarrier:
		p.InjectHTTP(ctx, map[string][]string(m))
		return
	case capture.MetadataCarrier:
		p.InjectMetadata(ctx, m)
		return
	}
	if p.isZero() || capture.IsNil(carrier) || capture.IsNilMap(carrier) {
		return
	}
	p.injectAlso(ctx, carrier)
	o := plan{source: p.sourceOf(ctx)}
	if !o.build(ctx, p, overText, calleeIn(ctx)) {
		return
	}
	there := capture.Spellings(carrier)
	var lost tally
	for e := range o.all {
		if e.values != nil {
			capture.Set(carrier, e.text(), e.values[0], there)
		}
		lost.count(&o, &e)
	}
	o.report()
}
