package logs

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/bridges/otelzap"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
)

// exporter keeps the records that OpenTelemetry's SDK for logs exports.
type exporter struct{ records []sdklog.Record }

func (e *exporter) Export(_ context.Context, records []sdklog.Record) error {
	for _, r := range records {
		e.records = append(e.records, r.Clone())
	}
	return nil
}
func (*exporter) Shutdown(context.Context) error   { return nil }
func (*exporter) ForceFlush(context.Context) error { return nil }

// names checks the span that the exported records name. "" means no span.
func (e *exporter) names(t *testing.T, wantTrace, wantSpan string, sampled bool) {
	t.Helper()
	if len(e.records) != 1 {
		t.Fatalf("%d records were exported, want one", len(e.records))
	}
	r := e.records[0]
	e.records = nil
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: r.TraceID(), SpanID: r.SpanID()})
	if sc.HasTraceID() != (wantTrace != "") || wantTrace != "" && sc.TraceID().String() != wantTrace || wantSpan != "" && sc.SpanID().String() != wantSpan || r.TraceFlags().IsSampled() != sampled {
		t.Errorf("the record has trace %s, span %s, flags %v, want other ids", r.TraceID(), r.SpanID(), r.TraceFlags())
	}
}

// TestBridges: without a tracing SDK, OpenTelemetry's bridges log the caller's span, unless the caller is untrusted.
// With an SDK, they log the local span.
func TestBridges(t *testing.T) {
	var e exporter
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewSimpleProcessor(&e)))
	for name, log := range map[string]func(context.Context){
		"otelslog": func(ctx context.Context) {
			log := slog.New(otelslog.NewHandler("shop", otelslog.WithLoggerProvider(provider)))
			log.InfoContext(ctx, "paid")
		},
		"otelzap": func(ctx context.Context) {
			log := zap.New(otelzap.NewCore("shop", otelzap.WithLoggerProvider(provider)))
			log.Info("paid", zap.Any("context", ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, log)
			e.names(t, traceID, spanID, true)
			serve(t, log, httptrace.Edge())
			e.names(t, "", "", false)
			log(context.Background())
			e.names(t, "", "", false)
			serve(t, func(ctx context.Context) {
				ctx, span := sdktrace.NewTracerProvider().Tracer("").Start(ctx, "work")
				log(ctx)
				e.names(t, traceID, span.SpanContext().SpanID().String(), true)
			})
		})
	}
}

// TestHandwritten: a handler like that of many programs also logs the caller's span, if it uses the span context. In a
// group, its ids are not at the top level. If it requires a recording span, it needs an SDK.
func TestHandwritten(t *testing.T) {
	var out strings.Builder
	log := slog.New(handwritten{slog.NewTextHandler(&out, nil), false})
	serve(t, func(ctx context.Context) {
		log.InfoContext(ctx, "paid")
		log.WithGroup("order").InfoContext(ctx, "paid")
	})
	if n := strings.Count(out.String(), " trace_id="+traceID); n != 1 || !strings.Contains(out.String(), " order.trace_id="+traceID) {
		t.Errorf("the hand-written handler logs %s, want the ids once at the top level and once in the group", out.String())
	}

	out.Reset()
	log = slog.New(handwritten{slog.NewTextHandler(&out, nil), true})
	serve(t, func(ctx context.Context) {
		log.InfoContext(ctx, "paid")
		ctx, _ = sdktrace.NewTracerProvider().Tracer("").Start(ctx, "work")
		log.InfoContext(ctx, "paid")
	})
	if first, second, _ := strings.Cut(out.String(), "\n"); strings.Contains(first, traceID) || !strings.Contains(second, traceID) {
		t.Errorf("a handler that requires a recording span logs %s, want ids only with an SDK", out.String())
	}
}

// handwritten is a handler without this library.
type handwritten struct {
	slog.Handler
	recording bool // require a recording span
}

func (h handwritten) Handle(ctx context.Context, r slog.Record) error {
	span := trace.SpanFromContext(ctx)
	if sc := span.SpanContext(); sc.IsValid() && (span.IsRecording() || !h.recording) {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handwritten) WithGroup(name string) slog.Handler {
	return handwritten{h.Handler.WithGroup(name), h.recording}
}
