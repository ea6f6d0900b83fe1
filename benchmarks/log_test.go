package benchmarks

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"
)

// TestLoggersLog: each measured handler logs the ids of the span. The plain JSON handler does not.
func TestLoggersLog(t *testing.T) {
	var buf bytes.Buffer
	var emitted sdklog.Record
	for _, l := range loggers(&buf, func(r *sdklog.Record) { emitted = r.Clone() }) {
		buf.Reset()
		log := slog.New(l.handler)
		log.LogAttrs(l.ctx, slog.LevelInfo, "served")
		line, sc := buf.String(), trace.SpanContextFromContext(l.ctx)
		switch l.library.Name {
		case bareSlog.Name:
			if strings.Contains(line, "trace_id") {
				t.Errorf("%s logs %s", l.library.Name, line)
			}
		case otelSlog.Name:
			if emitted.TraceID() != sc.TraceID() || emitted.SpanID() != sc.SpanID() || line != "" {
				t.Errorf("%s emits trace %s, span %s", l.library.Name, emitted.TraceID(), emitted.SpanID())
			}
		case ddSlog.Name:
			if !strings.Contains(line, `"dd.trace_id":"`) || !strings.Contains(line, `"dd.span_id":"`) {
				t.Errorf("%s logs %s", l.library.Name, line)
			}
		default:
			if !strings.Contains(line, `"trace_id":"`+sc.TraceID().String()+`"`) || !strings.Contains(line, `"span_id":"`+sc.SpanID().String()+`"`) {
				t.Errorf("%s logs %s", l.library.Name, line)
			}
		}
	}
}
