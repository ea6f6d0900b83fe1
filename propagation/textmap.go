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
// otherwise. Elsewhere names are asked for in lower case; repeated lines are read
// where the carrier is a propagation.ValuesGetter. A grpc-trace-bin may be raw or
// base64; what else is under a -bin name is left out.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	if p == nil || carrier == nil {
		return ctx
	}
	if len(p.also) > 0 && alsoReads(ctx, Continue) {
		for _, also := range p.also {
			ctx = also.Extract(ctx, carrier)
		}
	}
	switch m := carrier.(type) {
	case propagation.HeaderCarrier:
		return p.extractMap(ctx, m, p.readHTTP, hiding, Continue)
	case metadataCarrier:
		return p.extractMap(ctx, m, p.readMetadata, hiding|rawBins, Continue)
	}
	var usual [usualHits]hit
	hits := usual[:0]
	getter, repeats := carrier.(propagation.ValuesGetter)
	values := func(key string) []string {
		if repeats {
			return getter.Values(key)
		}
		if v := carrier.Get(key); v != "" {
			return []string{v}
		}
		return nil
	}
	for _, n := range p.readMetadata.names {
		if vals := values(n.key); len(vals) > 0 {
			switch f := p.field(n.id); {
			case f.bin && f.format == 0: // bytes or base64? only their reader could tell
				p.count(ctx, 0, LeftOut)
				continue
			case f.bin:
				vals = textBins(vals)
			}
			hits = append(hits, hit{id: n.id, vals: vals})
		}
	}
	tagged := tags{p: p, ctx: ctx}
	if len(p.readMetadata.prefixes) > 0 {
		for _, key := range carrier.Keys() {
			if id, ok := p.readMetadata.findPrefix(key); ok {
				tagged.add(id, p.readMetadata.spell(key), values(key), key)
			}
		}
	}
	return p.capture(ctx, append(hits, tagged.first()...), hiding, Continue)
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
// written again; names are set in lower case; lines of tracestate and baggage are
// joined with commas, and of other names sent if they agree; what may not go to CalleeFromContext is
// left out; values are printable
// ASCII or left out; and grpc-trace-bin is not written, as such a carrier cannot
// say whether it wants bytes or base64. Each name is an entry of its own: a message of SQS
// takes ten attributes, so use a Propagator with few formats there.
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	if p == nil || carrier == nil {
		return
	}
	switch m := carrier.(type) {
	case propagation.HeaderCarrier:
		p.InjectHTTP(ctx, map[string][]string(m))
		return
	case metadataCarrier:
		p.InjectMetadata(ctx, m)
		return
	case propagation.MapCarrier:
		if m == nil {
			return
		}
	}
	p.injectAlso(ctx, carrier)
	var o outbound
	in := p.inbound(ctx)
	if !p.prepare(ctx, &in, &o, overText, calleeIn(ctx)) {
		return
	}
	for s := range o.all {
		carrier.Set(s.lower(), s.vals[0])
	}
}

// metadataCarrier lets OpenTelemetry propagators, those of Config.Also, read and
// write gRPC metadata.
type metadataCarrier map[string][]string

var _ propagation.ValuesGetter = metadataCarrier{}

func (m metadataCarrier) Get(key string) string {
	if vals := m.Values(key); len(vals) > 0 {
		return vals[0]
	}
	return ""
}

func (m metadataCarrier) Values(key string) []string { return m[strings.ToLower(key)] }

func (m metadataCarrier) Set(key, value string) { m[strings.ToLower(key)] = []string{value} }

func (m metadataCarrier) Keys() []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	return keys
}
