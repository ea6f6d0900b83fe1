package sink

import (
	"net"
	"testing"
)

func TestXRay(t *testing.T) {
	s := open(t, NewXRay)
	conn, err := net.Dial("udp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	const header = `{"format":"json","version":1}` + "\n"
	for _, packet := range []string{
		`{"format":"json","version":2}` + "\n" + `{"id":"0"}`,
		`{"format":"cbor","version":1}` + "\n" + `{"id":"1"}`,
		`no header`,
		header + `no segment`,
		header + `{"name":"details","id":"a","trace_id":"1-2-3","start_time":1.5,"annotations":{"direction":"ingress","guid:x-request-id":"` + requestID + `"},` +
			`"subsegments":[{"name":"db","id":"b","type":"subsegment","annotations":{"rows":2}}],"aws":{}}`,
		header + `{"name":"details","id":"c","trace_id":"1-2-3","parent_id":"a","annotations":{"direction":"egress"}}`,
		header + `{"name":"router details egress","id":"d","trace_id":"1-2-3","parent_id":"c","type":"subsegment"}`,
	} {
		if _, err := conn.Write([]byte(packet)); err != nil {
			t.Fatal(err)
		}
	}
	wantSpans(t, s,
		Span{TraceID: "1-2-3", ID: "a", Service: "details", Name: "details", Kind: "server", RequestID: requestID, Tags: map[string]string{"direction": "ingress", "guid:x-request-id": requestID}},
		Span{TraceID: "1-2-3", ID: "b", ParentID: "a", Name: "db", Kind: "client", Tags: map[string]string{"rows": "2"}},
		Span{TraceID: "1-2-3", ID: "c", ParentID: "a", Service: "details", Name: "details", Kind: "client", Tags: map[string]string{"direction": "egress"}},
		Span{TraceID: "1-2-3", ID: "d", ParentID: "c", Name: "router details egress", Kind: "client", Tags: map[string]string{}},
	)
}
