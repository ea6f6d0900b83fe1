package capture

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/traceferry/traceferry/internal/ascii"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/trace/embedded"
)

// Node is what one Extract read: a context node that keeps the carried lines
// verbatim. It is the only allocation of an ordinary request, so the lines are in
// it; they must not be the request's own slices, which keep the whole header
// alive. All but the atomics is written before the node is shared.
//
// Lines are kept in the order of their field numbers, those of one name side by side,
// so that a name's lines are a slice of the array: inject hands that slice out, with
// no room to append.
type Node struct {
	embedded.Span // a *remoteSpan is a pointer to this same memory; see span.go

	parent    context.Context
	Reader    *Reader                // whose Config.Headers the numbers from firstHeader on are
	learned   atomic.Pointer[Parsed] // what was worked out of the lines since
	Overflow  *overflow              // the lines, where they do not fit here
	Formats   wire.FormatSet         // whose lines are here
	fresh     wire.FormatSet         // of these, the formats that this Extract read itself
	seen      atomic.Uint32          // what has been found out or done since: the flags below
	Trust     policy.Trust           // what of its caller was not believed
	HeldCount uint8                  // lines behind the first n that are held back for that; see overflow, too
	N         uint8
	About     traits
	IDs       [inlineLines]wire.FieldID
	Vals      [inlineLines]string
}

// inlineLines fills the node to 208 bytes, a size class of Go's allocator. An Istio
// sidecar with a B3 tracer sends six or seven lines.
const inlineLines = 8

// overflow holds more lines than fit the node, or any whose names are not fixed.
type overflow struct {
	ids  []wire.FieldID
	vals []string
	Keys []string // the whole name of a line under a prefix, as it came; else empty
	held *Node    // the lines that are held back, as a capture of their own that nobody can reach; may be nil

	dropped fingerprints // of an untrusted caller's lines that exceed the limits
}

// traits are what a capture knows of its lines and its place.
type traits uint8

const (
	RawBins         traits = 1 << iota // the lines are from gRPC metadata: -bin values are raw bytes
	ShowsSpan                          // answers OpenTelemetry's question for the active span
	showsBaggage                       // answers OpenTelemetry's question for the baggage
	InheritsBaggage                    // a context further out has OpenTelemetry baggage, which may be what is asked for
	hidesSpan                          // answers that question with no span: the one further out is a stranger's
	hidesBaggage                       // and that with no baggage
	MadeRequestID                      // the request id did not come: it was made
)

type captureKey struct{}

// CalleeKey is the key of the destination of a call; an inbound request does not inherit it.
type CalleeKey struct{}

// Of returns the nearest capture of the context, or nil.
func Of(ctx context.Context) *Node {
	if c, ok := ctx.(*Node); ok || ctx == nil {
		return c
	}
	c, _ := ctx.Value(captureKey{}).(*Node)
	return c
}

// Lines returns the captured lines and the numbers of their names; the nil capture has none.
func (c *Node) Lines() ([]wire.FieldID, []string) {
	switch {
	case c == nil:
		return nil, nil
	case c.Overflow != nil:
		return c.Overflow.ids, c.Overflow.vals
	}
	return c.IDs[:c.N], c.Vals[:c.N]
}

// Run is the lines of one name.
type Run struct {
	ID   wire.FieldID
	Key  string   // the whole name as it came, for a name under a prefix
	Vals []string // the capture's own memory: not to be written, and there is no room to append
}

// Len is the number of captured lines; the nil capture has none.
func (c *Node) Len() int {
	switch {
	case c == nil:
		return 0
	case c.Overflow != nil:
		return len(c.Overflow.ids)
	}
	return int(c.N)
}

// Run returns the run that begins with the i-th line, and where the next begins. Loops
// of every request call it; elsewhere runs is easier on the eye.
func (c *Node) Run(i int) (r Run, next int) {
	ids, vals := c.Lines()
	next = i + 1
	if m := c.Overflow; m == nil || m.Keys == nil {
		for next < len(ids) && ids[next] == ids[i] {
			next++
		}
	} else {
		r.Key = m.Keys[i]
		for next < len(ids) && ids[next] == ids[i] && m.Keys[next] == r.Key {
			next++
		}
	}
	r.ID, r.Vals = ids[i], vals[i:next:next]
	return r, next
}

// Runs ranges over the captured names.
func (c *Node) Runs(yield func(Run) bool) {
	for i := 0; i < c.Len(); {
		r, next := c.Run(i)
		if !yield(r) {
			return
		}
		i = next
	}
}

// LinesOf returns the lines of a format's fixed fields.
func (c *Node) LinesOf(f wire.Format) wire.Lines {
	ids, vals := c.Lines()
	first := wire.FirstField[f]
	from, to := wire.RangeOf(ids, first, len(wire.Table[f].Fields))
	return wire.Lines{Base: first, IDs: ids[from:to:to], Vals: vals[from:to:to]}
}

// Flags of capture.seen.
const (
	baggageAsked uint32 = 1 << iota // somebody asked for OpenTelemetry's baggage: it may have been changed
	printable                       // all lines are in 0x20-0x7E: every transport takes them
	unprintable                     // some are not
)

// Printable reports whether every transport takes every line. The first call finds
// out: a request that calls nobody need not.
func (c *Node) Printable() bool {
	known := c.seen.Load() & (printable | unprintable)
	if known == 0 {
		known = printable
		_, vals := c.Lines()
		for _, v := range vals {
			if !ascii.Printable(v) {
				known = unprintable
				break
			}
		}
		c.seen.Or(known)
	}
	return known == printable
}

// AskedBaggage reports whether anybody can have changed OpenTelemetry's baggage: to add to it, it is asked for.
func (c *Node) AskedBaggage() bool { return c.seen.Load()&baggageAsked != 0 }

// Field describes a run, whichever Propagator captured it.
func (c *Node) Field(r Run) wire.Field { return c.Reader.described(r.ID, r.Key) }

// A capture is a context.Context: its parent, and three answers more.

func (c *Node) Deadline() (time.Time, bool) { return c.parent.Deadline() }
func (c *Node) Done() <-chan struct{}       { return c.parent.Done() }
func (c *Node) Err() error                  { return c.parent.Err() }

func (c *Node) Value(key any) any {
	switch key {
	case captureKey{}:
		return c
	case CalleeKey{}:
		return nil // who was called further out has been reached
	case OtelKeys.Span:
		switch c.About & (ShowsSpan | hidesSpan) {
		case ShowsSpan:
			return (*RemoteSpan)(c)
		case hidesSpan:
			return nil
		}
	case OtelKeys.Baggage:
		if !c.AskedBaggage() { // written once: the request's goroutines share it
			c.seen.Or(baggageAsked)
		}
		switch {
		case c.About&showsBaggage != 0:
			return c.Learn().baggageValue(c)
		case c.About&hidesBaggage != 0:
			return nil
		}
	}
	return c.parent.Value(key)
}

// String names the formats and not one value: contexts end up in logs.
func (c *Node) String() string {
	var names []string
	for f := range c.Formats.All {
		names = append(names, f.String())
	}
	return NameOf(c.parent) + ".traceferry(" + strings.Join(names, ",") + ")"
}

// NameOf names a context as package context does: by its own word, or by its type.
func NameOf(ctx context.Context) string {
	if s, ok := ctx.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", ctx)
}

// GoString is String: %#v must not print values either.
func (c *Node) GoString() string { return c.String() }

// Private reports whether some of the lines may go to internal hosts only.
func (c *Node) Private() bool {
	if c.Formats&wire.PrivateFormats != 0 {
		return true
	}
	ids, _ := c.Lines()
	return len(ids) > 0 && ids[len(ids)-1] >= wire.FirstHeader
}
