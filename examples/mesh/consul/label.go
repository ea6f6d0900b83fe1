package consul

import (
	"maps"
	"net/url"
	"path"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Label names the call and the book of each span. Consul has no tags for a request's headers. But Envoy tags the URL,
// which has both. For gRPC the URL has only the call. The book is then that of the request whose x-request-id the span
// has.
func (m *Mesh) Label(spans []sink.Span, got system.Got) []sink.Span {
	out := make([]sink.Span, len(spans))
	books := map[string]bool{}
	for i, s := range spans {
		if s.Service == gateway {
			s.Service = app.Edge
		}
		call, book := placeOf(s.Tags["http.url"])
		s.Tags = maps.Clone(s.Tags)
		s.Tags[sink.CallTag], s.Tags[sink.BookTag] = call.Name, book
		if book != "" {
			books[book] = true
		}
		out[i] = s
	}
	ids := bookOf(books, got)
	for _, s := range out {
		if s.Tags[sink.BookTag] == "" {
			s.Tags[sink.BookTag] = ids[[2]string{s.Tags[sink.CallTag], s.RequestID}]
		}
	}
	return out
}

// placeOf reads the URL of a span. The book is "" for gRPC.
func placeOf(text string) (call app.Call, book string) {
	u, err := url.Parse(text)
	if err != nil {
		return call, ""
	}
	for _, c := range app.Calls {
		if strings.HasPrefix(u.Path, c.Path) {
			call = c
		}
	}
	if !call.GRPC && call.Name != "" {
		book = path.Base(u.Path)
	}
	return call, book
}

// bookOf returns the book of each gRPC call by its request id. An id that occurs with two books has none.
func bookOf(books map[string]bool, got system.Got) map[[2]string]string {
	ids := map[[2]string]string{}
	for book := range books {
		for _, c := range app.Calls {
			id := got.Got(app.Hop{Call: c.Name, Book: book})["x-request-id"]
			if !c.GRPC || len(id) != 1 {
				continue
			}
			key := [2]string{c.Name, id[0]}
			if _, twice := ids[key]; twice {
				ids[key] = ""
			} else {
				ids[key] = book
			}
		}
	}
	return ids
}
