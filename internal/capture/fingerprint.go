package capture

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// A Fingerprint stands for one line under one name, so that a line can be recognized without being kept. The
// seed is random for each process: a caller cannot make two lines with the same fingerprint.
type Fingerprint uint64

var fingerprintSeed = maphash.MakeSeed()

// FingerprintOf returns the fingerprint of a line. White space around the line does not count.
func FingerprintOf(lower, line string) Fingerprint {
	return Fingerprint(maphash.Comparable(fingerprintSeed, [2]string{lower, wire.TrimOWS(line)}))
}

// AnyLine is no legal line: it stands for all lines of a field.
const AnyLine = "\n"

// maxFingerprints bounds the lines that a capture remembers. For fields with more lines it remembers
// that all are untrusted.
const maxFingerprints = 1024

// fingerprints is a set that does not change once it is in a capture.
type fingerprints map[Fingerprint]struct{}

func (s fingerprints) Has(lower, line string) bool {
	if len(s) == 0 {
		return false
	}
	_, ok := s[FingerprintOf(lower, line)]
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
func (p *Reader) remember(hits []wire.Match, trust policy.Trust) fingerprints {
	if len(hits) == 0 {
		return nil
	}
	s := fingerprints{}
	for _, h := range hits {
		f := p.described(h.ID, h.Key)
		if !trust.Withholds(&f) && !trust.Rewrites(&f) {
			continue
		}
		lower := strings.ToLower(h.Key)
		if lower == "" {
			lower = f.Lower
		}
		for line := range Variants(h.Vals) {
			if len(s) >= maxFingerprints {
				s[FingerprintOf(f.Lower, AnyLine)] = struct{}{}
				break
			}
			s[FingerprintOf(lower, line)] = struct{}{}
		}
		if h.ID == wire.FirstField[wire.Baggage] && !s.addMembers(h.Vals) {
			s[FingerprintOf(f.Lower, AnyLine)] = struct{}{}
		}
	}
	return s
}

// Variants ranges over the ways in which code copies a header: each line, and all lines joined.
func Variants(vals []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for _, v := range vals {
			if !yield(v) {
				return
			}
		}
		_ = len(vals) < 2 || yield(strings.Join(vals, ",")) && yield(strings.Join(vals, ", "))
	}
}

// Known returns the lines of a header that no limit has kept out of the capture of an untrusted caller.
func (c *Node) Known(key string, vals []string) []string {
	dropped, lower := c.Dropped(), strings.ToLower(key)
	switch {
	case len(dropped) == 0:
		return vals
	case dropped.Has(lower, AnyLine):
		return nil
	}
	return slices.DeleteFunc(slices.Clone(vals), func(v string) bool { return dropped.Has(lower, v) })
}
