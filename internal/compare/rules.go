package compare

import "strings"

// rules has a sentence for some headers: the rule of the header's specification, or of its readers.
var rules = []struct{ prefix, text string }{
	{"traceparent", "W3C Trace Context, 3.4: a service that does not join the trace forwards traceparent as it is; one that does changes parent-id, and keeps trace-id."},
	{"tracestate", "W3C Trace Context, 3.3: all lines form one list, in their order. Members of others are kept as they are. Lines may be joined by commas."},
	{"b3", "B3: the single header is preferred to x-b3-*. It must name the same span, and must not be invented: b3: 0 drops the trace."},
	{"x-b3-", "B3: TraceId, SpanId, ParentSpanId, Sampled and Flags travel together and name one span. An absent Sampled leaves the decision open."},
	{"grpc-trace-bin", "gRPC over HTTP/2: -bin values are bytes for the application and base64 on the wire. Over HTTP the same header is base64 text."},
	{"x-cloud-trace-context", "Google Cloud: TRACE_ID/SPAN_ID;o=OPTIONS, with a decimal span id. Without o= the decision is open."},
	{"x-ot-span-context", "Envoy's LightStep tracer: the value is base64 and case-sensitive. Forward it as it is."},
	{"x-request-id", "Envoy: an application must forward x-request-id unchanged on the calls that a request makes. Envoy keeps its sampling decision in it."},
	{"baggage", "W3C Baggage, 3.3: several lines form one list. A service should forward all members unchanged."},
	{"x-datadog-", "Datadog: trace id, parent id, priority, origin and tags travel together. Tags hold the high half of the trace id."},
	{"uber-trace-id", "Jaeger: {trace}:{span}:{parent}:{flags}, which may be URL-encoded. Forward it as it is."},
	{"uberctx-", "Jaeger: each uberctx- header is one baggage item."},
	{"x-amzn-trace-id", "AWS X-Ray: Root, Parent and Sampled travel with further fields. Lineage must be kept: Lambda stops loops by it."},
	{"ot-", "OpenTracing's basic tracers: ot-tracer-* and ot-baggage-* travel together."},
	{"sw8", "SkyWalking: sw8 has eight fields of base64. Forward it as it is."},
	{"l5d-", "Linkerd 1: an application must forward all l5d-ctx-* headers."},
	{"request-id", ".NET: Request-Id and Correlation-Context travel together; Correlation-Context must be forwarded."},
	{"correlation-context", ".NET: Request-Id and Correlation-Context travel together; Correlation-Context must be forwarded."},
}

// Rule returns the rule for a header in lower case, "" if there is none.
func Rule(header string) string {
	for _, r := range rules {
		if header != "" && (header == r.prefix || strings.HasPrefix(header, r.prefix) && r.prefix != "b3" && r.prefix != "request-id") {
			return r.text
		}
	}
	return ""
}
