package opentracinggo_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/opentracing/basictracer-go"
	"github.com/opentracing/opentracing-go"
	"github.com/opentracing/opentracing-go/ext"
	zipkintracer "github.com/openzipkin-contrib/zipkin-go-opentracing"
	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/reporter"
	"github.com/traceferry/traceferry/adapters/internal/adaptertest"
	"github.com/traceferry/traceferry/adapters/opentracinggo"
	"github.com/traceferry/traceferry/propagation"
	"github.com/uber/jaeger-client-go"
)

// kind is an implementation of OpenTracing.
type kind struct {
	name   string
	tracer func(t *testing.T, sampled bool) opentracing.Tracer
	says   func(opentracing.SpanContext) (traceID, spanID, parentID string, sampled bool) // as the tracer itself reports them
}

var kinds = []kind{
	{"jaeger", jaegerTracer(), jaegerSays},
	{"jaeger with 128 bits", jaegerTracer(jaeger.TracerOptions.Gen128Bit(true)), jaegerSays},
	{"zipkin", zipkinTracer(), zipkinSays},
	{"zipkin with 128 bits", zipkinTracer(zipkin.WithTraceID128Bit(true)), zipkinSays},
	{"basictracer", basicTracer, basicSays},
}

func jaegerTracer(opts ...jaeger.TracerOption) func(*testing.T, bool) opentracing.Tracer {
	return func(t *testing.T, sampled bool) opentracing.Tracer {
		tracer, closer := jaeger.NewTracer("test", jaeger.NewConstSampler(sampled), jaeger.NewInMemoryReporter(), opts...)
		t.Cleanup(func() { closer.Close() })
		return tracer
	}
}

func jaegerSays(sc opentracing.SpanContext) (traceID, spanID, parentID string, sampled bool) {
	c := sc.(jaeger.SpanContext)
	if c.ParentID() != 0 {
		parentID = c.ParentID().String()
	}
	return c.TraceID().String(), c.SpanID().String(), parentID, c.IsSampled()
}

func zipkinTracer(opts ...zipkin.TracerOption) func(*testing.T, bool) opentracing.Tracer {
	return func(t *testing.T, sampled bool) opentracing.Tracer {
		sampler := zipkin.WithSampler(func(uint64) bool { return sampled })
		tracer, err := zipkin.NewTracer(reporter.NewNoopReporter(), append(opts, sampler)...)
		if err != nil {
			t.Fatal(err)
		}
		return zipkintracer.Wrap(tracer)
	}
}

func zipkinSays(sc opentracing.SpanContext) (traceID, spanID, parentID string, sampled bool) {
	c := sc.(zipkintracer.SpanContext)
	if c.ParentID != nil {
		parentID = c.ParentID.String()
	}
	return c.TraceID.String(), c.ID.String(), parentID, *c.Sampled
}

func basicTracer(_ *testing.T, sampled bool) opentracing.Tracer {
	o := basictracer.DefaultOptions()
	o.Recorder = basictracer.NewInMemoryRecorder()
	o.ShouldSample = func(uint64) bool { return sampled }
	return basictracer.NewWithOptions(o)
}

func basicSays(sc opentracing.SpanContext) (traceID, spanID, parentID string, sampled bool) {
	c := sc.(basictracer.SpanContext)
	return fmt.Sprintf("%016x", c.TraceID), fmt.Sprintf("%016x", c.SpanID), "", c.Sampled
}

// expect compares the sent headers with the data that the tracer reports for the span.
func (k kind) expect(t *testing.T, p *propagation.Propagator, ctx context.Context, span opentracing.Span, state string) {
	t.Helper()
	traceID, spanID, parentID, sampled := k.says(span.Context())
	want := adaptertest.Span{TraceID: adaptertest.Pad(traceID, 32), SpanID: spanID, ParentID: parentID, TraceState: state}
	want.Sampling = propagation.Denied
	if sampled {
		want.Sampling = propagation.Accepted
	}
	if len(traceID) > 16 {
		want.DatadogTags = "_dd.p.tid=" + traceID[:16]
	}
	adaptertest.Names(t, p, ctx, want)
}

// TestContinued: the tracer continues the caller's trace, and its client span is a child of its server span.
func TestContinued(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			tracer := k.tracer(t, true)
			ctx, p := adaptertest.Receive(opentracinggo.LocalSpan)
			caller, err := tracer.Extract(opentracing.HTTPHeaders, opentracing.HTTPHeadersCarrier(adaptertest.Request()))
			if err != nil {
				t.Fatal(err)
			}
			server := tracer.StartSpan("server", ext.RPCServerOption(caller))
			traceID, _, _, _ := k.says(server.Context())
			if traceID != adaptertest.CallerTrace && traceID != adaptertest.CallerTrace[16:] { // basictracer keeps the low half
				t.Fatalf("the tracer's span is of trace %s, want the caller's trace", traceID)
			}
			ctx = opentracing.ContextWithSpan(ctx, server)
			k.expect(t, p, ctx, server, "a=1")
			client, inner := opentracing.StartSpanFromContextWithTracer(ctx, tracer, "client", ext.SpanKindRPCClient)
			k.expect(t, p, inner, client, "a=1")
			client.Finish()
			k.expect(t, p, inner, client, "a=1") // inner stays the local span until another context replaces it
			k.expect(t, p, ctx, server, "a=1")
		})
	}
}

// TestRestarted: the tracer begins a trace of its own, because it restarts the caller's trace or because there is no
// caller.
func TestRestarted(t *testing.T) {
	for _, k := range kinds {
		for _, sampled := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, sampled %v", k.name, sampled), func(t *testing.T) {
				tracer := k.tracer(t, sampled)
				for _, start := range []func(adaptertest.Adapter) (context.Context, *propagation.Propagator){adaptertest.Receive, adaptertest.Begin} {
					ctx, p := start(opentracinggo.LocalSpan)
					for range 30 { // one id in eight or sixteen begins with zeros
						root, ctx := opentracing.StartSpanFromContextWithTracer(ctx, tracer, "root")
						k.expect(t, p, ctx, root, "")
						child, ctx := opentracing.StartSpanFromContextWithTracer(ctx, tracer, "child")
						k.expect(t, p, ctx, child, "")
					}
				}
			})
		}
	}
}

// TestDebug: jaeger-client-go's debug flag becomes B3's debug decision.
func TestDebug(t *testing.T) {
	tracer := jaegerTracer()(t, false)
	ctx, p := adaptertest.Begin(opentracinggo.LocalSpan)
	span, ctx := opentracing.StartSpanFromContextWithTracer(ctx, tracer, "span")
	ext.SamplingPriority.Set(span, 1)
	traceID, spanID, _, _ := jaegerSays(span.Context())
	adaptertest.Names(t, p, ctx, adaptertest.Span{TraceID: adaptertest.Pad(traceID, 32), SpanID: spanID, Sampling: propagation.Debug, DatadogPriority: "2"})
}

// TestNoSpan: without a span, or with a span whose tracer does not report its ids, all received headers are sent
// unchanged.
func TestNoSpan(t *testing.T) {
	ctx, p := adaptertest.Receive(opentracinggo.LocalSpan)
	adaptertest.Verbatim(t, p, ctx)
	adaptertest.Verbatim(t, p, opentracing.ContextWithSpan(ctx, nil))
	for name, tracer := range map[string]opentracing.Tracer{
		"no-op": opentracing.NoopTracer{},
		"mute":  jaegerTracer(jaeger.TracerOptions.Injector(opentracing.HTTPHeaders, mute{}))(t, true),
	} {
		t.Run(name, func(t *testing.T) {
			_, ctx := opentracing.StartSpanFromContextWithTracer(ctx, tracer, "nothing")
			adaptertest.Verbatim(t, p, ctx)
		})
	}
	ctx, p = adaptertest.Begin(opentracinggo.LocalSpan)
	adaptertest.Nothing(t, p, ctx)
}

// mute is a tracer that writes no headers.
type mute struct{}

func (mute) Inject(jaeger.SpanContext, any) error { return opentracing.ErrUnsupportedFormat }
