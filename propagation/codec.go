package propagation

import (
	"strings"
	"sync"

	"github.com/traceferry/traceferry/internal/hex"
)

// verdict is what a codec says of the lines that it was given.
type verdict uint8

const (
	absent    verdict = iota // nothing that could name a span or decide; a trace id alone, perhaps
	malformed                // something is there, and it is not by the format's grammar
	spanless                 // a trace id and a decision, but no span id
	valid                    // both ids, a decision, or all three

	// undecidable is added to a verdict where the decision cannot be read. It is Deferred then, and the ids stand.
	undecidable verdict = 1 << 7
)

// lines holds the received lines of one format's fixed fields, in the order of their field numbers.
// The zero value holds none.
type lines struct {
	base fieldID // the number of the format's first field
	ids  []fieldID
	vals []string
}

// all returns the lines of the format's i-th field.
func (l lines) all(i int) []string {
	from, to := rangeOf(l.ids, l.base+fieldID(i), 1)
	return l.vals[from:to:to]
}

// rangeOf returns the range of n consecutive field numbers in a sorted list.
func rangeOf(ids []fieldID, first fieldID, n int) (from, to int) {
	for from < len(ids) && ids[from] < first {
		from++
	}
	to = from
	for to < len(ids) && int(ids[to]) < int(first)+n {
		to++
	}
	return from, to
}

// first returns the first line of the i-th field without the white space around it,
// which HTTP does not count as part of a value (RFC 9110, section 5.5).
func (l lines) first(i int) string {
	if all := l.all(i); len(all) > 0 {
		return trimOWS(all[0])
	}
	return ""
}

func trimOWS(s string) string { return strings.Trim(s, " \t") }

// writtenSpan is a span context to write, with what the formats say of it beside ids and decision.
type writtenSpan struct {
	SpanContext
	stateShown string   // the members of the received tracestate that the span was given
	stateSame  bool     // TraceState is these members unchanged, or empty
	extras     ddExtras // for all formats that have a place for them
	addMember  bool     // the tracestate does not hold them yet
}

// encoder writes a span context in one format after another: newEncoder, write for each format, finish.
//
// Encoders are pooled, because a pointer that is given to a function of the table
// moves to the heap; passing the struct by value instead costs three times the encoding.
type encoder struct {
	writtenSpan
	traceDigits [32]byte // the ids in hexadecimal: most formats write them so, and one conversion serves all
	spanDigits  [16]byte
	deferred    Sampling // what a format that cannot leave the decision open says instead
	spoken      Sampling // what one says that can, for readers who want a word; Deferred: nothing
	raw         bool     // the carrier takes raw bytes under -bin names

	// Of the format that is being written:
	base       fieldID // the number of its first field
	own        lines   // its received lines
	kept       bool    // they name the trace that is written, so what else they carry still holds
	stateCame  string  // the tracestate among them, if kept
	keptRandom bool    // and the flag of the traceparent beside it

	buf   []byte // all fields of all formats
	n     int
	field [maxEncoded]fieldID
	end   [maxEncoded]int
}

// maxEncoded is the number of fields that all formats may write together; a test counts them.
const maxEncoded = 24

// maxPooled is the largest buffer that is kept for the next request.
const maxPooled = 4096

var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 1024)} }}

// newEncoder returns an encoder for a span. A format that must decide writes deferred for an open decision; one
// that can leave it open writes spoken, unless that is Deferred.
func newEncoder(span *writtenSpan, deferred, spoken Sampling, raw bool) *encoder {
	e := encoders.Get().(*encoder)
	e.writtenSpan, e.deferred, e.spoken, e.raw = *span, deferred, spoken, raw
	e.buf, e.n = e.buf[:0], 0
	hex.Encode(e.traceDigits[:], span.TraceID[:])
	hex.Encode(e.spanDigits[:], span.SpanID[:])
	return e
}

// write writes the span in a format. own are the received lines of the format, same is their span context
// if it names the trace that is written, and nil otherwise.
func (e *encoder) write(f Format, own lines, same *SpanContext) {
	decision := e.Sampling
	e.base, e.own = firstField[f], own
	e.kept, e.stateCame, e.keptRandom = same != nil, "", false
	if same != nil {
		e.stateCame, e.keptRandom = same.TraceState, same.Random
		if same.Sampling == Debug && e.Sampling == Accepted {
			e.Sampling = Debug
		}
	}
	codecs[f].encode(e)
	e.Sampling = decision
}

// finish returns the fields that were written and their values, one string and one slice however many
// there are, and gives the encoder to the next request. Nothing of this one stays in it:
// not its lines, which would keep its whole context alive.
func (e *encoder) finish() (ids [maxEncoded]fieldID, values []string) {
	text, start := string(e.buf), 0
	values = make([]string, e.n)
	for i := range values {
		values[i] = text[start:e.end[i]]
		start = e.end[i]
	}
	ids = e.field
	if cap(e.buf) <= maxPooled {
		e.writtenSpan, e.own, e.stateCame = writtenSpan{}, lines{}, ""
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
	e.field[e.n], e.end[e.n] = e.base+fieldID(i), len(e.buf)
	e.n++
}

// put writes a whole field.
func (e *encoder) put(i int, value string) {
	e.add(value)
	e.close(i)
}
