package wire

import (
	"net/http"
	"slices"
	"strings"
)

// A FieldID numbers a header name. The names of all formats have the same number
// in every Propagator, so that what one has captured another can send; the numbers
// from firstHeader on are the names of Config.Headers, each Propagator's own.
// Captured lines are kept in the order of these numbers.
type FieldID uint8

// Headers of a Propagator further out, which the capturing one does not know: the run's
// key is the name.
const (
	ForeignHeader FieldID = 255
	ForeignUnsafe FieldID = 254
)

// Field is one header name of a format.
type Field struct {
	Lower  string // in gRPC metadata
	Canon  string // in http.Header
	Text   string // in a TextMapCarrier, where that is not lower
	Format Format // zero: a name of Config.Headers
	List   bool   // lines may be joined with a comma
	Bin    bool   // raw bytes in gRPC metadata, base64 in HTTP
	Prefix bool   // lower and canon are what names begin with; of Config.Headers: a pattern
	Bag    bool   // holds what users put there
	Order  bool   // holds a decision, or asks for one, and no ids
	Inside bool   // gives orders to the proxies of this mesh
	Unsafe bool   // hidden from CapturedFromContext
}

// Every is the pattern of all names, and the end of a pattern.
const Every = "*"

// maxFormatFields bounds the table of fields, so that sets of field numbers fit a word.
const maxFormatFields = 64

// FieldSet is a set of field numbers of formats.
type FieldSet uint64

func (s FieldSet) Has(id FieldID) bool { return s>>id&1 != 0 }

// The numbers of all header names, and sets of fields and formats: all follow from the table of formats.
var (
	Fields      = numberFields()
	PrefixBase  = countFields(func(f *Field) bool { return f.Format != 0 && !f.Prefix }) // the first number of a prefix
	FirstHeader = countFields(func(f *Field) bool { return f.Format != 0 })              // the number of fields of formats

	FirstField = firstFields()                                                      // of each format; its other fixed fields follow
	FieldsOf   = setsOfFields(func(*Codec, *Field) bool { return true })            // all of a format's names and prefixes
	WrittenBy  = setsOfFields(func(c *Codec, f *Field) bool { return c.writes(f) }) // the fields that a format's encode may write

	PrefixFields = fieldsWhere(func(_ *Codec, f *Field) bool { return f.Prefix })
	ItemFields   = fieldsWhere(func(c *Codec, f *Field) bool { return f.Bag && c.ReadItem != nil }) // baggage items
	// fields that hold ids or decisions: a format is sent with all of its own, or not at all
	WholeFields = fieldsWhere(func(_ *Codec, f *Field) bool { return !f.Bag && !f.List && f.Format != RequestID })

	TraceFormats   = formatsWhere(func(c *Codec) bool { return c.Decode != nil })
	BinFormats     = formatsWhere(func(c *Codec) bool { return strings.HasSuffix(c.Fields[0], "-bin") })
	Yielding       = formatsWhere(func(c *Codec) bool { return c.Yields != 0 })
	Yielded        = formatsYieldedTo()
	ItemFormats    = formatsWhere(func(c *Codec) bool { return c.ReadItem != nil }) // their baggage may be OpenTelemetry's
	WithExtras     = formatsWhere(func(c *Codec) bool { return c.Extras != nil })   // they have a place for extras
	WithState      = formatsWhere(func(c *Codec) bool { return c.Members })         // those that have it in a tracestate
	PrivateFormats = formatsWhere((*Codec).private)                                 // part of them goes to internal hosts only
)

// writes reports whether a format's encode may write a field.
func (c *Codec) writes(f *Field) bool {
	names := c.Fields
	if c.written > 0 {
		names = names[:c.written]
	}
	return c.encode != nil && slices.Contains(names, f.Lower)
}

// private reports whether a format holds what users put there, or orders to the proxies of this mesh.
func (c *Codec) private() bool {
	return len(c.baggage) > 0 || len(c.inside) > 0 || c.WithoutBaggage != nil
}

// numberFields gives every name of the table of formats its number: fixed names by
// format, baggage after the other fixed ones, prefixes last. That is the order in
// which captured lines take their share of the limits.
func numberFields() (all [maxFormatFields]Field) {
	next := all[:0]
	add := func(f Format, names []string, prefix bool) {
		c := &Table[f]
		for _, name := range names {
			next = append(next, Field{
				Lower: name, Canon: http.CanonicalHeaderKey(name), Text: c.text, Format: f, Prefix: prefix,
				List: slices.Contains(c.lists, name), Bin: strings.HasSuffix(name, "-bin"),
				Bag: slices.Contains(c.baggage, name), Order: slices.Contains(c.orders, name), Inside: slices.Contains(c.inside, name),
			})
		}
	}
	for _, f := range AllFormats() {
		if f != Baggage {
			add(f, Table[f].Fields, false)
		}
	}
	add(Baggage, Table[Baggage].Fields, false)
	for _, f := range AllFormats() {
		add(f, Table[f].Prefixes, true)
	}
	return all
}

func countFields(where func(*Field) bool) (n FieldID) {
	for i := range Fields {
		if where(&Fields[i]) {
			n++
		}
	}
	return n
}

func firstFields() (first [FormatCount + 1]FieldID) {
	for id := PrefixBase; id > 0; id-- {
		first[Fields[id-1].Format] = id - 1
	}
	return first
}

func fieldsWhere(where func(*Codec, *Field) bool) (s FieldSet) {
	for id := range FirstHeader {
		if f := &Fields[id]; where(&Table[f.Format], f) {
			s |= 1 << id
		}
	}
	return s
}

func setsOfFields(where func(*Codec, *Field) bool) (sets [FormatCount + 1]FieldSet) {
	for f := range sets {
		sets[f] = fieldsWhere(func(c *Codec, fd *Field) bool { return fd.Format == Format(f) && where(c, fd) })
	}
	return sets
}

func formatsWhere(where func(*Codec) bool) (s FormatSet) {
	for f := W3C; f <= FormatCount; f++ {
		if where(&Table[f]) {
			s |= 1 << f
		}
	}
	return s
}

func formatsYieldedTo() (s FormatSet) {
	for f := range Yielding.All {
		s |= 1 << Table[f].Yields
	}
	return s
}

// EntryField is the field of an entry of Config.Headers or UnsafeHeaders: a name, or a pattern of names.
func EntryField(entry string, unsafe bool) Field {
	name, pattern := strings.CutSuffix(entry, Every)
	f := HeaderField(name, unsafe)
	if f.Prefix = pattern; pattern {
		f.Bin = false
	}
	return f
}

// HeaderField is the field of a name of Config.Headers.
func HeaderField(name string, unsafe bool) Field {
	lower := strings.ToLower(name)
	return Field{Lower: lower, Canon: http.CanonicalHeaderKey(name), Bin: strings.HasSuffix(lower, "-bin"), Unsafe: unsafe}
}

// FormatOwning returns the format, carried or not, that a lower-case name belongs to.
func FormatOwning(lower string) (Format, bool) {
	for _, f := range Fields[:FirstHeader] {
		if lower == f.Lower || f.Prefix && strings.HasPrefix(lower, f.Lower) {
			return f.Format, true
		}
	}
	return 0, false
}
