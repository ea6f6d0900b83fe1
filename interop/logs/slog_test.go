package logs

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/lmittmann/tint"
	"github.com/rs/zerolog"
	"github.com/traceferry/traceferry/slogtrace"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"
)

func TestSlog(t *testing.T) {
	var out strings.Builder
	handler := slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})
	log := slog.New(slogtrace.MustNew(handler))
	logs(t, &out, func(ctx context.Context) {
		log.InfoContext(ctx, "paid", "amount", 12)
	}, `{"level":"INFO","msg":"paid","amount":12,"trace_id":"`+traceID+`","span_id":"`+spanID+`","sampled":true,"request_id":"`+requestID+`"}`+"\n")
}

// TestFields tests each set of fields on the page.
func TestFields(t *testing.T) {
	next := slog.DiscardHandler
	for _, h := range []slog.Handler{
		slogtrace.MustNew(next, slogtrace.WithFields(slogtrace.OpenTelemetry())),
		slogtrace.MustNew(next, slogtrace.WithFields(slogtrace.Datadog())),
		slogtrace.MustNew(next, slogtrace.WithFields(slogtrace.GoogleCloud("my-project"))),
		slogtrace.MustNew(next, slogtrace.WithFields(slogtrace.Elastic())),
		slogtrace.MustNew(next, slogtrace.WithFields(slogtrace.Azure())),
	} {
		if h == nil {
			t.Error("no handler")
		}
	}
}

// TestOtherHandlers: the handlers of other loggers also get the ids at the top level, beside the group. The record has
// more fields than fit its own memory.
func TestOtherHandlers(t *testing.T) {
	var buf bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	for name, next := range map[string]slog.Handler{
		"zap":     zapslog.NewHandler(zapcore.NewCore(encoder, zapcore.AddSync(&buf), zap.InfoLevel)),
		"zerolog": zerolog.NewSlogHandler(zerolog.New(&buf)),
	} {
		for _, fields := range []slogtrace.Fields{slogtrace.Plain(), {TraceID: "trace_id", SpanID: "span_id", Flags: "f", Sampled: "s", RequestID: "request_id"}} {
			buf.Reset()
			log := slog.New(slogtrace.MustNew(next, slogtrace.WithFields(fields)))
			serve(t, func(ctx context.Context) { log.WithGroup("order").InfoContext(ctx, "paid", "amount", 12) })
			var line map[string]any
			if err := json.Unmarshal(buf.Bytes(), &line); err != nil {
				t.Fatalf("%s: %v: %s", name, err, buf.String())
			}
			order, _ := line["order"].(map[string]any)
			if line["trace_id"] != traceID || line["span_id"] != spanID || line["request_id"] != requestID || order["amount"] != 12.0 && line["order.amount"] != 12.0 {
				t.Errorf("%s logs %s, want the ids at the top level and the amount in the group", name, buf.String())
			}
		}
	}

	buf.Reset()
	log := slog.New(slogtrace.MustNew(tint.NewHandler(&buf, &tint.Options{NoColor: true})))
	serve(t, func(ctx context.Context) { log.WithGroup("order").InfoContext(ctx, "paid", "amount", 12) })
	if got := buf.String(); !strings.Contains(got, " order.amount=12 trace_id="+traceID+" ") {
		t.Errorf("tint logs %s, want the ids at the top level", got)
	}
}
