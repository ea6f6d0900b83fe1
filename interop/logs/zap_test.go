package logs

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func traced(ctx context.Context, log *zap.Logger) *zap.Logger {
	sc, id := trace.SpanContextFromContext(ctx), propagation.RequestIDFromContext(ctx)
	if !sc.IsValid() {
		return log
	}
	return log.With(zap.Stringer("trace_id", sc.TraceID()), zap.Stringer("span_id", sc.SpanID()), zap.String("request_id", id))
}

func TestZap(t *testing.T) {
	var out strings.Builder
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg", LineEnding: "\n"})
	log := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zap.InfoLevel))
	logs(t, &out, func(ctx context.Context) {
		traced(ctx, log).Info("paid", zap.Int("amount", 12))
	}, `{"msg":"paid","trace_id":"`+traceID+`","span_id":"`+spanID+`","request_id":"`+requestID+`","amount":12}`+"\n")
}
