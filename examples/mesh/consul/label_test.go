package consul

import (
	"testing"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// requests has the x-request-id with which each call reached its service.
type requests map[app.Hop]string

func (r requests) Got(at app.Hop) app.Lines {
	if id := r[at]; id != "" {
		return app.Lines{"x-request-id": {id}}
	}
	return nil
}

// TestLabel: the URL says which call a span is for. For gRPC, the request id says which book.
func TestLabel(t *testing.T) {
	url := func(path string) map[string]string { return map[string]string{"http.url": "http://host" + path} }
	grpcPath := ""
	for _, c := range app.Calls {
		if c.Name == "ratings.Average" {
			grpcPath = c.Path
		}
	}
	spans := []sink.Span{
		{Service: "ingress", Tags: url("/productpage/1")},
		{Service: "details", Tags: url("/details/2")},
		{Service: "users", Tags: url("/users/count/3")},
		{Service: "ratings", RequestID: "a", Tags: url(grpcPath)},
		{Service: "ratings", RequestID: "both", Tags: url(grpcPath)},
		{Service: "ratings", RequestID: "none", Tags: url(grpcPath)},
		{Service: "ratings", Tags: url("/else")},
	}
	got := new(Mesh).Label(spans, requests{
		{Call: "ratings.Average", Book: "1"}: "a",
		{Call: "ratings.Average", Book: "2"}: "both",
		{Call: "ratings.Average", Book: "3"}: "both",
		{Call: "ratings.Each", Book: "1"}:    "none",
	})
	for i, want := range [][3]string{
		{"edge", "productpage", "1"}, {"details", "details", "2"}, {"users", "users.count", "3"},
		{"ratings", "ratings.Average", "1"}, {"ratings", "ratings.Average", ""}, {"ratings", "ratings.Average", ""}, {"ratings", "", ""},
	} {
		if s := got[i]; [3]string{s.Service, s.Tags[sink.CallTag], s.Tags[sink.BookTag]} != want {
			t.Errorf("span %d has service %s and tags %v, want %q", i, s.Service, s.Tags, want)
		}
	}
	if spans[0].Service != "ingress" || len(spans[0].Tags) != 1 {
		t.Errorf("Label changed the caller's spans to %v, want a copy", spans[0])
	}
}
