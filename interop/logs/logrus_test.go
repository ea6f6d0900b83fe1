package logs

import (
	"context"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

func fieldsOf(ctx context.Context) (fields logrus.Fields) {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		fields = logrus.Fields{"trace_id": sc.TraceID(), "span_id": sc.SpanID(), "request_id": propagation.RequestIDFromContext(ctx)}
	}
	return fields
}

func TestLogrus(t *testing.T) {
	var out strings.Builder
	log := logrus.New()
	log.SetOutput(&out)
	log.SetFormatter(&logrus.JSONFormatter{DisableTimestamp: true})
	logs(t, &out, func(ctx context.Context) {
		log.WithFields(fieldsOf(ctx)).WithField("amount", 12).Info("paid")
	}, `{"amount":12,"level":"info","msg":"paid","request_id":"`+requestID+`","span_id":"`+spanID+`","trace_id":"`+traceID+`"}`+"\n")
}
