package wire

import (
	"strings"
	"sync"

	"github.com/traceferry/traceferry/internal/hex"
)

// Verdict is what a codec says of the lines that it was given.
type Verdict uint8

const (
	Absent    Verdict = iota // nothing that could name a span or decide; a trace id alone, perhaps
	Malformed                // something is there, and it is not by the format's grammar
	Spanless                 // a trace id and a decision, but no span id
	Valid                    // both ids, a decision, or all three

	// Undecidable is added to a verdict where the decision cannot be read. It is Deferred then, and the ids stand.
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

// First returns the first line of the i-th field without the white space around it,
// which HTTP does not count as part of a value (RFC 9110, section 5.5).
func (l Lines) First(i int) string {
	if all := l.All(i); len(all) > 0 {
		return TrimOWS(all[0])
	}
	return ""
}

func TrimOWS(s string) string { return strings.Trim(s, " \t") }

// WrittenSpan is a span context to write, with what the formats say of it beside ids and decision.
type WrittenSpan struct {
	SpanContext
	StateShown string // the members of the received tracestate that the span was given
	StateSame  bool   // TraceState is these members unchanged, or empty
	Extras     Extras // for all formats that have a place for them
	AddMember  bool   // the tracestate does not hold them yet
}

// encoder writes a span context in one format after another: newEncoder, write for each format, finish.
//
// Encoders are pooled, because a pointer that is given to a function of the table
// moves to the heap; passing the struct by value instead costs three times the encoding.
type encoder struct {
	WrittenSpan
	traceDigits [32]byte // the ids in hexadecimal: most formats write them so, and one conversion serves all
	spanDigits  [16]byte
	deferred    Sampling // what a format that cannot leave the decision open says instead
	spoken      Sampling // what one says that can, for readers who want a word; Deferred: nothing
	raw         bool     // the carrier takes raw bytes under -bin names

	// Of the format that is being written:
	base       FieldID // the number of its first field
	own        Lines   // its received lines
	kept       bool    // they name the trace that is written, so what else they carry still holds
	stateCame  string  // the tracestate among them, if kept
	keptRandom bool    // and the flag of the traceparent beside it

	buf   []byte // all fields of all formats
	n     int
	field [MaxEncoded]FieldID
	end   [MaxEncoded]int
}

// MaxEncoded is the number of fields that all formats may write together; a test counts them.
const MaxEncoded = 24

// maxPooled is the largest buffer that is kept for the next request.
const maxPooled = 4096

var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 1024)} }}

// NewEncoder returns an encoder for a span. A format that must decide writes deferred for an open decision; one
// that can leave it open writes spoken, unless that is Deferred.
func NewEncoder(span *WrittenSpan, deferred, spoken Sampling, raw bool) *encoder {
	e := encoders.Get().(*encoder)
	e.WrittenSpan, e.deferred, e.spoken, e.raw = *span, deferred, spoken, raw
	e.buf, e.n = e.buf[:0], 0
	hex.Encode(e.traceDigits[:], span.TraceID[:])
	hex.Encode(e.spanDigits[:], span.SpanID[:])
	return e
}

// Write writes the span in a format. own are the received lines of the format, same is their span context
// if it names the trace that is written, and nil otherwise.
func (e *encoder) Write(f Format, own Lines, same *SpanContext) {
	decision := e.Sampling
	e.base, e.own = FirstField[f], own
	e.kept, e.stateCame, e.keptRandom = same != nil, "", false
	if same != nil {
		e.stateCame, e.keptRandom = same.TraceState, same.Random
		if same.Sampling == Debug && e.Sampling == Accepted {
			e.Sampling = Debug
		}
	}
	Table[f].encode(e)
	e.Sampling = decision
}

// Finish returns the fields that were written and their values, one string and one slice however many
// there are, and gives the encoder to the next request. Nothing of this one stays in it:
// not its lines, which would keep its whole context alive.
func (e *encoder) Finish() (ids [MaxEncoded]FieldID, values []string) {
	text, start := string(e.buf), 0
	values = make([]string, e.n)
	for i := range values {
		values[i] = text[start:e.end[i]]
		start = e.end[i]
	}
	ids = e.field
	if cap(e.buf) <= maxPooled {
		e.WrittenSpan, e.own, e.stateCame = WrittenSpan{}, Lines{}, ""
		encoders.Put(e)
	}
	return ids, values
}

// decision is Sampling for a format that must decide.
func (e *encoder) decision() Sampling {
	if e.Sampling == Deferred {
		return e.deferred
	}
	return e.Sampling
}

// add appends to the value that is being written.
func (e *encoder) add(s string) { e.buf = append(e.buf, s...) }

// close ends the value of the current format's i-th field: what was appended to buf
// since the last close.
func (e *encoder) close(i int) {
	e.field[e.n], e.end[e.n] = e.base+FieldID(i), len(e.buf)
	e.n++
}

// put writes a whole field.
func (e *encoder) put(i int, value string) {
	e.add(value)
	e.close(i)
}
