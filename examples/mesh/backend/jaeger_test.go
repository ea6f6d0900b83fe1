package backend

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// TestJaegerTrace reads a trace in the form of Jaeger's query API.
func TestJaegerTrace(t *testing.T) {
	const text = `{"traceID": "t", "processes": {"p1": {"serviceName": "details", "tags": []}}, "spans": [
		{"traceID": "t", "spanID": "a", "operationName": "in", "processID": "p1", "references": [],
			"tags": [{"key": "span.kind", "type": "string", "value": "server"}, {"key": "guid:x-request-id", "type": "string", "value": "r"}]},
		{"traceID": "t", "spanID": "b", "operationName": "out", "processID": "p1",
			"references": [{"refType": "FOLLOWS_FROM", "traceID": "u", "spanID": "c"}, {"refType": "CHILD_OF", "traceID": "t", "spanID": "a"}],
			"tags": [{"key": "rows", "type": "int64", "value": 2}]}]}`
	var trace jaegerTrace
	if err := json.Unmarshal([]byte(text), &trace); err != nil {
		t.Fatal(err)
	}
	want := []sink.Span{
		{TraceID: "t", ID: "a", Service: "details", Name: "in", Kind: "server", RequestID: "r", Tags: map[string]string{"span.kind": "server", "guid:x-request-id": "r"}},
		{TraceID: "t", ID: "b", ParentID: "a", Service: "details", Name: "out", Tags: map[string]string{"rows": "2"}},
	}
	if got := trace.spans(); !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}
