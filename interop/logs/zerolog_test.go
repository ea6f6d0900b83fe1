package logs

import (
	"context"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

var tracedEvent zerolog.HookFunc = func(e *zerolog.Event, _ zerolog.Level, _ string) {
	sc, id := trace.SpanContextFromContext(e.GetCtx()), propagation.RequestIDFromContext(e.GetCtx())
	if sc.IsValid() {
		e.Stringer("trace_id", sc.TraceID()).Stringer("span_id", sc.SpanID()).Str("request_id", id)
	}
}

func TestZerolog(t *testing.T) {
	var out strings.Builder
	log := zerolog.New(&out).Hook(tracedEvent)
	logs(t, &out, func(ctx context.Context) {
		log.Info().Ctx(ctx).Int("amount", 12).Msg("paid")
	}, `{"level":"info","amount":12,"trace_id":"`+traceID+`","span_id":"`+spanID+`","request_id":"`+requestID+`","message":"paid"}`+"\n")
	log.Info().Msg("no context")
}
