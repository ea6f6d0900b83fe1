// Package outcome counts outcomes and reports them to an observer.
package outcome

import "strconv"

// Outcome is propagation.Outcome.
type Outcome uint8

const (
	Malformed Outcome = iota
	Duplicate
	TooLarge
	Conflict
	Stale
	Unsendable
	NoContext
	NothingReceived
	Untrusted
	Disallowed
	Reconciled
	Panicked

	Count = iota
)

var names = [Count]string{
	"malformed", "duplicate", "too large", "conflict", "stale", "unsendable",
	"no context", "nothing received", "untrusted", "disallowed", "reconciled", "panicked",
}

// String returns the outcome in lower-case words.
func (o Outcome) String() string {
	if int(o) < len(names) {
		return names[o]
	}
	return "Outcome(" + strconv.Itoa(int(o)) + ")"
}

// Set is a set of outcomes: bit o stands for Outcome o.
type Set uint16

// Has reports whether an outcome is in the set.
func (s Set) Has(o Outcome) bool { return s>>o&1 != 0 }
