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
			t.Errorf("ParseFormat(%q) = %v, %v, want %v", f.name, parsed, err, f.format)
		}
		if got := f.format.Fields(); !slices.Equal(got, strings.Fields(f.fields)) {
			t.Errorf("%v: fields %q, want %q", f.format, got, f.fields)
		}
		if got := f.format.Prefixes(); !slices.Equal(got, strings.Fields(f.prefixes)) {
			t.Errorf("%v: prefixes %q, want %q", f.format, got, f.prefixes)
		}
		_, emits := propagation.New(propagation.Config{Emit: []propagation.Format{f.format}})
		_, reads := propagation.New(propagation.Config{Formats: []propagation.Format{}, ReadOnly: []propagation.Format{f.format}})
		if (emits == nil) != (f.canWrite != canWrite{}) || (reads == nil) != (f.canWrite != canWrite{}) {
			t.Errorf("%v: New accepts it in Emit: %v, in ReadOnly: %v, want %v", f.format, emits == nil, reads == nil, (f.canWrite != canWrite{}))
		}
	}
	if n := len(propagation.AllFormats()); n != len(facts) {
		t.Errorf("%d formats, want %d", n, len(facts))
	}
}

// TestFormatFields: the names of Fields and Prefixes are carried, and no other headers.
func TestFormatFields(t *testing.T) {
	for _, f := range facts {
		p := compile(t, propagation.Config{Formats: []propagation.Format{f.format}})
		if !slices.Equal(p.Fields(), f.format.Fields()) {
			t.Errorf("%v: Propagator.Fields returns %q, want %q", f.format, p.Fields(), f.format.Fields())
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

// TestFormatSlices: changes of a returned slice do not change later results.
func TestFormatSlices(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Jaeger}})
	all, fields, prefixes, names := propagation.AllFormats(), propagation.Jaeger.Fields(), propagation.Jaeger.Prefixes(), p.Fields()
	all[0], fields[0], prefixes[0], names[0] = 99, "spoilt", "spoilt", "spoilt"
	if propagation.AllFormats()[0] != propagation.W3C {
		t.Error("a change of the slice of AllFormats changes the next result")
	}
	if propagation.Jaeger.Fields()[0] == "spoilt" || propagation.Jaeger.Prefixes()[0] == "spoilt" || p.Fields()[0] == "spoilt" {
		t.Error("a change of a returned list of names changes the next result")
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
		t.Errorf("%s is decoded as %v, want all formats", text, back)
	}

	f := propagation.W3C
	for _, name := range []string{"", "B3", " b3", "b3 ", "headers", "none", "Format(3)", "traceparent"} {
		if err := f.UnmarshalText([]byte(name)); err == nil || f != propagation.W3C {
			t.Errorf("UnmarshalText(%q) set the format to %v and returned %v, want an error", name, f, err)
		}
		if parsed, err := propagation.ParseFormat(name); err == nil || parsed != 0 {
			t.Errorf("ParseFormat(%q) = %v, %v, want an error", name, parsed, err)
		} else if !strings.Contains(err.Error(), "tracecontext, b3, b3multi") {
			t.Errorf("the error %q does not list the names", err)
		}
	}
}

// TestFormatUnknown: the methods of an unknown Format do not panic and return nothing.
func TestFormatUnknown(t *testing.T) {
	for f, want := range map[propagation.Format]string{0: "headers", propagation.Format(len(facts) + 1): fmt.Sprintf("Format(%d)", len(facts)+1), 255: "Format(255)"} {
		if f.String() != want {
			t.Errorf("String is %q, want %q", f, want)
		}
		if text, err := f.MarshalText(); err == nil {
			t.Errorf("MarshalText of %v returns %q, want an error", f, text)
		}
		if f.Fields() != nil || f.Prefixes() != nil {
			t.Errorf("%v has fields or prefixes, want none", f)
		}
		var stats propagation.Stats
		if stats.Count(f, propagation.Malformed) != 0 || stats.Count(propagation.W3C, 99) != 0 {
			t.Errorf("%v has counts, want 0", f)
		}
	}
}

// TestWords: the small integer types print as words. Unknown values do not panic.
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
