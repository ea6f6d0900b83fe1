package istio

import (
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Label sets a span's service without its namespace. It sets the call by the path in the tag that Telemetry adds.
func (m *Mesh) Label(spans []sink.Span, _ system.Got) []sink.Span {
	for i, s := range spans {
		spans[i].Service = strings.TrimSuffix(s.Service, ".default")
		for _, c := range app.Calls {
			if strings.HasPrefix(s.Tags[sink.CallTag], c.Path) {
				s.Tags[sink.CallTag] = c.Name
			}
		}
	}
	return spans
}
