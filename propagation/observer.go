package propagation

import (
	"context"
	"strconv"
	"sync/atomic"
)

// Outcome is something that a request's headers met with other than being carried.
// None of them fails, delays or logs the request.
type Outcome uint8

const (
	// Malformed: a format's lines are not by its grammar. They travel verbatim while
	// there is no local span, and name nothing.
	Malformed Outcome = iota
	// Duplicate: a header that may come once came more often. Its lines travel; the
	// first counts, but for traceparent, where none does.
	Duplicate
	// TooLarge: a format, or a header, exceeded Config.Limits and was left out.
	TooLarge
	// Conflict: the format is valid and names another trace than a format before it.
	Conflict
	// Stale: the single b3 is valid and names another span than a valid x-b3-*, and not that
	// span's child. It is not sent.
	Stale
	// LeftOut: a value could not legally be sent on the transport, or its caller listed the header in Connection.
	LeftOut
	// NoContext: an outgoing request had a context with neither captured headers nor a
	// local span: client.Get, or a context that does not come from the handler's; or
	// the handler's, if nothing came with its request.
	// Its Format is zero.
	NoContext
	// HeldBack: lines came from a caller who is not believed in them; see Trust. Stats counts requests,
	// under the zero Format; the observer hears of each format. What is ignored is not always counted.
	HeldBack
	// Withheld: something of the format may not go to the host that is called; see Destination.
	Withheld

	outcomeCount = iota
)

var outcomeNames = [outcomeCount]string{"malformed", "duplicate", "too large", "conflict", "stale", "left out", "no context", "held back", "withheld"}

// String returns the outcome in lower-case words.
func (o Outcome) String() string {
	if int(o) < len(outcomeNames) {
		return outcomeNames[o]
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// Observer hears what happens to single requests. Every field may be nil. The
// functions are called in the request's goroutine and must be safe for all
// goroutines, return soon, and neither Extract nor Inject with the context that they are given.
type Observer struct {
	// Outcome is called for each unhappy outcome when it is counted. The zero Format
	// stands for Config.Headers and for the request as a whole.
	Outcome func(context.Context, Format, Outcome)

	// Extracted is called by each Extract that carried something, and by Promote, with the formats
	// that it read: what the fleet still sends. The slice is the callee's own.
	Extracted func(context.Context, []Format)
}

// Stats is the number of unhappy outcomes since the Propagator was made, a value of
// its own. Ids are read when somebody asks for them, or when a local span is
// written, so Malformed, Duplicate, Conflict and Stale are counted then and once for
// each request; with Config.Observer.Outcome set, ids are read, and counted, by every Extract.
type Stats struct {
	counts [formatCount + 1][outcomeCount]uint64
}

// Count returns how often a format met with an outcome. The zero Format is
// Config.Headers and the request as a whole.
func (s Stats) Count(f Format, o Outcome) uint64 {
	if int(f) >= len(s.counts) || o >= outcomeCount {
		return 0
	}
	return s.counts[f][o]
}

// Total returns how often an outcome was met with by any format.
func (s Stats) Total(o Outcome) (n uint64) {
	for f := range s.counts {
		n += s.Count(Format(f), o)
	}
	return n
}

// Stats returns the counts so far. It may be called from any goroutine; counts
// that arrive meanwhile may or may not be in it. The nil Propagator has none.
func (p *Propagator) Stats() (s Stats) {
	if p == nil {
		return s
	}
	for f := range p.counts {
		for o := range p.counts[f] {
			s.counts[f][o] = p.counts[f][o].Load()
		}
	}
	return s
}

type counters [formatCount + 1][outcomeCount]atomic.Uint64

// count counts an outcome and tells the observer.
func (p *Propagator) count(ctx context.Context, f Format, o Outcome) {
	p.counts[f][o].Add(1)
	if p.observer.Outcome != nil {
		p.observer.Outcome(ctx, f, o)
	}
}

// countHeldBack counts a request once, whatever the formats: it costs strangers' requests no more
// than others'.
func (p *Propagator) countHeldBack(ctx context.Context, formats formatSet) {
	if formats == 0 {
		return
	}
	p.counts[0][HeldBack].Add(1)
	if p.observer.Outcome != nil {
		for f := range formats.all {
			p.observer.Outcome(ctx, f, HeldBack)
		}
	}
}
