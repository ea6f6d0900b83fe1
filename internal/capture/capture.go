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

// Node is the context node that one Extract makes. It keeps the received lines unchanged. It is the only allocation
// of an ordinary request, so it contains the lines. It must not keep the request's own slices, because they keep the
// whole header alive. Except for the atomics, a Node does not change once it is shared.
//
// Lines are in the order of their field numbers, and those of one name are adjacent. So a name's lines are a slice
// of the array. Inject passes that slice on, with no capacity to append.
type Node struct {
	embedded.Span // a *RemoteSpan is a pointer to the same memory; see span.go

	parent    context.Context
	Reader    *Reader                // defines the numbers from FirstHeader on
	learned   atomic.Pointer[Parsed] // computed from the lines on first use
	Overflow  *overflow              // the lines, if they do not fit the arrays
	Formats   wire.FormatSet         // formats of the lines
	fresh     wire.FormatSet         // the Formats that this Extract itself read
	seen      atomic.Uint32          // flags that are set later: see below
	Trust     policy.Trust           // which parts of the request are not trusted
	HeldCount uint8                  // withheld lines after the first N; see overflow, too
	N         uint8
	About     traits
	IDs       [inlineLines]wire.FieldID
	Vals      [inlineLines]string
}

// inlineLines makes the Node 208 bytes, a size class of Go's allocator. An Istio sidecar with a B3 tracer sends six
// or seven lines.
const inlineLines = 8

// overflow holds lines that do not fit the Node, or whose names are not fixed.
type overflow struct {
	ids  []wire.FieldID
	vals []string
	Keys []string // the whole received name of a line under a prefix; else empty
	held *Node    // the withheld lines, as a capture outside any context; may be nil

	dropped fingerprints // fingerprints of untrusted lines that exceed the limits
}

// traits are properties of a capture's lines and of its place in the context.
type traits uint8

const (
	RawBins         traits = 1 << iota // the lines are from gRPC metadata: -bin values are raw bytes
	ShowsSpan                          // returns its remote span as OpenTelemetry's active span
	showsBaggage                       // returns its baggage as OpenTelemetry's
	InheritsBaggage                    // an outer context has OpenTelemetry baggage, which may be the active one
	hidesSpan                          // returns no active span, to hide an outer one
	hidesBaggage                       // returns no baggage, to hide an outer one
	MadeRequestID                      // the request id was generated, not received
	Detached                           // WithoutCapture made it: it is not of a request
)

type captureKey struct{}

// CalleeKey is the context key of a call's destination. An inbound request does not inherit it.
type CalleeKey struct{}

// WatchedKey is the context key of the mark that a call is examined for losses. An inbound request does not inherit it.
type WatchedKey struct{}

// Of returns the nearest capture of the context, or nil.
func Of(ctx context.Context) *Node {
	if c, ok := ctx.(*Node); ok || ctx == nil {
		return c
	}
	c, _ := ctx.Value(captureKey{}).(*Node)
	return c
}

// Lines returns the captured lines and the numbers of their names. A nil Node has none.
func (c *Node) Lines() ([]wire.FieldID, []string) {
	switch {
	case c == nil:
		return nil, nil
	case c.Overflow != nil:
		return c.Overflow.ids, c.Overflow.vals
	}
	return c.IDs[:c.N], c.Vals[:c.N]
}

// Run is the captured lines of one name.
type Run struct {
	ID   wire.FieldID
	Key  string   // the whole received name, for a name under a prefix
	Vals []string // the Node's own memory: do not write to it; it has no capacity to append
}

// Len returns the number of captured lines. A nil Node has none.
func (c *Node) Len() int {
	switch {
	case c == nil:
		return 0
	case c.Overflow != nil:
		return len(c.Overflow.ids)
	}
	return int(c.N)
}

// Run sets r to the run that starts with the i-th line, and returns the start of the next run. It is for loops of every
// request; elsewhere Runs is easier to read.
func (c *Node) Run(i int, r *Run) (next int) {
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
	return next
}

// Skip returns the index of the first line from the i-th on that has no field of a set.
func (c *Node) Skip(i int, fs wire.FieldSet) int {
	ids, _ := c.Lines()
	for i < len(ids) && fs.Has(ids[i]) {
		i++
	}
	return i
}

// Runs ranges over the captured names.
func (c *Node) Runs(yield func(Run) bool) {
	for i := 0; i < c.Len(); {
		var r Run
		i = c.Run(i, &r)
		if !yield(r) {
			return
		}
	}
}

// LinesOf returns the lines of a format's fixed fields.
func (c *Node) LinesOf(f wire.Format) wire.Lines {
	ids, vals := c.Lines()
	first := wire.FirstField[f]
	from, to := wire.RangeOf(ids, first, len(wire.Table[f].Fields))
	return wire.Lines{Base: first, IDs: ids[from:to:to], Vals: vals[from:to:to]}
}

// Flags of Node.seen.
const (
	baggageAsked uint32 = 1 << iota // OpenTelemetry's baggage was read, so the application may have changed it
	printable                       // all lines are in 0x20-0x7E, so every transport accepts them
	unprintable                     // some lines are not
	called                          // a call was made with the request's context
	carried                         // and it carried a header
	uncarried                       // the request is counted, because none of its calls carried a header
	over                            // the handler of the request has returned
	restarted                       // a span that ran before has begun another trace on purpose
)

// Printable reports whether every transport accepts every line. It checks on the first call, because a request
// without outgoing calls does not need it.
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

// AskedBaggage reports whether OpenTelemetry's baggage was read. It cannot have been changed otherwise.
func (c *Node) AskedBaggage() bool { return c.seen.Load()&baggageAsked != 0 }

// Field returns the field of a run, whichever Propagator captured it.
func (c *Node) Field(r Run) wire.Field { return c.Reader.described(r.ID, r.Key) }

// A Node is a context.Context: its parent, with three values of its own.

func (c *Node) Deadline() (time.Time, bool) { return c.parent.Deadline() }
func (c *Node) Done() <-chan struct{}       { return c.parent.Done() }
func (c *Node) Err() error                  { return c.parent.Err() }

func (c *Node) Value(key any) any {
	switch key {
	case captureKey{}:
		return c
	case CalleeKey{}, WatchedKey{}:
		return nil // an inbound request does not inherit what belongs to an outer call
	case OtelKeys.Span:
		switch c.About & (ShowsSpan | hidesSpan) {
		case ShowsSpan:
			return (*RemoteSpan)(c)
		case hidesSpan:
			return nil
		}
	case OtelKeys.Baggage:
		if !c.AskedBaggage() { // write only once, because the request's goroutines share it
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

// String names the formats and prints no values, because contexts are often logged.
func (c *Node) String() string {
	var names []string
	for f := range c.Formats.Bases().All {
		names = append(names, f.String())
	}
	return NameOf(c.parent) + ".traceferry(" + strings.Join(names, ",") + ")"
}

// NameOf names a context as package context does: by its String method or its type.
func NameOf(ctx context.Context) string {
	if s, ok := ctx.(fmt.Stringer); ok {
		return s.String()
	}
	return fmt.Sprintf("%T", ctx)
}

// GoString is String, because %#v must not print values either.
func (c *Node) GoString() string { return c.String() }

// Private reports whether some lines may go to internal hosts only.
func (c *Node) Private() bool {
	if c.Formats&wire.PrivateFormats != 0 {
		return true
	}
	ids, _ := c.Lines()
	return len(ids) > 0 && ids[len(ids)-1] >= wire.FirstHeader
}
