// Package sink has collectors for the real protocols of tracers, each on a loopback address. They store the received
// spans in one model.
package sink

// Span is a span of any tracer in one model.
type Span struct {
	// TraceID, ID and ParentID have the protocol's text, in lower case if it is hexadecimal. ParentID is "" for a root.
	TraceID, ID, ParentID string
	Service, Name         string
	// Kind is "server", "client" or "".
	Kind string
	// RequestID is Envoy's tag guid:x-request-id, if the protocol carries tags.
	RequestID string
	Tags      map[string]string
}

// Sink is a collector for one tracer's protocol, on loopback.
type Sink interface {
	// Addr returns its host:port, which is UDP for X-Ray and TCP otherwise.
	Addr() string
	// Spans returns a copy of the spans received so far.
	Spans() []Span
	Close() error
}

// RequestIDTag is the tag in which Envoy writes x-request-id.
const RequestIDTag = "guid:x-request-id"

// The judge finds the place of a span by these tags.
const (
	CallTag = "call" // the name of the call
	BookTag = "book" // the header x-book of the request
)
