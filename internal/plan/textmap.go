package plan

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"go.opentelemetry.io/otel/propagation"
)

// Extract is propagation.Propagator.Extract.
func (p *Engine) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	e := capture.Extraction{P: p.inbound(), Ctx: capture.OrBackground(ctx), Hides: true}
	switch m := carrier.(type) {
	case propagation.HeaderCarrier:
		return e.ExtractBorrowed(m)
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

// Inject is propagation.Propagator.Inject.
func (p *Engine) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
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
	p.noteInject(ctx)
	p.injectAlso(ctx, carrier)
	var o plan
	o.read(p, ctx)
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
