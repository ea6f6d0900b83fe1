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

// lines is what came in of one format. The zero value is nothing.
type lines struct {
	c *capture
	f Format
}

// all returns the lines of the format's i-th field.
func (l lines) all(i int) []string {
	if l.c == nil {
		return nil
	}
	return l.c.fixed(firstField[l.f] + fieldID(i))
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

// encoder is what a codec writes with: the span context that goes out, what the codec
// may keep of the lines that came, and the buffer of the fields.
//
// Encoders are pooled, because a pointer that is given to a function of the table
// moves to the heap; passing the struct by value instead costs three times the encoding.
type encoder struct {
	SpanContext
	traceDigits [32]byte // the ids in hexadecimal: most formats write them so, and one conversion serves all
	spanDigits  [16]byte
	deferred    Sampling // what a format that cannot leave the decision open says instead
	spoken      Sampling // what one says that can, for readers who want a word; Deferred: nothing
	raw         bool     // the carrier takes raw bytes under -bin names

	own  lines // what came in this format
	kept bool  // it named the trace that goes out, so what else it carried still holds

	// Of a tracestate: what came in this format, what of it the local span was given, and
	// whether the span made no change to that. keptRandom is the flag of the traceparent beside it.
	stateCame  string
	stateShown string
	stateSame  bool
	keptRandom bool

	extras    ddExtras // what all formats that have a place for it say
	addMember bool     // the tracestate does not yet

	buf   []byte // all fields of all formats
	first fieldID
	n     int
	field [maxEncoded]fieldID
	end   [maxEncoded]int
}

// maxEncoded is the number of fields that all formats may write together; a test counts them.
const maxEncoded = 24

// maxPooled is the largest buffer that is kept for the next request.
const maxPooled = 4096

var encoders = sync.Pool{New: func() any { return &encoder{buf: make([]byte, 0, 1024)} }}

// newEncoder returns an encoder for a span context.
func newEncoder(sc SpanContext) *encoder {
	e := encoders.Get().(*encoder)
	e.SpanContext, e.buf, e.n = sc, e.buf[:0], 0
	hex.Encode(e.traceDigits[:], sc.TraceID[:])
	hex.Encode(e.spanDigits[:], sc.SpanID[:])
	return e
}

// release gives the encoder to the next request. Nothing of this one stays in it:
// not its lines, which would keep its whole context alive.
func (e *encoder) release() {
	if cap(e.buf) <= maxPooled {
		e.SpanContext, e.own, e.stateCame, e.stateShown, e.extras = SpanContext{}, lines{}, "", "", ddExtras{}
		encoders.Put(e)
	}
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
	e.field[e.n], e.end[e.n] = e.first+fieldID(i), len(e.buf)
	e.n++
}

// put writes a whole field.
func (e *encoder) put(i int, value string) {
	e.add(value)
	e.close(i)
}

// values returns the fields' values: one string and one slice, however many there are.
func (e *encoder) values() []string {
	text, start := string(e.buf), 0
	vals := make([]string, e.n)
	for i := range vals {
		vals[i] = text[start:e.end[i]]
		start = e.end[i]
	}
	return vals
}
