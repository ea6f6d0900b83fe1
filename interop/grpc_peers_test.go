package interop

import (
	"context"
	"encoding/binary"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/openzipkin/zipkin-go"
	zipkingrpc "github.com/openzipkin/zipkin-go/middleware/grpc"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/reporter/recorder"
	"github.com/traceferry/traceferry/propagation"
	"go.opencensus.io/plugin/ocgrpc"
	octrace "go.opencensus.io/trace"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/propagators/b3"
	otel "go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats/opentelemetry"
)

// grpcPeer is another library's instrumentation of gRPC.
type grpcPeer struct {
	name   string
	format propagation.Format // the format that it uses
	start  func(*testing.T) grpcTracing
}

// grpcTracing is a running instrumentation of a peer.
type grpcTracing struct {
	server grpc.ServerOption
	client grpc.DialOption
	spans  func() []callSpan                                     // the spans that have ended since its last call
	local  func(context.Context) (propagation.SpanContext, bool) // its local span; nil means OpenTelemetry's
}

// callSpan is the data that a peer reports for a span of a call.
type callSpan struct {
	side         side
	trace        trace.TraceID
	span, parent trace.SpanID
}

type side string

const (
	serverSide side = "server"
	clientSide side = "client" // the span that the headers name
)

var grpcPeers = []grpcPeer{
	{"otelgrpc, tracecontext", propagation.W3C, otelgrpcWith(otel.TraceContext{})},
	{"otelgrpc, b3", propagation.B3Single, otelgrpcWith(b3.New(b3.WithInjectEncoding(b3.B3SingleHeader)))},
	{"otelgrpc, b3 of several headers", propagation.B3Multi, otelgrpcWith(b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader)))},
	{"grpc-go's OpenTelemetry plugin", propagation.GRPCTraceBin, startPlugin},
	{"OpenCensus' ocgrpc", propagation.GRPCTraceBin, startOpenCensus},
	{"zipkin-go's middleware", propagation.B3Multi, startZipkin},
}

// ended waits until the given number of spans has ended, and returns them by side.
func (g grpcTracing) ended(t *testing.T, n int) map[side]callSpan {
	t.Helper()
	by, all := map[side]callSpan{}, 0
	for deadline := time.Now().Add(5 * time.Second); all < n && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		for _, s := range g.spans() {
			all++
			by[s.side] = s
		}
	}
	if all != n || len(by) != n {
		t.Fatalf("%d spans of calls ended, want %d: %+v", all, n, by)
	}
	return by
}

func otelgrpcWith(p otel.TextMapPropagator) func(*testing.T) grpcTracing {
	return func(*testing.T) grpcTracing {
		spans := tracetest.NewInMemoryExporter()
		opts := []otelgrpc.Option{otelgrpc.WithPropagators(p), otelgrpc.WithTracerProvider(sdk.NewTracerProvider(sdk.WithSyncer(spans)))}
		return grpcTracing{
			server: grpc.StatsHandler(otelgrpc.NewServerHandler(opts...)),
			client: grpc.WithStatsHandler(otelgrpc.NewClientHandler(opts...)),
			spans: endedOTel(spans, func(s tracetest.SpanStub) side {
				return map[trace.SpanKind]side{trace.SpanKindServer: serverSide, trace.SpanKindClient: clientSide}[s.SpanKind]
			}),
		}
	}
}

// startPlugin starts the plugin. It has a span for a call, and one for each attempt. The headers name the attempt's
// span.
func startPlugin(t *testing.T) grpcTracing {
	options, spans := grpcPlugin(t)
	return grpcTracing{
		server: opentelemetry.ServerOption(options),
		client: opentelemetry.DialOption(options),
		spans: endedOTel(spans, func(s tracetest.SpanStub) side {
			kind, _, _ := strings.Cut(s.Name, ".")
			return map[string]side{"Recv": serverSide, "Attempt": clientSide}[kind]
		}),
	}
}

// endedOTel returns the spans of an exporter that have a side.
func endedOTel(exporter *tracetest.InMemoryExporter, of func(tracetest.SpanStub) side) func() []callSpan {
	seen := map[trace.SpanID]bool{}
	return func() (spans []callSpan) {
		for _, s := range exporter.GetSpans() {
			if side := of(s); side != "" && !seen[s.SpanContext.SpanID()] {
				seen[s.SpanContext.SpanID()] = true
				spans = append(spans, callSpan{side, s.SpanContext.TraceID(), s.SpanContext.SpanID(), s.Parent.SpanID()})
			}
		}
		return spans
	}
}

func startOpenCensus(t *testing.T) grpcTracing {
	spans := new(censusExporter)
	octrace.RegisterExporter(spans)
	t.Cleanup(func() { octrace.UnregisterExporter(spans) })
	always := octrace.StartOptions{Sampler: octrace.AlwaysSample()}
	return grpcTracing{
		server: grpc.StatsHandler(&ocgrpc.ServerHandler{StartOptions: always}),
		client: grpc.WithStatsHandler(&ocgrpc.ClientHandler{StartOptions: always}),
		spans:  spans.flush,
		local: func(ctx context.Context) (sc propagation.SpanContext, ok bool) {
			if span := octrace.FromContext(ctx); span != nil {
				oc := span.SpanContext()
				sc.TraceID, sc.SpanID, sc.Sampling = trace.TraceID(oc.TraceID), trace.SpanID(oc.SpanID), propagation.Denied
				if oc.IsSampled() {
					sc.Sampling = propagation.Accepted
				}
			}
			return sc, sc.IsValid()
		},
	}
}

// censusExporter stores the spans that OpenCensus exports.
type censusExporter struct {
	mu    sync.Mutex
	ended []callSpan
}

func (e *censusExporter) ExportSpan(s *octrace.SpanData) {
	e.mu.Lock()
	defer e.mu.Unlock()
	kind := map[int]side{octrace.SpanKindServer: serverSide, octrace.SpanKindClient: clientSide}[s.SpanKind]
	e.ended = append(e.ended, callSpan{kind, trace.TraceID(s.TraceID), trace.SpanID(s.SpanContext.SpanID), trace.SpanID(s.ParentSpanID)})
}

func (e *censusExporter) flush() (ended []callSpan) {
	e.mu.Lock()
	defer e.mu.Unlock()
	ended, e.ended = e.ended, nil
	return ended
}

// startZipkin starts zipkin-go with a span for each side of a call. By default, both have one id.
func startZipkin(t *testing.T) grpcTracing {
	spans := recorder.NewReporter()
	tracer, err := zipkin.NewTracer(spans, zipkin.WithSharedSpans(false), zipkin.WithTraceID128Bit(true))
	if err != nil {
		t.Fatal(err)
	}
	return grpcTracing{
		server: grpc.StatsHandler(zipkingrpc.NewServerHandler(tracer)),
		client: grpc.WithStatsHandler(zipkingrpc.NewClientHandler(tracer)),
		spans: func() (ended []callSpan) {
			for _, s := range spans.Flush() {
				sc := zipkinContext(s.SpanContext)
				ended = append(ended, callSpan{side(strings.ToLower(string(s.Kind))), sc.TraceID, sc.SpanID, sc.ParentID})
			}
			return ended
		},
		local: func(ctx context.Context) (sc propagation.SpanContext, ok bool) {
			if span := zipkin.SpanFromContext(ctx); span != nil {
				sc = zipkinContext(span.Context())
			}
			return sc, sc.IsValid()
		},
	}
}

func zipkinContext(z model.SpanContext) (sc propagation.SpanContext) {
	binary.BigEndian.PutUint64(sc.TraceID[:8], z.TraceID.High)
	binary.BigEndian.PutUint64(sc.TraceID[8:], z.TraceID.Low)
	binary.BigEndian.PutUint64(sc.SpanID[:], uint64(z.ID))
	if z.ParentID != nil {
		binary.BigEndian.PutUint64(sc.ParentID[:], uint64(*z.ParentID))
	}
	sc.Sampling = propagation.Denied
	if z.Sampled != nil && *z.Sampled {
		sc.Sampling = propagation.Accepted
	}
	return sc
}
