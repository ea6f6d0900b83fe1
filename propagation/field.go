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

// every is the pattern of all names, and the end of a pattern.
const every = "*"

// maxFormatFields bounds the table of fields, so that sets of field numbers fit a word.
const maxFormatFields = 64

// fieldSet is a set of field numbers of formats.
type fieldSet uint64

func (s fieldSet) has(id fieldID) bool { return s>>id&1 != 0 }

// The numbers of all header names, and sets of fields and formats: all follow from the table of formats.
var (
	fields      = numberFields()
	prefixBase  = countFields(func(f *field) bool { return f.format != 0 && !f.prefix }) // the first number of a prefix
	firstHeader = countFields(func(f *field) bool { return f.format != 0 })              // the number of fields of formats

	firstField = firstFields()                                                      // of each format; its other fixed fields follow
	fieldsOf   = setsOfFields(func(*codec, *field) bool { return true })            // all of a format's names and prefixes
	writtenBy  = setsOfFields(func(c *codec, f *field) bool { return c.writes(f) }) // the fields that a format's encode may write

	prefixFields = fieldsWhere(func(_ *codec, f *field) bool { return f.prefix })
	itemFields   = fieldsWhere(func(c *codec, f *field) bool { return f.bag && c.readItem != nil }) // baggage items
	// fields that hold ids or decisions: a format is sent with all of its own, or not at all
	wholeFields = fieldsWhere(func(_ *codec, f *field) bool { return !f.bag && !f.list && f.format != RequestID })

	traceFormats   = formatsWhere(func(c *codec) bool { return c.decode != nil })
	binFormats     = formatsWhere(func(c *codec) bool { return strings.HasSuffix(c.fields[0], "-bin") })
	yielding       = formatsWhere(func(c *codec) bool { return c.yields != 0 })
	yielded        = formatsYieldedTo()
	itemFormats    = formatsWhere(func(c *codec) bool { return c.readItem != nil }) // their baggage may be OpenTelemetry's
	withExtras     = formatsWhere(func(c *codec) bool { return c.extras != nil })   // they have a place for extras
	withState      = formatsWhere(func(c *codec) bool { return c.members })         // those that have it in a tracestate
	privateFormats = formatsWhere((*codec).private)                                 // part of them goes to internal hosts only
)

// writes reports whether a format's encode may write a field.
func (c *codec) writes(f *field) bool {
	names := c.fields
	if c.written > 0 {
		names = names[:c.written]
	}
	return c.encode != nil && slices.Contains(names, f.lower)
}

// private reports whether a format holds what users put there, or orders to the proxies of this mesh.
func (c *codec) private() bool {
	return len(c.baggage) > 0 || len(c.inside) > 0 || c.withoutBaggage != nil
}

// numberFields gives every name of the table of formats its number: fixed names by
// format, baggage after the other fixed ones, prefixes last. That is the order in
// which captured lines take their share of the limits.
func numberFields() (all [maxFormatFields]field) {
	next := all[:0]
	add := func(f Format, names []string, prefix bool) {
		c := &codecs[f]
		for _, name := range names {
			next = append(next, field{
				lower: name, canon: http.CanonicalHeaderKey(name), text: c.text, format: f, prefix: prefix,
				list: slices.Contains(c.lists, name), bin: strings.HasSuffix(name, "-bin"),
				bag: slices.Contains(c.baggage, name), order: slices.Contains(c.orders, name), inside: slices.Contains(c.inside, name),
			})
		}
	}
	for _, f := range AllFormats() {
		if f != Baggage {
			add(f, codecs[f].fields, false)
		}
	}
	add(Baggage, codecs[Baggage].fields, false)
	for _, f := range AllFormats() {
		add(f, codecs[f].prefixes, true)
	}
	return all
}

func countFields(where func(*field) bool) (n fieldID) {
	for i := range fields {
		if where(&fields[i]) {
			n++
		}
	}
	return n
}

func firstFields() (first [formatCount + 1]fieldID) {
	for id := prefixBase; id > 0; id-- {
		first[fields[id-1].format] = id - 1
	}
	return first
}

func fieldsWhere(where func(*codec, *field) bool) (s fieldSet) {
	for id := range firstHeader {
		if f := &fields[id]; where(&codecs[f.format], f) {
			s |= 1 << id
		}
	}
	return s
}

func setsOfFields(where func(*codec, *field) bool) (sets [formatCount + 1]fieldSet) {
	for f := range sets {
		sets[f] = fieldsWhere(func(c *codec, fd *field) bool { return fd.format == Format(f) && where(c, fd) })
	}
	return sets
}

func formatsWhere(where func(*codec) bool) (s formatSet) {
	for f := W3C; f <= formatCount; f++ {
		if where(&codecs[f]) {
			s |= 1 << f
		}
	}
	return s
}

func formatsYieldedTo() (s formatSet) {
	for f := range yielding.all {
		s |= 1 << codecs[f].yields
	}
	return s
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
