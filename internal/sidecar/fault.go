package sidecar

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Kind is what is wrong with a header that arrived, or that did not.
type Kind string

// The kinds of faults.
const (
	Lost         Kind = "lost"          // a header, or a line of it, did not arrive
	Changed      Kind = "changed"       // another value arrived
	Duplicated   Kind = "duplicated"    // more lines arrived than were handed out
	Invented     Kind = "invented"      // a header arrived that nobody had handed out
	MixedUp      Kind = "mixed up"      // a value of another journey arrived
	NotContinued Kind = "not continued" // the proxy's tracer found no span to continue
)

// Kinds are all kinds, in the order in which to report them.
var Kinds = []Kind{Lost, Changed, Duplicated, Invented, MixedUp, NotContinued}

// Fault is one finding of a proxy.
type Fault struct {
	Kind      Kind
	Header    string // canonical name; "" for NotContinued
	Want, Got []string
}

// String says it in words: one line, and what was wanted and what came in two more.
func (f Fault) String() string {
	if f.Kind == NotContinued {
		return "the proxy found no span to continue"
	}
	return fmt.Sprintf("%s %s\n    want %.80q\n    got  %.80q", f.Header, f.Kind, f.Want, f.Got)
}

// due returns what the caller of a call owes of what it was handed: everything,
// but for a b3 that names another span than x-b3-* does. Envoy advances
// only the latter and then prefers the former, so who sends both sends a stale span on.
func due(handed http.Header, c Call) http.Header {
	single := strings.SplitN(handed.Get("B3"), "-", 3)
	trace, span := handed.Get("X-B3-Traceid"), handed.Get("X-B3-Spanid")
	if len(single) > 1 && trace != "" && span != "" && (single[0] != trace || single[1] != span) {
		handed = handed.Clone()
		handed.Del("B3")
	}
	if c.GRPC {
		return Unpadded(handed)
	}
	return handed
}

// Compare finds what is wrong with the headers that came, sorted by name. foreign
// tells the lines of other journeys.
func Compare(want, got http.Header, foreign func(line string) bool) (faults []Fault) {
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
