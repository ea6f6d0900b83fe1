package sink

import (
	"fmt"
	"net/http"

	"github.com/vmihailenco/msgpack/v5"
)

// NewDatadog returns a Datadog agent that receives traces in msgpack, at /v0.4/traces. It converts ids to hexadecimal.
// Envoy writes no kind of a span, and sends nothing else to the agent.
func NewDatadog() (Sink, error) {
	s := &store{}
	mux := http.NewServeMux()
	mux.HandleFunc("/v0.4/traces", func(w http.ResponseWriter, r *http.Request) {
		var traces [][]datadogSpan
		if err := msgpack.NewDecoder(r.Body).Decode(&traces); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, chunk := range traces {
			s.add(fromDatadog(chunk)...)
		}
		fmt.Fprint(w, `{"rate_by_service":{}}`)
	})
	return serveHTTP(s, mux)
}

// datadogSpan is the part of a span that this package reads. Datadog's Go type for spans is only in its agent's module.
type datadogSpan struct {
	Service  string            `msgpack:"service"`
	Resource string            `msgpack:"resource"`
	TraceID  uint64            `msgpack:"trace_id"`
	SpanID   uint64            `msgpack:"span_id"`
	ParentID uint64            `msgpack:"parent_id"`
	Meta     map[string]string `msgpack:"meta"`
}

// fromDatadog reads a chunk: spans of one trace. Only its first span has the high half of the trace id, which applies
// to all.
func fromDatadog(chunk []datadogSpan) []Span {
	var high string
	out := make([]Span, len(chunk))
	for i, span := range chunk {
		if i == 0 {
			high = span.Meta["_dd.p.tid"]
		}
		out[i] = Span{
			TraceID:   high + hex64(span.TraceID),
			ID:        hex64(span.SpanID),
			Service:   span.Service,
			Name:      span.Resource,
			Kind:      span.Meta["span.kind"],
			RequestID: span.Meta[RequestIDTag],
			Tags:      span.Meta,
		}
		if span.ParentID != 0 {
			out[i].ParentID = hex64(span.ParentID)
		}
	}
	return out
}

func hex64(id uint64) string { return fmt.Sprintf("%016x", id) }
