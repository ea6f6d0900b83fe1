package wire

import (
	"net/http"
	"slices"
	"strings"
)

// A FieldID numbers a header name. All Propagators share the numbers of format names, so one can send what another
// has captured. Numbers from FirstHeader on are the names of Config.Headers; each Propagator has its own. Captured
// lines are in the order of these numbers.
type FieldID uint8

// ForeignHeader and ForeignUnsafe stand for headers that only the Propagator of an outer Extract carries. The key of
// the run is the name.
const (
	ForeignHeader FieldID = 255
	ForeignUnsafe FieldID = 254
)

// Field is one header name of a format.
type Field struct {
	Lower  string // the name in gRPC metadata
	Canon  string // the name in http.Header
	Text   string // the name in a TextMapCarrier, if it differs from Lower
	Format Format // zero: a name of Config.Headers
	List   bool   // lines may be joined with a comma
	Bin    bool   // raw bytes in gRPC metadata, base64 in HTTP
	Prefix bool   // Lower and Canon are prefixes of names, or a pattern of Config.Headers
	Bag    bool   // holds user data
	Order  bool   // holds or requests a sampling decision, and has no ids
	Inside bool   // controls the proxies of this mesh
	Unsafe bool   // hidden from CapturedFromContext
}

// Every is the pattern that matches all names. It also ends every other pattern.
const Every = "*"

// maxFormatFields is the maximum number of fields of formats: a FieldSet has 64 bits.
const maxFormatFields = 64

// FieldSet is a set of field numbers of formats.
type FieldSet uint64

// Has reports whether a field is in the set.
func (s FieldSet) Has(id FieldID) bool { return s>>id&1 != 0 }

// The numbers of all header names, and sets of fields and formats. All are computed from the table of formats.
var (
	Fields      = numberFields()
	PrefixBase  = countFields(func(f *Field) bool { return f.Format != 0 && !f.Prefix }) // the first number of a prefix
	FirstHeader = countFields(func(f *Field) bool { return f.Format != 0 })              // the number of fields of formats

	FirstField  = firstFields() // by format; its other fixed fields follow
	AliasFields = fieldsWhere(func(_ *Codec, f *Field) bool { return f.Format > FormatCount })
	FieldsOf    = setsOfFields(func(*Codec, *Field) bool { return true })            // all of a format's names and prefixes
	WrittenBy   = setsOfFields(func(c *Codec, f *Field) bool { return c.writes(f) }) // fields that its encoder writes

	PrefixFields = fieldsWhere(func(_ *Codec, f *Field) bool { return f.Prefix })
	ItemFields   = fieldsWhere(func(c *Codec, f *Field) bool { return f.Bag && c.ReadItem != nil }) // baggage items
	// WholeFields hold ids or decisions. All such fields of a format are sent, or none.
	WholeFields = fieldsWhere(func(_ *Codec, f *Field) bool { return !f.Bag && !f.List && f.Format.Base() != RequestID })

	TraceFormats   = formatsWhere(func(c *Codec) bool { return c.Decode != nil })
	Aliases        = SetOf(AllFormats()...).WithAliases() &^ SetOf(AllFormats()...)
	EveryFormat    = SetOf(AllFormats()...) | Aliases
	BinFormats     = formatsWhere(func(c *Codec) bool { return strings.HasSuffix(c.Fields[0], "-bin") }).WithAliases()
	HalfFormats    = formatsWhere(func(c *Codec) bool { return c.half })
	Yielding       = formatsWhere(func(c *Codec) bool { return c.Yields != 0 })
	Yielded        = formatsYieldedTo()
	ItemFormats    = formatsWhere(func(c *Codec) bool { return c.ReadItem != nil }) // their baggage may become OpenTelemetry's
	WithExtras     = formatsWhere(func(c *Codec) bool { return c.Extras != nil })   // formats that can carry extras
	WithState      = formatsWhere(func(c *Codec) bool { return c.Members })         // formats that carry extras in a tracestate
	PrivateFormats = formatsWhere((*Codec).private)                                 // formats with a part for internal hosts only
)

// writes reports whether a format's encoder may write a field.
func (c *Codec) writes(f *Field) bool {
	names := c.Fields
	if c.written > 0 {
		names = names[:c.written]
	}
	return c.encode != nil && slices.Contains(names, f.Lower)
}

// private reports whether a format holds user data, or controls the proxies of this mesh.
func (c *Codec) private() bool {
	return len(c.baggage) > 0 || len(c.inside) > 0 || c.WithoutBaggage != nil
}

// numberFields numbers every name of the table of formats: fixed names by format, then baggage, then prefixes. An alias
// comes before its format. The limits prefer captured lines in this order.
func numberFields() (all FieldTable) {
	next := all[:0]
	add := func(f Format, names []string, prefix bool) {
		c := &Table[f]
		for _, name := range names {
			next = append(next, Field{
				Lower: name, Canon: http.CanonicalHeaderKey(name), Text: c.text, Format: f, Prefix: prefix,
				List: slices.Contains(c.lists, name), Bin: BinFormats.Has(f),
				Bag: slices.Contains(c.baggage, name), Order: slices.Contains(c.orders, name), Inside: slices.Contains(c.inside, name),
			})
		}
	}
	for _, f := range AllFormats() {
		if f == Baggage {
			continue
		}
		if alias := f.Alias(); alias != 0 {
			add(alias, Table[alias].Fields, false)
		}
		add(f, Table[f].Fields, false)
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

func firstFields() (first [tableSize]FieldID) {
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

func setsOfFields(where func(*Codec, *Field) bool) (sets [tableSize]FieldSet) {
	for f := range sets {
		sets[f] = fieldsWhere(func(c *Codec, fd *Field) bool { return fd.Format == Format(f) && where(c, fd) })
	}
	return sets
}

func formatsWhere(where func(*Codec) bool) (s FormatSet) {
	for f := W3C; int(f) < tableSize; f++ {
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

// EntryField returns the field of an entry of Config.Headers or UnsafeHeaders: a name or a pattern.
func EntryField(entry string, unsafe bool) Field {
	name, pattern := strings.CutSuffix(entry, Every)
	f := HeaderField(name, unsafe)
	if f.Prefix = pattern; pattern {
		f.Bin = false
	}
	return f
}

// HeaderField returns the field of a name of Config.Headers or UnsafeHeaders.
func HeaderField(name string, unsafe bool) Field {
	lower := strings.ToLower(name)
	return Field{Lower: lower, Canon: http.CanonicalHeaderKey(name), Bin: strings.HasSuffix(lower, "-bin"), Unsafe: unsafe}
}

// FormatOwning returns the format that owns a lower-case name, whether or not a Propagator carries it.
func FormatOwning(lower string) (Format, bool) {
	for _, f := range Fields[:FirstHeader] {
		if lower == f.Lower || f.Prefix && strings.HasPrefix(lower, f.Lower) {
			return f.Format, true
		}
	}
	return 0, false
}
