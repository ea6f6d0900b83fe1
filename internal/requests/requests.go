// Package requests makes random inbound headers for tests.
package requests

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// Corpus is what random headers are made of. It does not change.
type Corpus struct {
	Names  []string      // those of all formats, as http.Header spells them, and two under each prefix
	Values []string      // lines of the whole requests
	Whole  []http.Header // requests that mean something
}

// maxValue is the length of the longest value in a Corpus. Longer ones would make most requests exceed the limits.
const maxValue = 400

// NewCorpus returns a Corpus of whole requests, such as those of the golden vectors.
func NewCorpus(whole []http.Header) *Corpus {
	c := &Corpus{Whole: whole}
	for _, f := range wire.AllFormats() {
		for _, name := range f.Fields() {
			c.Names = append(c.Names, http.CanonicalHeaderKey(name))
		}
		for _, prefix := range f.Prefixes() {
			c.Names = append(c.Names, http.CanonicalHeaderKey(prefix+"user"), http.CanonicalHeaderKey(prefix+"trace"))
		}
	}
	for _, h := range whole {
		for _, lines := range h {
			for _, line := range lines {
				if len(line) < maxValue {
					c.Values = append(c.Values, line)
				}
			}
		}
	}
	slices.Sort(c.Values) // maps have no order
	return c
}

// Source makes random headers of a Corpus. The same seeds make the same headers.
type Source struct {
	*Corpus
	*rand.Rand
}

// Source returns a Source with two seeds.
func (c *Corpus) Source(seed, more uint64) Source {
	return Source{c, rand.New(rand.NewPCG(seed, more))}
}

// Pick returns one of the elements.
func Pick[T any](s Source, from []T) T { return from[s.IntN(len(from))] }

// OneIn reports true once in n times.
func (s Source) OneIn(n int) bool { return s.IntN(n) == 0 }

// Value returns a line: mostly one of the corpus, also an empty one, and bytes that some transport refuses.
func (s Source) Value() string {
	switch s.IntN(8) {
	case 0:
		return ""
	case 1:
		return " \t"
	case 2:
		b := make([]byte, s.IntN(40))
		for i := range b {
			b[i] = byte(s.IntN(256))
		}
		return string(b)
	case 3:
		return strings.Repeat(Pick(s, []string{"ø", "a\tb", "0", ",", ";", "\x7f"}), 1+s.IntN(20))
	}
	return Pick(s, s.Values)
}

// Header returns a request with a few requests of the corpus together, and a few names with any values.
func (s Source) Header() http.Header {
	h := http.Header{"Accept": {"*/*"}, "X-Noise": {"1"}}
	for range s.IntN(4) {
		for name, lines := range Pick(s, s.Whole) {
			if len(strings.Join(lines, "")) < maxValue {
				h[name] = slices.Clone(lines)
			}
		}
	}
	for range s.IntN(5) {
		name := Pick(s, s.Names)
		for range 1 + s.IntN(3) {
			h.Add(name, s.Value())
		}
	}
	return h
}
