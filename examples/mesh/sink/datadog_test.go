package sink

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/vmihailenco/msgpack/v5"
)

// TestDatadog sends a request like that of Envoy's tracer. Only the first span of a chunk has the high half of the
// trace id. Some keys are ignored.
func TestDatadog(t *testing.T) {
	s := open(t, NewDatadog)
	in := map[string]string{"_dd.p.tid": "6b018e5000000000", "guid:x-request-id": requestID}
	out := map[string]string{"span.kind": "client"}
	body, err := msgpack.Marshal([][]map[string]any{
		{
			{"service": "details", "name": "envoy.proxy", "resource": "in", "trace_id": uint64(0xffffffffffffffff), "span_id": uint64(10), "parent_id": uint64(0),
				"start": int64(1), "duration": int64(2), "error": int32(0), "meta": in, "metrics": map[string]float64{"_sampling_priority_v1": 1}, "type": "proxy"},
			{"service": "details", "resource": "out", "trace_id": uint64(0xffffffffffffffff), "span_id": uint64(11), "parent_id": uint64(10), "meta": out},
		},
		{{"trace_id": uint64(1), "span_id": uint64(12)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+s.Addr()+"/v0.4/traces", "application/msgpack", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	const id = "6b018e5000000000ffffffffffffffff"
	wantSpans(t, s,
		Span{TraceID: id, ID: "000000000000000a", Service: "details", Name: "in", RequestID: requestID, Tags: in},
		Span{TraceID: id, ID: "000000000000000b", ParentID: "000000000000000a", Service: "details", Name: "out", Kind: "client", Tags: out},
		Span{TraceID: "0000000000000001", ID: "000000000000000c"},
	)
}
