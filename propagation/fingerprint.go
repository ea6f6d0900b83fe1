package propagation

import (
	"hash/maphash"
	"maps"
	"strings"
)

// A fingerprint stands for one line under one name, so that a line can be recognized without being kept. The
// seed is random for each process: a caller cannot make two lines with the same fingerprint.
type fingerprint uint64

var fingerprintSeed = maphash.MakeSeed()

// fingerprintOf returns the fingerprint of a line. White space around the line does not count.
func fingerprintOf(lower, line string) fingerprint {
	return fingerprint(maphash.Comparable(fingerprintSeed, [2]string{lower, trimOWS(line)}))
}

// anyLine is no legal line: it stands for all lines of a field.
const anyLine = "\n"

// maxFingerprints bounds the lines that a capture remembers. For fields with more lines it remembers
// that all are untrusted.
const maxFingerprints = 1024

// fingerprints is a set that does not change once it is in a capture.
type fingerprints map[fingerprint]struct{}

func (s fingerprints) has(lower, line string) bool {
	if len(s) == 0 {
		return false
	}
	_, ok := s[fingerprintOf(lower, line)]
	return ok
}

// with returns a set with the members of both.
func (s fingerprints) with(other fingerprints) fingerprints {
	switch {
	case len(s) == 0:
		return other
	case len(other) == 0:
		return s
	}
	both := maps.Clone(s)
	maps.Copy(both, other)
	return both
}

// remember returns the fingerprints of those hits that the trust holds back or rewrites.
func (p *Propagator) remember(hits []hit, trust Trust) fingerprints {
	if len(hits) == 0 {
		return nil
	}
	s := fingerprints{}
	for _, h := range hits {
		f := p.described(h.id, h.key)
		if !trust.holdsBack(&f) && !trust.rewrites(&f) {
			continue
		}
		lower := strings.ToLower(h.key)
		if lower == "" {
			lower = f.lower
		}
		for line := range variants(h.vals) {
			if len(s) >= maxFingerprints {
				s[fingerprintOf(f.lower, anyLine)] = struct{}{}
				break
			}
			s[fingerprintOf(lower, line)] = struct{}{}
		}
		if h.id == firstField[Baggage] && !s.addMembers(h.vals) {
			s[fingerprintOf(f.lower, anyLine)] = struct{}{}
		}
	}
	return s
}

// variants ranges over the ways in which code copies a header: each line, and all lines joined.
func variants(vals []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range vals {
			if !yield(v) {
				return
			}
		}
		_ = len(vals) < 2 || yield(strings.Join(vals, ",")) && yield(strings.Join(vals, ", "))
	}
}
