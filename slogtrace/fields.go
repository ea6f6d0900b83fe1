package slogtrace

// Fields are the names of the attributes that a [Handler] adds, for [WithFields]. An empty name leaves its attribute out.
// Take one of the ready sets, such as [Datadog], and change names in it if you like:
//
//	fields := slogtrace.Datadog()
//	fields.RequestID = "rid"
//
// The names must differ from each other, and from slog's own: time, level, msg and source. The zero Fields leave out all
// ids.
type Fields struct {
	TraceID   string // the name of the trace id, a string
	SpanID    string // the name of the span id, a string
	Flags     string // the name of W3C's trace flags, two hexadecimal digits: "01" is sampled
	Sampled   string // the name of the sampling decision, a boolean
	RequestID string // the name of the request id, a string

	// Baggage is the beginning of the names of baggage members; see [WithBaggage]. With "baggage." the member tenant is
	// logged as baggage.tenant. It may be empty.
	Baggage string

	// TracePrefix is put before the value of the trace id, not before its name. It may have no spaces.
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
// (https://docs.datadoghq.com/tracing/other_telemetry/connect_logs_and_traces/). dd.trace_id has the low 64 bits of the
// trace id. Datadog finds the trace by them (https://docs.datadoghq.com/opentelemetry/reference/trace_ids/).
func Datadog() Fields {
	return Fields{TraceID: "dd.trace_id", SpanID: "dd.span_id", RequestID: "http.request_id", Baggage: "baggage.", Decimal: true}
}

// GoogleCloud returns the special fields of Cloud Logging's JSON format: logging.googleapis.com/trace, spanId and
// trace_sampled (https://cloud.google.com/logging/docs/structured-logging#special-payload-fields). project is the id
// of the project that has the traces. The trace is then logged as projects/PROJECT/traces/ID. If project is empty, the
// trace is logged as the id alone. Google prefers that today, but older agents do not understand it
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
// (https://www.elastic.co/docs/reference/ecs/ecs-tracing, https://www.elastic.co/docs/reference/ecs/ecs-http). The baggage
// member tenant is labels.tenant.
func Elastic() Fields {
	return Fields{TraceID: "trace.id", SpanID: "span.id", RequestID: "http.request.id", Baggage: "labels."}
}

// Azure returns operation_Id for the trace id and operation_ParentId for the id of the span that logs. These are the names
// in the table traces of Application Insights. The table AppTraces of a workspace calls them OperationId and ParentId
// (https://learn.microsoft.com/azure/azure-monitor/reference/tables/apptraces). The request id is request_id.
func Azure() Fields {
	return Fields{TraceID: "operation_Id", SpanID: "operation_ParentId", RequestID: "request_id", Baggage: "baggage."}
}
