package wire

import (
	"strings"
	"sync"

	"github.com/traceferry/traceferry/internal/hex"
)

// Verdict is the result of decoding the lines of a format.
type Verdict uint8

const (
	Absent    Verdict = iota // no span id and no decision; perhaps a trace id
	Malformed                // the lines violate the format's grammar
	Spanless                 // a trace id and a decision, but no span id
	Valid                    // both ids, a decision, or all three

	// Undecidable is added to a verdict if the decision is invalid. The decision is then Deferred, and the ids remain
	// valid.
	Undecidable Verdict = 1 << 7
)

// Lines holds the received lines of one format's fixed fields, in the order of their field numbers.
// The zero value holds none.
type Lines struct {
	Base FieldID // the number of the format's first field
	IDs  []FieldID
	Vals []string
}

// All returns the lines of the format's i-th field.
func (l Lines) All(i int) []string {
	from, to := RangeOf(l.IDs, l.Base+FieldID(i), 1)
	return l.Vals[from:to:to]
}

// RangeOf returns the range of n consecutive field numbers in a sorted list.
func RangeOf(ids []FieldID, first FieldID, n int) (from, to int) {
	for from < len(ids) && ids[from] < first {
		from++
	}
	to = from
	for to < len(ids) && int(ids[to]) < int(first)+n {
		to++
	}
	return from, to
}

// First returns the first line of the i-th field, trimmed. HTTP does not count white space around a value as part of
// it (RFC 9110, section 5.5).
func (l Lines) First(i int) string {
	if all := l.All(i); len(all) > 0 {
		return TrimOWS(all[0])
	}
	return ""
}

// TrimOWS removes spaces and tabs around s.
func TrimOWS(s string) string { return strings.Trim(s, " \t") }

// WrittenSpan is a span context to write, with the extras that some formats carry.
type WrittenSpan struct {
	SpanContext
	StateShown string // the members of the received tracestate that the span was given
	StateSame  bool   // TraceState is StateShown unchanged, or is empty
	Extras     Extras // written in all formats that have a place for them
	AddMember  bool   // Extras must be added to the tracestate
}

// encoder writes a span context in several formats: NewEncoder, Write for each format, Finish.
//
// Encoders are pooled, because a pointer passed to a function of the table escapes to the heap. Passing the struct
// by value triples the cost of encoding.
type encoder struct {
	WrittenSpan
	traceDigits [32]byte // the hexadecimal ids, converted once for all formats
	spanDigits  [16]byte
	deferred    Sampling // replaces an open decision in formats that must decide
	spoken      Sampling // replaces an open decision in the other formats, for readers that require one
	raw         bool     // the carrier takes raw bytes under -bin names

	received Lines // the received lines of all formats; Base is the first field of the name to use

	// The current format:
	base       FieldID // the number of its first field
	fields     int     // the number of its fields that received has
	kept       bool    // they name the written trace, so their other content remains valid
	stateCame  string  // the received tracestate, if kept
	keptRandom bool    // the received random flag, if kept

	buf   []byte // all fields of all formats
	n     int
	field [MaxEncoded]FieldID
	end   [MaxEncoded]int
}

// MaxEncoded is the maximum number of fields that all formats together write. A test checks it.
const MaxEncoded = 32

// maxPooled is the size of the largest buffer that returns to the pool.
const maxPooled = 4096

var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 1024)} }}

// NewEncoder returns an encoder for a span. ids and vals are the received lines, sorted by field number. deferred
// replaces an open decision in formats that must decide. spoken replaces it in the other formats, unless spoken is
// Deferred.
func NewEncoder(span *WrittenSpan, ids []FieldID, vals []string, deferred, spoken Sampling, raw bool) *encoder {
	e := encoders.Get().(*encoder)
	e.WrittenSpan, e.deferred, e.spoken, e.raw = *span, deferred, spoken, raw
	e.received.IDs, e.received.Vals = ids, vals
	e.buf, e.n = e.buf[:0], 0
	hex.Encode(e.traceDigits[:], span.TraceID[:])
	hex.Encode(e.spanDigits[:], span.SpanID[:])
	return e
}

// Write writes the span in a format. from is the format or the alias whose received lines it may use, or 0. same is their
// span context if it names the written trace, otherwise nil.
func (e *encoder) Write(f, from Format, same *SpanContext) {
	decision := e.Sampling
	e.base, e.received.Base = FirstField[f], FirstField[from]
	if e.fields = len(Table[from].Fields); f > FormatCount {
		e.fields = min(e.fields, 1)
	}
	if e.kept = same != nil; e.kept {
		e.stateCame, e.keptRandom = same.TraceState, same.Random
		if same.Sampling == Debug && e.Sampling == Accepted {
			e.Sampling = Debug
		}
	}
	Table[f].encode(e)
	e.Sampling = decision
}

// Finish returns the written fields and their values, in one string and one slice. It returns the encoder to the
// pool. It clears the received lines, which would keep the whole context alive.
func (e *encoder) Finish() (ids [MaxEncoded]FieldID, values []string) {
	text, start := string(e.buf), 0
	values = make([]string, e.n)
	for i := range values {
		values[i] = text[start:e.end[i]]
		start = e.end[i]
	}
	ids = e.field
	if cap(e.buf) <= maxPooled {
		e.WrittenSpan, e.received, e.stateCame = WrittenSpan{}, Lines{}, ""
		encoders.Put(e)
	}
	return ids, values
}

// decision returns Sampling for a format that must decide.
func (e *encoder) decision() Sampling {
	if e.Sampling == Deferred {
		return e.deferred
	}
	return e.Sampling
}

// own returns the first received line of the current format's i-th field, trimmed.
func (e *encoder) own(i int) string {
	if i >= e.fields {
		return ""
	}
	return e.received.First(i)
}

// add appends to the value that is being written.
func (e *encoder) add(s string) { e.buf = append(e.buf, s...) }

// close ends the value of the current format's i-th field: the bytes appended to buf since the last close.
func (e *encoder) close(i int) {
	e.field[e.n], e.end[e.n] = e.base+FieldID(i), len(e.buf)
	e.n++
}

// put writes a whole field.
func (e *encoder) put(i int, value string) {
	e.add(value)
	e.close(i)
}
