package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// reader is the inbound half of a compiled Config. It never changes, and is safe for all goroutines.
type reader struct {
	order   []wire.Format  // precedence: Formats, then ReadOnly
	carries wire.FormatSet // read, and sent
	reads   wire.FormatSet // carries and ReadOnly
	headers []wire.Field   // of Config.Headers and UnsafeHeaders, patterns last

	readHTTP, readMetadata *wire.Index // of what is read
	sentHTTP               *wire.Index // of what is read or written, as outgoing carriers may spell it
	patterned              bool        // some entry of Config.Headers is a pattern

	generateRequestID bool
	deferred          wire.Sampling // what an open decision becomes where it must be decided
	also              []propagation.TextMapPropagator
	limits            limits
	meter             *outcome.Meter
	extracted         func(context.Context, []wire.Format) // Observer.Extracted; may be nil

	engine any // what the reader is part of: Explain looks for it by a capture
}

// limits bound what is kept of one request: see propagation.Limits.
type limits struct{ HeaderBytes, TotalBytes, Lines, MetadataBytes int }

// nobody carries nothing; its captures hold but a decision.
var nobody = newNobody()

func newNobody() *reader {
	none := wire.NewIndex(nil, nil, false, nil)
	return &reader{readHTTP: none, readMetadata: none, sentHTTP: none, meter: outcome.NewMeter(nil)}
}

func (p *reader) field(id wire.FieldID) *wire.Field {
	if id < wire.FirstHeader {
		return &wire.Fields[id]
	}
	return &p.headers[id-wire.FirstHeader]
}

// described returns the field of a captured name, whichever Propagator it comes from.
func (p *reader) described(id wire.FieldID, key string) wire.Field {
	switch id {
	case wire.ForeignHeader, wire.ForeignUnsafe:
		return wire.HeaderField(key, id == wire.ForeignUnsafe)
	}
	f := p.field(id)
	if id >= wire.FirstHeader && f.Prefix {
		return wire.HeaderField(key, false)
	}
	return *f
}

// orBackground returns the context, Background for nil.
func orBackground(ctx context.Context) context.Context {
	if ctx == nil {
		return context.Background()
	}
	return ctx
}
