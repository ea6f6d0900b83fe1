package capture

import (
	"hash/maphash"
	"maps"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
)

// A Fingerprint identifies a line under a name without keeping the line. Each process has a random seed, so a caller
// cannot make two lines with the same fingerprint.
type Fingerprint uint64

var fingerprintSeed = maphash.MakeSeed()

// FingerprintOf returns the fingerprint of a line. It ignores white space around the line.
func FingerprintOf(lower, line string) Fingerprint {
	return Fingerprint(maphash.Comparable(fingerprintSeed, [2]string{lower, wire.TrimOWS(line)}))
}

// AnyLine stands for all lines of a field. It is not a legal line.
const AnyLine = "\n"

// maxFingerprints is the maximum number of fingerprints that a capture keeps. A field with more lines is recorded
// with AnyLine, so that all its lines are untrusted.
const maxFingerprints = 1024

// fingerprints is a set that does not change once a capture has it.
type fingerprints map[Fingerprint]struct{}

func (s fingerprints) Has(lower, line string) bool {
	if len(s) == 0 {
		return false
	}
	_, ok := s[FingerprintOf(lower, line)]
	return ok
}

// with returns the union of two sets.
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

// remember returns the fingerprints of the matches that a trust decision withholds or rewrites.
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

// Variants ranges over the forms in which code copies a header: each line, and all lines joined.
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

// Known returns the lines of a header without the untrusted lines that exceeded the limits of the capture.
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
