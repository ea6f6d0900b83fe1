package logs

import (
	"context"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

type tracedEntry struct{}

func (tracedEntry) Levels() []logrus.Level { return logrus.AllLevels }

func (tracedEntry) Fire(e *logrus.Entry) error {
	if sc := trace.SpanContextFromContext(e.Context); sc.IsValid() {
		e.Data["trace_id"], e.Data["span_id"] = sc.TraceID().String(), sc.SpanID().String()
		e.Data["request_id"] = propagation.RequestIDFromContext(e.Context)
	}
	return nil
}

func TestLogrus(t *testing.T) {
	var out strings.Builder
	log := logrus.New()
	log.AddHook(tracedEntry{})
	log.SetOutput(&out)
	log.SetFormatter(&logrus.JSONFormatter{DisableTimestamp: true})
	logs(t, &out, func(ctx context.Context) {
		log.WithContext(ctx).WithField("amount", 12).Info("paid")
	}, `{"amount":12,"level":"info","msg":"paid","request_id":"`+requestID+`","span_id":"`+spanID+`","trace_id":"`+traceID+`"}`+"\n")
	log.Info("no context")
}
