package slogtrace

import (
	"context"
	"encoding/binary"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/hex"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// source makes attributes from a context. It does not change, but for its pool.
type source struct {
	engine  *plan.Engine // nil: the one that extracted the context
	names   []string     // by the numbers below; "": left out
	keys    []string     // of baggage; their names are names[firstKey:]
	prefix  string
	decimal bool

	blocks sync.Pool // of *strings.Builder: see text
}

// The numbers of the attributes.
const (
	traceID = iota
	spanID
	flags
	sampled
	requestID
	firstKey
)

const maxAttrs = firstKey + maxBaggage

// set is a set of attributes, by their numbers.
type set uint32

const ofSpan set = 1<<traceID | 1<<spanID | 1<<flags | 1<<sampled

func (s set) has(i int) bool { return s>>i&1 != 0 }

// named returns the attributes that have the name of a, or of a member of an inlined group.
func (s *source) named(a slog.Attr) (found set) {
	switch group := a.Value.Kind() == slog.KindGroup; {
	case group && len(a.Value.Group()) == 0:
		return 0 // handlers ignore it
	case group && a.Key == "":
		for _, inner := range a.Value.Group() {
			found |= s.named(inner)
		}
		return found
	case a.Key == "":
		return 0
	}
	if i := slices.Index(s.names, a.Key); i >= 0 {
		found = 1 << i
	}
	return found
}

// add appends the attributes of ctx, but for those in omit.
func (s *source) add(ctx context.Context, attrs []slog.Attr, omit set) []slog.Attr {
	put := func(i int, v slog.Value) {
		if s.names[i] != "" {
			attrs = append(attrs, slog.Attr{Key: s.names[i], Value: v})
		}
	}
	if omit&ofSpan == 0 {
		if sc, ok := s.engine.Nearest(ctx); ok {
			trace, span := s.text(&sc)
			put(traceID, slog.StringValue(trace))
			if span != "" {
				put(spanID, slog.StringValue(span))
			}
			if sc.Sampling.Decided() {
				put(flags, slog.StringValue(flagsOf(&sc)))
				put(sampled, slog.BoolValue(sc.Sampling.Sampled()))
			}
		}
	}
	c := capture.Of(ctx)
	if id := c.RequestID(); id != "" && !omit.has(requestID) {
		put(requestID, slog.StringValue(id))
	}
	if len(s.keys) == 0 {
		return attrs
	}
	bag := baggage.FromContext(capture.OrBackground(ctx))
	if c != nil {
		bag = c.OwnBaggage(bag)
	}
	for i, key := range s.keys {
		if omit.has(firstKey + i) {
			continue
		}
		if v := bag.Member(key).Value(); v != "" && printable(v) {
			put(firstKey+i, slog.StringValue(v))
		}
	}
	return attrs
}

// flagsOf returns the span context's flags as a traceparent has them.
func flagsOf(sc *wire.SpanContext) string {
	i := 0
	if sc.Sampling.Sampled() {
		i |= 1
	}
	if sc.Random {
		i |= 2
	}
	return "00010203"[2*i:][:2]
}

// printable reports whether a value of baggage is safe in any log: short, and without line breaks, escapes and other
// characters that do not print.
func printable(v string) bool {
	const maxBytes = 256
	return len(v) <= maxBytes && !strings.ContainsFunc(v, func(r rune) bool { return !unicode.IsPrint(r) })
}

// blockSize is the size of the blocks of text. A block is freed when no record needs it any more, so it is not large.
const blockSize = 1024

// text returns the ids as strings. A record would cost an allocation for each id, or for both. So text cuts them from
// blocks, of which one is enough for about twenty records. A builder never writes again what it has written.
func (s *source) text(sc *wire.SpanContext) (trace, span string) {
	var array [48]byte
	digits := s.appendID(array[:0], sc.TraceID[:])
	middle := len(s.prefix) + len(digits)
	if sc.SpanID.IsValid() {
		digits = s.appendID(digits, sc.SpanID[:])
	}
	b, _ := s.blocks.Get().(*strings.Builder)
	if b == nil || b.Cap()-b.Len() < len(s.prefix)+len(digits) {
		b = new(strings.Builder)
		b.Grow(blockSize)
	}
	start := b.Len()
	b.WriteString(s.prefix)
	b.Write(digits)
	both := b.String()[start:]
	s.blocks.Put(b)
	return both[:middle], both[middle:]
}

func (s *source) appendID(to, id []byte) []byte {
	if s.decimal {
		return strconv.AppendUint(to, binary.BigEndian.Uint64(id[len(id)-8:]), 10)
	}
	return hex.Append(to, id)
}
