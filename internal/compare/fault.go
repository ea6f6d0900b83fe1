// Package compare compares the headers of a call with those that its caller received. The test kit, the stand-ins of
// proxies and the command share it. It knows names and lines; it parses no format.
package compare

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// Kind is what is wrong with a header that arrived, or that did not.
type Kind string

// The kinds of faults.
const (
	Lost         Kind = "lost"          // a header, or a line of it, did not arrive
	Changed      Kind = "changed"       // another value arrived
	Duplicated   Kind = "duplicated"    // more lines arrived than the caller received
	Invented     Kind = "invented"      // a header arrived that the caller did not receive
	MixedUp      Kind = "mixed up"      // a value of another request arrived
	NotContinued Kind = "not continued" // the proxy's tracer found no span to continue
	Empty        Kind = "sent empty"    // a header arrived without a value; only Refine finds it
)

// Kinds are the kinds but Empty, in the order in which to report them.
var Kinds = []Kind{Lost, Changed, Duplicated, Invented, MixedUp, NotContinued}

// Fault is one finding.
type Fault struct {
	Kind      Kind
	Header    string // canonical name; "" for NotContinued
	Want, Got []string
	Detail    string // what else is known; Refine sets it
}

// String returns the fault in words: one line, and the wanted and the received lines in two more.
func (f Fault) String() string {
	if f.Kind == NotContinued {
		return "the proxy found no span to continue"
	}
	return fmt.Sprintf("%s %s\n    want %.80q\n    got  %.80q", f.Header, f.Kind, f.Want, f.Got)
}

// Headers finds what is wrong with the headers that arrived, sorted by name. foreign reports whether a line belongs to
// another request.
func Headers(want, got http.Header, foreign func(line string) bool) (faults []Fault) {
	names := http.Header{}
	maps.Copy(names, want)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		w, g := want[name], got[name]
		if slices.Equal(w, g) {
			continue
		}
		kind := Changed
		switch {
		case slices.ContainsFunc(g, foreign):
			kind = MixedUp
		case len(w) == 0:
			kind = Invented
		case len(g) < len(w):
			kind = Lost
		case len(g) > len(w):
			kind = Duplicated
		}
		faults = append(faults, Fault{Kind: kind, Header: name, Want: w, Got: g})
	}
	return faults
}
