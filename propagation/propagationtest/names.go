package propagationtest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/propagation"
)

// of reports whether a header, in canonical spelling, belongs to a format.
func of(f propagation.Format, name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(f.Fields(), name) ||
		slices.ContainsFunc(f.Prefixes(), func(p string) bool { return strings.HasPrefix(name, p) })
}

func ofAny(formats []propagation.Format, name string) bool {
	return slices.ContainsFunc(formats, func(f propagation.Format) bool { return of(f, name) })
}

// watched returns the headers that are judged: those of all formats, and those of the option Headers.
func (m *Mesh) watched(h http.Header) http.Header {
	out := http.Header{}
	for name, lines := range h {
		if ofAny(propagation.AllFormats(), name) || m.ofHeaders(name) {
			out[name] = lines
		}
	}
	return out
}

func (m *Mesh) ofHeaders(name string) bool {
	return slices.ContainsFunc(m.conf.headers, func(n string) bool { return strings.EqualFold(n, name) })
}

// optional reports whether a service may leave a header out everywhere.
func (m *Mesh) optional(name string) bool {
	return !ofAny(m.conf.formats, name) && !m.ofHeaders(name)
}

// carried returns the headers that arrive at some callee with the request that had them.
func carried(all []*exchange) map[string]bool {
	names := map[string]bool{}
	for _, x := range all {
		for _, c := range x.calls {
			for name := range c.header {
				if x.handed[name] != nil {
					names[name] = true
				}
			}
		}
	}
	return names
}

// ownerOf returns the request to which most lines of a call belong, 0 if none does.
func (m *Mesh) ownerOf(h http.Header) int {
	votes := map[int]int{}
	vote := func(line string) {
		if id, ok := m.owners.Owner(line); ok {
			votes[id]++
		}
	}
	for _, lines := range compare.Items(m.watched(h)) {
		for _, line := range lines {
			vote(line)
		}
	}
	for _, s := range spansOf(h) {
		vote(s.trace)
	}
	best := 0
	for id, n := range votes {
		if n > votes[best] || n == votes[best] && id < best {
			best = id
		}
	}
	return best
}
