package capture

import (
	"context"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// Reader is the inbound half of a compiled Config. It does not change, and is safe for concurrent use.
type Reader struct {
	Order   []wire.Format  // precedence: Formats before ReadOnly
	Carries wire.FormatSet // formats that are read and sent
	Reads   wire.FormatSet // Carries and ReadOnly
	Headers []wire.Field   // Config.Headers and UnsafeHeaders, patterns last

	Routing Routing

	Fields *wire.FieldTable // the fields of formats, with the names of Config.Aliases

	ReadHTTP, ReadMetadata *wire.Index // names that are read
	SentHTTP               *wire.Index // names that are read or written, as outgoing carriers may spell them
	Patterned              bool        // Config.Headers contains a pattern

	GenerateRequestID bool
	Marks             bool          // Extract makes a Node for each request, also if nothing was received
	Deferred          wire.Sampling // replaces an open decision in formats that must decide
	Also              []propagation.TextMapPropagator
	Limits            Limits
	Meter             *outcome.Meter
	Extracted         func(context.Context, []wire.Format) // Observer.Extracted; may be nil
	Watched           bool                                 // Observer.Lost is set

	Engine any // the Engine of this Reader, for Explain
}

// Limits bound what one request may keep in memory, and what a call may send: see propagation.Limits.
type Limits struct{ HeaderBytes, TotalBytes, Lines, MetadataBytes, MessageLines, MessageBytes int }

// Nobody is a Reader that carries nothing. Its captures hold only a Trust.
var Nobody = newNobody()

func newNobody() *Reader {
	none := wire.NewIndex(nil, nil, false, nil)
	return &Reader{Fields: &wire.Fields, ReadHTTP: none, ReadMetadata: none, SentHTTP: none, Meter: outcome.NewMeter(nil)}
}

func (p *Reader) Field(id wire.FieldID) *wire.Field {
	if id < wire.FirstHeader {
		return &p.Fields[id]
	}
	return &p.Headers[id-wire.FirstHeader]
}

// described returns the field of a captured name, which may be another Propagator's.
func (p *Reader) described(id wire.FieldID, key string) wire.Field {
	switch id {
	case wire.ForeignHeader, wire.ForeignUnsafe:
		return wire.HeaderField(key, id == wire.ForeignUnsafe)
	}
	f := *p.Field(id)
	switch {
	case key == "":
	case id >= wire.FirstHeader && f.Prefix:
		return wire.HeaderField(key, false)
	case id < wire.FirstHeader && wire.AliasFields.Has(id): // another Propagator's name
		f.Rename(key)
	}
	return f
}

// OrBackground returns ctx, or context.Background if ctx is nil.
func OrBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}
