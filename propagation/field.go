package propagation

import (
	"net/http"
	"slices"
	"strings"
)

// A fieldID numbers a header name. The names of all formats have the same number
// in every Propagator, so that what one has captured another can send; the numbers
// from firstHeader on are the names of Config.Headers, each Propagator's own.
// Captured lines are kept in the order of these numbers.
type fieldID uint8

// Headers of a Propagator further out, which the capturing one does not know: the run's
// key is the name.
const (
	foreignHeader fieldID = 255
	foreignUnsafe fieldID = 254
)

// field is one header name of a format.
type field struct {
	lower  string // in gRPC metadata
	canon  string // in http.Header
	text   string // in a TextMapCarrier, where that is not lower
	format Format // zero: a name of Config.Headers
	list   bool   // lines may be joined with a comma
	bin    bool   // raw bytes in gRPC metadata, base64 in HTTP
	prefix bool   // lower and canon are what names begin with; of Config.Headers: a pattern
	bag    bool   // holds what users put there
	order  bool   // holds a decision, or asks for one, and no ids
	inside bool   // gives orders to the proxies of this mesh
	unsafe bool   // hidden from CapturedFromContext
}

// maxFormatFields bounds the table below, so that sets of field numbers fit a word.
const maxFormatFields = 64

var (
	fields       [maxFormatFields]field
	firstHeader  fieldID                   // the number of fields of formats
	firstField   [formatCount + 1]fieldID  // of each format; its other fields follow
	writtenBy    [formatCount + 1]fieldSet // the fields that a trace format's encode may write
	fieldsOf     [formatCount + 1]fieldSet // all of a format's names and prefixes
	prefixFields fieldSet                  // all prefixes
	wholeFields  fieldSet                  // fields that hold ids or decisions: a format goes with all of its own, or not at all
	traceFormats formatSet                 // those that decode
	yielding     formatSet                 // those that yield to another
	yielded      formatSet                 // and those that they yield to
	itemFormats  formatSet                 // those whose baggage may be OpenTelemetry's
	itemFields   fieldSet                  // and where it stands
	withExtras   formatSet                 // those that have a place for extras
	withState    formatSet                 // those of them that have it in a tracestate
	// those of which something does not go to strangers
	privateFormats formatSet
	prefixBase     fieldID // the first number of a prefix; the rest of the table is prefixes
)

// fieldSet is a set of field numbers of formats.
type fieldSet uint64

func (s fieldSet) has(id fieldID) bool { return s>>id&1 != 0 }

// numberFields gives every name of the table of formats its number: fixed names by
// format, baggage after the other fixed ones, prefixes last. That is the order in
// which captured lines take their share of the limits.
func numberFields() {
	id := fieldID(0)
	add := func(f Format, name string, prefix bool) {
		c := &codecs[f]
		fields[id] = field{
			lower: name, canon: http.CanonicalHeaderKey(name), text: c.text, format: f, prefix: prefix,
			list: slices.Contains(c.lists, name), bin: strings.HasSuffix(name, "-bin"),
			bag: slices.Contains(c.baggage, name), order: slices.Contains(c.orders, name), inside: slices.Contains(c.inside, name),
		}
		if fields[id].bag || fields[id].inside || c.unladen != nil {
			privateFormats |= 1 << f
		}
		if f := &fields[id]; !f.bag && !f.list && f.format != RequestID {
			wholeFields |= 1 << id
		}
		if fields[id].bag && c.readItem != nil {
			itemFormats |= 1 << f
			itemFields |= 1 << id
		}
		id++
	}
	fixed := func(f Format) {
		firstField[f] = id
		for i, name := range codecs[f].fields {
			fieldsOf[f] |= 1 << id
			if c := &codecs[f]; c.encode != nil && (c.written == 0 || i < c.written) {
				writtenBy[f] |= 1 << id
			}
			add(f, name, false)
		}
		if codecs[f].decode != nil {
			traceFormats |= 1 << f
		}
		if y := codecs[f].yields; y != 0 {
			yielding |= 1 << f
			yielded |= 1 << y
		}
		if codecs[f].extras != nil {
			withExtras |= 1 << f
		}
		if codecs[f].members {
			withState |= 1 << f
		}
	}
	for _, f := range AllFormats() {
		if f != Baggage {
			fixed(f)
		}
	}
	fixed(Baggage)
	prefixBase = id
	for _, f := range AllFormats() {
		for _, p := range codecs[f].prefixes {
			fieldsOf[f] |= 1 << id
			prefixFields |= 1 << id
			add(f, p, true)
		}
	}
	firstHeader = id
}

// entryField is the field of an entry of Config.Headers or UnsafeHeaders: a name, or a pattern of names.
func entryField(entry string, unsafe bool) field {
	name, pattern := strings.CutSuffix(entry, every)
	f := headerField(name, unsafe)
	if f.prefix = pattern; pattern {
		f.bin = false
	}
	return f
}

// headerField is the field of a name of Config.Headers.
func headerField(name string, unsafe bool) field {
	lower := strings.ToLower(name)
	return field{lower: lower, canon: http.CanonicalHeaderKey(name), bin: strings.HasSuffix(lower, "-bin"), unsafe: unsafe}
}

// formatOwning returns the format, carried or not, that a lower-case name belongs to.
func formatOwning(lower string) (Format, bool) {
	for _, f := range fields[:firstHeader] {
		if lower == f.lower || f.prefix && strings.HasPrefix(lower, f.lower) {
			return f.format, true
		}
	}
	return 0, false
}
