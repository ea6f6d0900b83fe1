package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otel "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// peer is somebody else's propagator for one of our formats.
type peer struct {
	name   string
	format propagation.Format
	fields []string    // the headers that it reads, as http.Header spells them
	sample http.Header // one that it and we read alike

	inject  func(propagation.SpanContext, http.Header)
	extract func(http.Header) propagation.SpanContext // zero: it found nothing

	// says returns what the peer's types hold of what was read: the common ground of two readings.
	says func(propagation.SpanContext) propagation.SpanContext
	// writes returns what both the peer and we can write of a span context in the format; nil: all.
	writes func(propagation.SpanContext) propagation.SpanContext

	known []difference
}

// peers are all that are compared.
var peers = []peer{
	traceContext, b3Single, b3Multi, zipkinSingle, zipkinMulti, jaeger, otTrace, xray, cloudTrace, grpcTraceBin,
	datadog, datadogTraceContext, sentryGo,
}

// survives returns what is left of a span context that was written, by the peer or by us,
// and read.
func (p peer) survives(sc propagation.SpanContext) propagation.SpanContext {
	if p.writes != nil {
		sc = p.writes(sc)
	}
	return p.says(sc)
}

// header makes a header of names and values in turn.
func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// readers are our propagators, one a format, that do nothing but read it.
var readers = func() map[propagation.Format]*propagation.Propagator {
	m := map[propagation.Format]*propagation.Propagator{}
	for _, f := range propagation.AllFormats() {
		m[f] = propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
	}
	return m
}()

// read returns what we make of a header, the zero value if nothing.
func read(f propagation.Format, h http.Header) propagation.SpanContext {
	sc, _ := propagation.RemoteFromContext(extract(readers[f], f, h))
	return sc
}

// extract extracts from the carrier that the format's peers write: one of grpc-trace-bin
// holds raw bytes, as gRPC metadata does.
func extract(p *propagation.Propagator, f propagation.Format, h http.Header) context.Context {
	if f == propagation.GRPCTraceBin {
		return p.ExtractMetadata(context.Background(), h)
	}
	return p.ExtractHTTP(context.Background(), h)
}

// spanKey is where writers find the local span.
type spanKey struct{}

func localSpan(ctx context.Context) (propagation.SpanContext, bool) {
	sc, ok := ctx.Value(spanKey{}).(propagation.SpanContext)
	return sc, ok
}

func startSpan(ctx context.Context, sc propagation.SpanContext) context.Context {
	return context.WithValue(ctx, spanKey{}, sc)
}

// writers are our propagators, one a format, that do nothing but write a local span in it.
var writers = func() map[propagation.Format]*propagation.Propagator {
	m := map[propagation.Format]*propagation.Propagator{}
	for _, p := range peers {
		m[p.format] = propagation.MustNew(propagation.Config{
			Formats: []propagation.Format{}, Emit: []propagation.Format{p.format}, LocalSpan: localSpan,
		})
	}
	return m
}()

// write returns the header that we make of a span context.
func write(f propagation.Format, sc propagation.SpanContext) http.Header {
	h := http.Header{}
	inject(writers[f], f, startSpan(context.Background(), sc), h)
	return h
}

// inject injects into the carrier that the format's peers read.
func inject(p *propagation.Propagator, f propagation.Format, ctx context.Context, h http.Header) {
	if f != propagation.GRPCTraceBin {
		p.InjectHTTP(ctx, h)
		return
	}
	md := map[string][]string{}
	p.InjectMetadata(ctx, md)
	for name, values := range md {
		h[http.CanonicalHeaderKey(name)] = values
	}
}

// otelInject returns an inject function for an OpenTelemetry propagator. in is the
// context that the span is put in; nil: the background.
func otelInject(p otel.TextMapPropagator, in func(propagation.Sampling) context.Context) func(propagation.SpanContext, http.Header) {
	return func(sc propagation.SpanContext, h http.Header) {
		ctx := context.Background()
		if in != nil {
			ctx = in(sc.Sampling)
		}
		state, _ := trace.ParseTraceState(sc.TraceState)
		ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: sc.TraceID, SpanID: sc.SpanID, TraceState: state,
			TraceFlags: trace.TraceFlags(0).WithSampled(sc.Sampling.Sampled()).WithRandom(sc.Random),
		}))
		p.Inject(ctx, otel.HeaderCarrier(h))
	}
}

// otelExtract is the way back.
func otelExtract(p otel.TextMapPropagator) func(http.Header) propagation.SpanContext {
	return func(h http.Header) propagation.SpanContext {
		return fromOTel(p.Extract(context.Background(), otel.HeaderCarrier(h)))
	}
}

// fromOTel returns the remote span that OpenTelemetry sees.
func fromOTel(ctx context.Context) propagation.SpanContext {
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return propagation.SpanContext{}
	}
	sampling := propagation.Denied
	if sc.IsSampled() {
		sampling = propagation.Accepted
	}
	return propagation.SpanContext{
		TraceID: sc.TraceID(), SpanID: sc.SpanID(), Sampling: sampling,
		Random: sc.TraceFlags().IsRandom(), TraceState: sc.TraceState().String(),
	}
}

// twoStates is the decision of who knows only yes and no.
func twoStates(s propagation.Sampling) propagation.Sampling {
	if s.Sampled() {
		return propagation.Accepted
	}
	return propagation.Denied
}

// idsAndFlag is what most of OpenTelemetry's propagators keep: both ids, yes or no.
func idsAndFlag(sc propagation.SpanContext) propagation.SpanContext {
	return propagation.SpanContext{TraceID: sc.TraceID, SpanID: sc.SpanID, Sampling: twoStates(sc.Sampling)}
}

// TestSamples keeps the samples honest: differences are shown by spoiling them.
func TestSamples(t *testing.T) {
	for _, p := range peers {
		if got := p.compare(p.sample); got.outcome != same || !got.ours.IsValid() {
			t.Errorf("%s: of %q we read %+v, it %+v", p.name, p.sample, got.ours, got.theirs)
		}
	}
}
