package slogtrace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/slogtrace"
	"go.opentelemetry.io/otel/trace"
)

// TestFieldSets: the output of each predefined set, byte for byte.
func TestFieldSets(t *testing.T) {
	const ids = `"` + callerTrace + `","span_id":"` + callerSpan + `"`
	own := slogtrace.Datadog()
	own.RequestID, own.SpanID, own.Baggage = "rid", "", ""
	for name, row := range map[string]struct {
		fields slogtrace.Fields
		want   string
	}{
		"plain":              {slogtrace.Plain(), `"trace_id":` + ids + `,"sampled":true,"request_id":"ID","baggage.tenant":"acme"`},
		"OpenTelemetry":      {slogtrace.OpenTelemetry(), `"trace_id":` + ids + `,"trace_flags":"01","request_id":"ID","baggage.tenant":"acme"`},
		"Datadog":            {slogtrace.Datadog(), `"dd.trace_id":"5208512171318403364","dd.span_id":"11744061942159299346","http.request_id":"ID","baggage.tenant":"acme"`},
		"Google Cloud":       {slogtrace.GoogleCloud("shop"), `"logging.googleapis.com/trace":"projects/shop/traces/` + callerTrace + `","logging.googleapis.com/spanId":"` + callerSpan + `","logging.googleapis.com/trace_sampled":true,"request_id":"ID","baggage.tenant":"acme"`},
		"Google, no project": {slogtrace.GoogleCloud(""), `"logging.googleapis.com/trace":"` + callerTrace + `","logging.googleapis.com/spanId":"` + callerSpan + `","logging.googleapis.com/trace_sampled":true,"request_id":"ID","baggage.tenant":"acme"`},
		"Elastic":            {slogtrace.Elastic(), `"trace.id":"` + callerTrace + `","span.id":"` + callerSpan + `","http.request.id":"ID","labels.tenant":"acme"`},
		"Azure":              {slogtrace.Azure(), `"operation_Id":"` + callerTrace + `","operation_ParentId":"` + callerSpan + `","request_id":"ID","baggage.tenant":"acme"`},
		"changed":            {own, `"dd.trace_id":"5208512171318403364","rid":"ID","tenant":"acme"`},
		"one":                {slogtrace.Fields{Sampled: "s"}, `"s":true,"tenant":"acme"`},
	} {
		check(t, name, added(t, received(), slogtrace.WithFields(row.fields), slogtrace.WithBaggage("tenant")), strings.ReplaceAll(row.want, "ID\"", callerID+`"`))
	}
}

// TestFlags: the flags are those of a traceparent. They are omitted if the decision is open.
func TestFlags(t *testing.T) {
	only := slogtrace.WithFields(slogtrace.Fields{Flags: "f"})
	for in, want := range map[string]string{"00": "00", "01": "01", "02": "02", "03": "03", "fd": "01"} {
		check(t, in, added(t, received("Traceparent", "00-"+callerTrace+"-"+callerSpan+"-"+in), only), `"f":"`+want+`"`)
	}
	local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: 3})
	check(t, "local span", added(t, trace.ContextWithSpanContext(context.Background(), local), only), `"f":"03"`)
	check(t, "open", added(t, received("Traceparent", "", "B3", callerTrace+"-"+callerSpan), only), "")
}

// TestDecimal: Datadog's numbers are unsigned, and can have any length.
func TestDecimal(t *testing.T) {
	only := slogtrace.WithFields(slogtrace.Fields{TraceID: "t", SpanID: "s", Decimal: true})
	const high, most = "00000000000000010000000000000000", "ffffffffffffffffffffffffffffffff"
	check(t, "small", added(t, received("Traceparent", "00-"+high+"-000000000000000a-01"), only), `"t":"0","s":"10"`)
	check(t, "large", added(t, received("Traceparent", "00-"+most+"-ffffffffffffffff-01"), only), `"t":"18446744073709551615","s":"18446744073709551615"`)
}
