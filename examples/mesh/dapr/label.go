package dapr

import (
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Label finds a span's call and book in its name. The name is the path of an HTTP call after CallLocal and the app, or
// the method of a gRPC call. For gRPC a tag has the book.
func (m *Mesh) Label(spans []sink.Span, _ system.Got) []sink.Span {
	for _, s := range spans {
		for _, c := range app.Calls {
			if !strings.Contains(s.Name, c.Path) {
				continue
			}
			s.Tags[sink.CallTag] = c.Name
			if !c.GRPC {
				s.Tags[sink.BookTag] = s.Name[strings.LastIndexByte(s.Name, '/')+1:]
			} else if book := s.Tags[bookHeader]; book != "" {
				s.Tags[sink.BookTag] = book
			}
		}
	}
	return spans
}
