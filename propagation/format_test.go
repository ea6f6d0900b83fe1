package propagation_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

func TestFormats(t *testing.T) {
	for i, f := range facts {
		if got := propagation.AllFormats()[i]; got != f.format {
			t.Errorf("AllFormats()[%d] is %v, want %v", i, got, f.format)
		}
		if f.format.String() != f.name {
			t.Errorf("String is %q, want %q", f.format, f.name)
		}
		if parsed, err := propagation.ParseFormat(f.name); err != nil || parsed != f.format {
			t.Errorf("ParseFormat(%q) = %v, %v", f.name, parsed, err)
		}
		if got := f.format.Fields(); !slices.Equal(got, strings.Fields(f.fields)) {
			t.Errorf("%v: fields %q, want %q", f.format, got, f.fields)
		}
		if got := f.format.Prefixes(); !slices.Equal(got, strings.Fields(f.prefixes)) {
			t.Errorf("%v: prefixes %q, want %q", f.format, got, f.prefixes)
		}
		_, emits := propagation.New(propagation.Config{Emit: []propagation.Format{f.format}})
		_, reads := propagation.New(propagation.Config{Formats: []propagation.Format{}, ReadOnly: []propagation.Format{f.format}})
		if (emits == nil) != (f.room != room{}) || (reads == nil) != (f.room != room{}) {
			t.Errorf("%v: written %v, read %v, want %v", f.format, emits == nil, reads == nil, (f.room != room{}))
		}
	}
	if n := len(propagation.AllFormats()); n != len(facts) {
		t.Errorf("%d formats, want %d", n, len(facts))
	}
}

// TestFormatFields: what is named travels, with nothing else of the format's.
func TestFormatFields(t *testing.T) {
	for _, f := range facts {
		p := compile(t, propagation.Config{Formats: []propagation.Format{f.format}})
		if !slices.Equal(p.Fields(), f.format.Fields()) {
			t.Errorf("%v: Propagator.Fields %q", f.format, p.Fields())
		}
		in := carrier()
		for _, other := range facts {
			for _, name := range strings.Fields(other.fields) {
				in.Set(name, "v")
			}
			for _, prefix := range strings.Fields(other.prefixes) {
				in.Set(prefix+"k", "v")
			}
		}
		want := carrier()
		for _, name := range f.format.Fields() {
			want.Set(name, "v")
		}
		for _, prefix := range f.format.Prefixes() {
			want.Set(prefix+"k", "v")
		}
		expect(t, sent(p, p.ExtractHTTP(t.Context(), in)), want)
	}
}

// TestFormatSlices: they are the caller's own.
func TestFormatSlices(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Jaeger}})
	all, fields, prefixes, names := propagation.AllFormats(), propagation.Jaeger.Fields(), propagation.Jaeger.Prefixes(), p.Fields()
	all[0], fields[0], prefixes[0], names[0] = 99, "spoilt", "spoilt", "spoilt"
	if propagation.AllFormats()[0] != propagation.W3C {
		t.Error("AllFormats is shared")
	}
	if propagation.Jaeger.Fields()[0] == "spoilt" || propagation.Jaeger.Prefixes()[0] == "spoilt" || p.Fields()[0] == "spoilt" {
		t.Error("the names are shared")
	}
}

func TestFormatText(t *testing.T) {
	all := map[propagation.Format][]propagation.Format{propagation.XRay: propagation.AllFormats()}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	var back map[propagation.Format][]propagation.Format
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(back[propagation.XRay], propagation.AllFormats()) {
		t.Errorf("%s became %v", text, back)
	}

	f := propagation.W3C
	for _, name := range []string{"", "B3", " b3", "b3 ", "headers", "none", "Format(3)", "traceparent"} {
		if err := f.UnmarshalText([]byte(name)); err == nil || f != propagation.W3C {
			t.Errorf("%q became %v, %v", name, f, err)
		}
		if parsed, err := propagation.ParseFormat(name); err == nil || parsed != 0 {
			t.Errorf("ParseFormat(%q) = %v, %v", name, parsed, err)
		} else if !strings.Contains(err.Error(), "tracecontext, b3, b3multi") {
			t.Errorf("the names are not in %q", err)
		}
	}
}

// TestFormatUnknown: a value that is no format harms nobody.
func TestFormatUnknown(t *testing.T) {
	for f, want := range map[propagation.Format]string{0: "headers", propagation.Format(len(facts) + 1): fmt.Sprintf("Format(%d)", len(facts)+1), 255: "Format(255)"} {
		if f.String() != want {
			t.Errorf("String is %q, want %q", f, want)
		}
		if text, err := f.MarshalText(); err == nil {
			t.Errorf("%v: text %q", f, text)
		}
		if f.Fields() != nil || f.Prefixes() != nil {
			t.Errorf("%v has names", f)
		}
		var stats propagation.Stats
		if stats.Count(f, propagation.Malformed) != 0 || stats.Count(propagation.W3C, 99) != 0 {
			t.Errorf("%v has counts", f)
		}
	}
}

// TestWords: the small types print in words, unknown values too.
func TestWords(t *testing.T) {
	var got []string
	for s := propagation.Deferred; s <= propagation.Debug+1; s++ {
		got = append(got, s.String())
	}
	for o := propagation.Malformed; o <= propagation.Panicked+1; o++ {
		got = append(got, o.String())
	}
	for r := propagation.NotTraced; r <= propagation.ForcedByClient+1; r++ {
		got = append(got, r.String())
	}
	want := []string{
		"deferred", "denied", "accepted", "debug", "Sampling(4)",
		"malformed", "duplicate", "too large", "conflict", "stale", "unsendable", "no context", "nothing received", "untrusted", "disallowed", "reconciled", "panicked", "Outcome(12)",
		"not traced", "sampled", "forced by service", "forced by client", "unknown",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
