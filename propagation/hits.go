package propagation

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// hit is a name of ours that a carrier has.
type hit struct {
	id   fieldID
	key  string // under a prefix: the whole name, in the spelling of its kind of carrier
	vals []string
	as   string // the name as the carrier spells it, where that decides an order
	raw  bool   // the values are bytes: white space is not blank
	hop  bool   // the caller has listed it in Connection
}

// says reports whether a line is to be kept.
func (h *hit) says(line string) bool { return notBlank(line) || h.raw && line != "" }

// usualHits is how many names fit the stack.
const usualHits = 12

func isRequestID(h hit) bool { return h.id == firstField[RequestID] }

// notBlank reports whether a line says anything: HTTP trims the white space around a value.
func notBlank(line string) bool { return line != "" && (line[0] > ' ' || trimOWS(line) != "") }

// sortHits puts the hits in the order of their numbers. They are few, and often in
// order already.
func sortHits(hits []hit) {
	if len(hits) > 2*usualHits {
		slices.SortStableFunc(hits, compareHits)
		return
	}
	for i := 1; i < len(hits); i++ {
		for j := i; j > 0 && compareHits(hits[j], hits[j-1]) < 0; j-- {
			hits[j], hits[j-1] = hits[j-1], hits[j]
		}
	}
}

func formatsOf(hits []hit) (s formatSet) {
	for i := range hits {
		if id := hits[i].id; id < firstHeader {
			s |= 1 << fields[id].format
		}
	}
	return s
}

// tags are the names under a prefix, of which the first in sorted order are kept, as many as
// Limits.Lines. The cost is linear in their number, but for the logarithm of the limit. Of an untrusted caller all
// stay, until fit remembers those that it drops.
type tags struct {
	p     *Propagator
	ctx   context.Context
	trust Trust
	hits  []hit
}

func (t *tags) add(id fieldID, key string, vals []string, as string) {
	h := hit{id: id, key: key, vals: vals, as: as}
	if !slices.ContainsFunc(vals, notBlank) {
		return
	}
	if t.hits = append(t.hits, h); len(t.hits) == 2*t.p.limits.Lines {
		t.first()
	}
}

// first sorts the names and drops those over the limit.
func (t *tags) first() []hit {
	slices.SortFunc(t.hits, compareHits)
	if len(t.hits) > t.p.limits.Lines && t.untrusted() {
		return t.hits
	}
	for n := t.p.limits.Lines; len(t.hits) > n; t.hits = t.hits[:len(t.hits)-1] {
		t.p.count(t.ctx, fields[t.hits[len(t.hits)-1].id].format, TooLarge)
	}
	return t.hits
}

func (t *tags) untrusted() bool {
	if outer := captured(t.ctx); outer != nil && outer.trust != Continue {
		return true
	}
	return t.trust != Continue
}

func compareHits(a, b hit) int {
	if a.id != b.id {
		return cmp.Compare(a.id, b.id)
	}
	if a.key != b.key {
		return strings.Compare(a.key, b.key)
	}
	if usualA, usualB := a.as == a.key, b.as == b.key; usualA != usualB { // the right spelling first
		if usualA {
			return -1
		}
		return 1
	}
	return strings.Compare(a.as, b.as)
}
