package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otel "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// peer is another library's propagator for one of our formats.
type peer struct {
	name   string
	format propagation.Format
	fields []string    // the headers that it reads, as http.Header spells them
	sample http.Header // a header that the peer and we read alike

	inject  func(propagation.SpanContext, http.Header)
	extract func(http.Header) propagation.SpanContext // returns zero if it found nothing

	// says returns the part of a span context that the peer's types can hold. The readings are compared by this part.
	says func(propagation.SpanContext) propagation.SpanContext
	// writes returns the part of a span context that both the peer and we can write in the format. nil means all.
	writes func(propagation.SpanContext) propagation.SpanContext

	known []difference
}

// peers are all compared propagators.
var peers = []peer{
	traceContext, b3Single, b3Multi, zipkinSingle, zipkinMulti, jaeger, otTrace, xray, cloudTrace, grpcTraceBin,
	datadog, datadogTraceContext, sentryGo,
}

// survives returns the part of a span context that is left after it was written and read, by the peer or by us.
func (p peer) survives(sc propagation.SpanContext) propagation.SpanContext {
	if p.writes != nil {
		sc = p.writes(sc)
	}
	return p.says(sc)
}

// header makes a header from alternating names and values.
func header(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// readers are our propagators, one for each format, that only read that format.
var readers = func() map[propagation.Format]*propagation.Propagator {
	m := map[propagation.Format]*propagation.Propagator{}
	for _, f := range propagation.AllFormats() {
		m[f] = propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
	}
	return m
}()

// read returns the span context that we read from a header, or the zero value.
func read(f propagation.Format, h http.Header) propagation.SpanContext {
	sc, _ := propagation.RemoteFromContext(extract(readers[f], f, h))
	return sc
}

// extract extracts from the carrier that the format's peers write. For grpc-trace-bin, that carrier holds raw bytes
// like gRPC metadata.
func extract(p *propagation.Propagator, f propagation.Format, h http.Header) context.Context {
	if f == propagation.GRPCTraceBin {
		return p.ExtractMetadata(context.Background(), h)
	}
	return p.ExtractHTTP(context.Background(), h)
}

// spanKey is the context key of the local span for writers.
type spanKey struct{}

func localSpan(ctx context.Context) (propagation.SpanContext, bool) {
	sc, ok := ctx.Value(spanKey{}).(propagation.SpanContext)
	return sc, ok
}

func startSpan(ctx context.Context, sc propagation.SpanContext) context.Context {
	return context.WithValue(ctx, spanKey{}, sc)
}

// writers are our propagators, one for each format, that only write a local span in that format.
var writers = func() map[propagation.Format]*propagation.Propagator {
	m := map[propagation.Format]*propagation.Propagator{}
	for _, p := range peers {
		m[p.format] = propagation.MustNew(propagation.Config{
			Formats: []propagation.Format{}, Emit: []propagation.Format{p.format}, LocalSpan: localSpan,
		})
	}
	return m
}()

// write returns the header that we write for a span context.
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

// otelInject returns an inject function for an OpenTelemetry propagator. in is the parent of the context with the span.
// nil means the background context.
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

// otelExtract returns an extract function for an OpenTelemetry propagator.
func otelExtract(p otel.TextMapPropagator) func(http.Header) propagation.SpanContext {
	return func(h http.Header) propagation.SpanContext {
		return fromOTel(p.Extract(context.Background(), otel.HeaderCarrier(h)))
	}
}

// fromOTel returns the remote span in OpenTelemetry's context.
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

// twoStates returns the decision as a library sees it that knows only accepted and denied.
func twoStates(s propagation.Sampling) propagation.Sampling {
	if s.Sampled() {
		return propagation.Accepted
	}
	return propagation.Denied
}

// idsAndFlag returns the part that most of OpenTelemetry's propagators keep: both ids, and accepted or denied.
func idsAndFlag(sc propagation.SpanContext) propagation.SpanContext {
	return propagation.SpanContext{TraceID: sc.TraceID, SpanID: sc.SpanID, Sampling: twoStates(sc.Sampling)}
}

// TestSamples checks that the samples are read alike, because the differences are shown by changes to them.
func TestSamples(t *testing.T) {
	for _, p := range peers {
		if got := p.compare(p.sample); got.outcome != same || !got.ours.IsValid() {
			t.Errorf("%s: from %q we read %+v and the peer %+v, want the same valid span", p.name, p.sample, got.ours, got.theirs)
		}
	}
}
