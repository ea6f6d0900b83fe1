package slogtrace

// Fields are the names of the attributes that a [Handler] adds. An empty name leaves its attribute out. Take one of the
// ready sets, such as [Datadog], and change it if you like:
//
//	fields := slogtrace.Datadog()
//	fields.RequestID = "rid"
type Fields struct {
	TraceID   string // a string
	SpanID    string // a string
	Flags     string // W3C's trace flags as two hexadecimal digits: "01" is sampled
	Sampled   string // a boolean
	RequestID string // a string

	// Baggage is put before the key of a baggage member to make a name. It may be empty.
	Baggage string

	// TracePrefix is put before the value of TraceID.
	TracePrefix string
	// Decimal writes ids as decimal numbers, and only the low 64 bits of the trace id. By default ids are in lower-case
	// hexadecimal: 32 digits and 16 digits.
	Decimal bool
}

// Plain returns the default fields: trace_id, span_id, sampled and request_id.
func Plain() Fields {
	return Fields{TraceID: "trace_id", SpanID: "span_id", Sampled: "sampled", RequestID: "request_id", Baggage: "baggage."}
}

// OpenTelemetry returns trace_id, span_id and trace_flags. OpenTelemetry's log data model uses these names in JSON and
// other formats (https://opentelemetry.io/docs/specs/otel/compatibility/logging_trace_context/). It has no name for a
// request id, which is request_id here.
func OpenTelemetry() Fields {
	return Fields{TraceID: "trace_id", SpanID: "span_id", Flags: "trace_flags", RequestID: "request_id", Baggage: "baggage."}
}

// Datadog returns dd.trace_id and dd.span_id, both in decimal, and http.request_id
// (https://docs.datadoghq.com/tracing/other_telemetry/connect_logs_and_traces/). The trace id is its low 64 bits, which
// Datadog takes for the same trace as the whole id (https://docs.datadoghq.com/opentelemetry/reference/trace_ids/).
func Datadog() Fields {
	return Fields{TraceID: "dd.trace_id", SpanID: "dd.span_id", RequestID: "http.request_id", Baggage: "baggage.", Decimal: true}
}

// GoogleCloud returns the special fields of Cloud Logging's JSON format: logging.googleapis.com/trace, spanId and
// trace_sampled (https://cloud.google.com/logging/docs/structured-logging#special-payload-fields). project is the id
// of the project that has the traces. The trace is then logged as projects/PROJECT/traces/ID. If project is empty, it
// is the id alone, which Google prefers today, but older agents do not know
// (https://cloud.google.com/trace/docs/trace-log-integration). The request id is request_id.
func GoogleCloud(project string) Fields {
	f := Fields{
		TraceID: "logging.googleapis.com/trace", SpanID: "logging.googleapis.com/spanId", Sampled: "logging.googleapis.com/trace_sampled",
		RequestID: "request_id", Baggage: "baggage.",
	}
	if project != "" {
		f.TracePrefix = "projects/" + project + "/traces/"
	}
	return f
}

// Elastic returns trace.id, span.id and http.request.id of the Elastic Common Schema
// (https://www.elastic.co/docs/reference/ecs/ecs-tracing, https://www.elastic.co/docs/reference/ecs/ecs-http). Baggage
// becomes labels.
func Elastic() Fields {
	return Fields{TraceID: "trace.id", SpanID: "span.id", RequestID: "http.request.id", Baggage: "labels."}
}

// Azure returns operation_Id and operation_ParentId, as the table traces of Application Insights calls them. The table
// AppTraces of a workspace calls them OperationId and ParentId
// (https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces). The operation is the trace, and its
// parent is the span that logs. The request id is request_id.
func Azure() Fields {
	return Fields{TraceID: "operation_Id", SpanID: "operation_ParentId", RequestID: "request_id", Baggage: "baggage."}
}
