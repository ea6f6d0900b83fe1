package sink

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/openzipkin/zipkin-go/model"
)

// NewZipkin returns a collector of Zipkin's v2 JSON, at /api/v2/spans. A server span that shares its id with a client
// span (Zipkin's "shared") is a separate Span.
func NewZipkin() (Sink, error) {
	s := &store{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v2/spans", func(w http.ResponseWriter, r *http.Request) {
		var spans []model.SpanModel
		if err := json.NewDecoder(r.Body).Decode(&spans); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		for _, span := range spans {
			s.add(FromZipkin(span))
		}
		w.WriteHeader(http.StatusAccepted)
	})
	return serveHTTP(s, mux)
}

// FromZipkin converts a span of Zipkin's v2 model.
func FromZipkin(span model.SpanModel) Span {
	out := Span{
		TraceID:   span.TraceID.String(),
		ID:        span.ID.String(),
		Name:      span.Name,
		Kind:      strings.ToLower(string(span.Kind)),
		RequestID: span.Tags[RequestIDTag],
		Tags:      span.Tags,
	}
	if span.ParentID != nil {
		out.ParentID = span.ParentID.String()
	}
	if span.LocalEndpoint != nil {
		out.Service = span.LocalEndpoint.ServiceName
	}
	return out
}
