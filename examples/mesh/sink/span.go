// Package sink has collectors that speak the real protocols of tracers, each on a
// loopback address. They keep the spans that they get, in one model.
package sink

// Span is one span of any tracer's, in one model.
type Span struct {
	// TraceID, ID and ParentID are as the protocol writes them, lower-case hex where
	// it is hex. ParentID is "" for a root.
	TraceID, ID, ParentID string
	Service, Name         string
	// Kind is "server", "client" or "".
	Kind string
	// RequestID is Envoy's guid:x-request-id tag, if the protocol carries tags.
	RequestID string
	Tags      map[string]string
}

// Sink is a collector that speaks one tracer's protocol on loopback.
type Sink interface {
	// Addr is its host:port: TCP, or UDP for X-Ray.
	Addr() string
	// Spans gives those received so far, a copy.
	Spans() []Span
	Close() error
}

// RequestIDTag is the tag where Envoy writes x-request-id in a span.
const RequestIDTag = "guid:x-request-id"

// Tags by which the judgement knows a span's place.
const (
	CallTag = "call" // the name of the call
	BookTag = "book" // the header x-book of the request
)
