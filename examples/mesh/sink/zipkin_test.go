package sink

import (
	"net/http"
	"strings"
	"testing"

	"github.com/openzipkin/zipkin-go/model"
	reporter "github.com/openzipkin/zipkin-go/reporter/http"
)

func TestZipkin(t *testing.T) {
	s := open(t, NewZipkin)
	client := reporter.NewReporter("http://" + s.Addr() + "/api/v2/spans")
	parent := model.ID(0x75af0f316cb67dd5)
	tags := map[string]string{"guid:x-request-id": requestID}
	client.Send(model.SpanModel{
		SpanContext:   model.SpanContext{TraceID: model.TraceID{Low: 0x75af0f316cb67dd5}, ID: parent},
		Name:          "in",
		Kind:          model.Server,
		Shared:        true,
		LocalEndpoint: &model.Endpoint{ServiceName: "details"},
		Tags:          tags,
	})
	client.Send(model.SpanModel{
		SpanContext: model.SpanContext{TraceID: model.TraceID{High: 1, Low: 2}, ID: 0xa, ParentID: &parent},
		Name:        "out",
		Kind:        model.Client,
	})
	client.Close() // Close sends the spans
	wantSpans(t, s,
		Span{TraceID: "75af0f316cb67dd5", ID: "75af0f316cb67dd5", Service: "details", Name: "in", Kind: "server", RequestID: requestID, Tags: tags},
		Span{TraceID: "00000000000000010000000000000002", ID: "000000000000000a", ParentID: "75af0f316cb67dd5", Name: "out", Kind: "client"},
	)
}

func TestZipkinRefusesWhatIsNoSpan(t *testing.T) {
	s := open(t, NewZipkin)
	resp, err := http.Post("http://"+s.Addr()+"/api/v2/spans", "application/json", strings.NewReader(`[{"traceId":"x"}]`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest {
		t.Errorf("the collector answers %s", resp.Status)
	}
	wantSpans(t, s)
}
