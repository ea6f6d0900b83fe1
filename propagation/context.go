package propagation

import (
	"context"
	"iter"

	"github.com/traceferry/traceferry/internal/wire"
)

// RemoteFromContext returns what the caller's headers said of its span: the first
// format of Config.Formats whose lines are valid and have both ids, else the first that holds a decision beside a trace
// id, else the first that holds a decision alone. False, where no captured format says any of these. A trace id alone
// says nothing of a span; IDGenerator uses it.
//
// Headers that do not parse are carried all the same; only nothing is said of them here.
// The headers are parsed at the first call for a request (two allocations),
// and it may be called from any goroutine.
func RemoteFromContext(ctx context.Context) (SpanContext, bool) {
	if c := captured(ctx); c != nil && c.formats&wire.TraceFormats != 0 {
		l := c.read()
		return publicSpanContext(l.remote), l.winner != 0
	}
	return SpanContext{}, false
}

// RequestIDFromContext returns the captured x-request-id. It is "" if there is none, or if the id is not 1 to 128
// characters of A-Z a-z 0-9 . _ : -, or is dots alone, as "." and ".." are.
//
// What it returns is safe in logs and headers, and as the name of a file on Unix: it stays in its directory. It may
// begin with a dot or a hyphen, and on Windows more must be replaced: the colon, a dot at the end, and names of devices
// such as NUL. A different id is carried all the same.
func RequestIDFromContext(ctx context.Context) string {
	if c := captured(ctx); c != nil && c.formats.Has(wire.RequestID) {
		if id := c.linesOf(wire.RequestID).First(0); wire.ValidRequestID(id) {
			return id
		}
	}
	return ""
}

// CapturedFromContext ranges over the captured lines as name and value, but for
// those of Config.UnsafeHeaders. Names are in lower case, values as they came: bytes that
// are not printable among them, so quote them before they reach a terminal. Lines
// of one name are side by side and in order.
func CapturedFromContext(ctx context.Context) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		c := captured(ctx)
		if c == nil {
			return
		}
		for r := range c.runs {
			def := c.field(r)
			if def.Unsafe {
				continue
			}
			e := entry{key: r.key, def: &def}
			for _, v := range r.vals {
				if !yield(e.lower(), v) {
					return
				}
			}
		}
	}
}

// Copy returns dst with what src has captured, and nothing else of src: no
// deadline, no cancellation, no local span, no changed baggage. It is for work that
// outlives the request:
//
//	go job(propagation.Copy(context.Background(), r.Context()))
//
// It costs one allocation; where src has captured nothing it is dst.
func Copy(dst, src context.Context) context.Context {
	c, dst := captured(src), orBackground(dst)
	if c == nil {
		return dst
	}
	d := &capture{
		parent: dst, by: c.by, more: c.more, formats: c.formats, fresh: c.fresh, n: c.n, held: c.held, trust: c.trust,
		about: c.about & rawBins, ids: c.ids, vals: c.vals,
	}
	d.learned.Store(c.learned.Load()) // the lines are the same, so what was learned of them is
	d.seen.Store(c.seen.Load() &^ baggageAsked)
	d.place(captured(dst), false)
	d.report()
	return d
}
