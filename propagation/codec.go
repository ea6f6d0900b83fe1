package propagation

import "strings"

// verdict is what a codec says of the lines that it was given.
type verdict uint8

const (
	absent    verdict = iota // nothing that could name a span or decide
	malformed                // something is there, and it is not by the format's grammar
	valid                    // ids, a decision, or both
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

// outgoing is what a codec is asked to write: a span context, and what it may keep
// of the lines that came. It is passed by value, as the writer is: a pointer given
// to a function of the table would move its target to the heap.
type outgoing struct {
	SpanContext
	deferred Sampling // what a format that cannot leave the decision open says instead
	raw      bool     // the carrier takes raw bytes under -bin names

	own  lines       // what came in this format
	came SpanContext // what that said; zero if it was not valid
	kept bool        // it named the trace that goes out, so what else it carried still holds

	stateShown string // the members of came.TraceState that the local span was given
	stateSame  bool   // and it made no change to them
}

// decision is Sampling for a format that must decide.
func (o outgoing) decision() Sampling {
	if o.Sampling == Deferred {
		return o.deferred
	}
	return o.Sampling
}

// writer collects the encoded fields of all formats of one inject in one buffer.
type writer struct {
	buf   []byte
	base  fieldID // the current format's first field
	n     int
	field [maxWritten]fieldID
	end   [maxWritten]int32
}

// maxWritten is the number of fields that the table's encode functions write
// together; a test counts them.
const maxWritten = 24

// close ends the value of the current format's i-th field: what was appended to buf
// since the last close.
func (w writer) close(i int) writer {
	w.field[w.n] = w.base + fieldID(i)
	w.end[w.n] = int32(len(w.buf))
	w.n++
	return w
}

// put writes a whole field.
func (w writer) put(i int, value string) writer {
	w.buf = append(w.buf, value...)
	return w.close(i)
}
