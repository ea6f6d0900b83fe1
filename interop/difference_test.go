package interop

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// outcome is the result of a comparison of two readings of one header.
type outcome string

const (
	same      outcome = "the same"
	onlyPeer  outcome = "only the peer reads a span or a decision"
	onlyOurs  outcome = "only we read a span or a decision"
	otherIDs  outcome = "the ids differ"
	decision  outcome = "the decision differs"
	details   outcome = "what is neither ids nor decision differs"
	peerPanic outcome = "the peer panics"
)

// comparison has the readings of one header by the peer and by us.
type comparison struct {
	outcome
	ours, theirs propagation.SpanContext
}

func (p peer) compare(h http.Header) (c comparison) {
	if c.ours = read(p.format, h); c.ours != (propagation.SpanContext{}) {
		c.ours = p.says(c.ours)
	}
	defer func() {
		if recover() != nil {
			c.outcome = peerPanic
		}
	}()
	if c.theirs = p.extract(h); c.theirs != (propagation.SpanContext{}) {
		c.theirs = p.says(c.theirs)
	}
	switch {
	case c.ours == c.theirs:
		c.outcome = same
	case c.ours == propagation.SpanContext{}:
		c.outcome = onlyPeer
	case c.theirs == propagation.SpanContext{}:
		c.outcome = onlyOurs
	case c.ours.TraceID != c.theirs.TraceID || c.ours.SpanID != c.theirs.SpanID:
		c.outcome = otherIDs
	case c.ours.Sampling != c.theirs.Sampling:
		c.outcome = decision
	default:
		c.outcome = details
	}
	return c
}

// difference is a known way in which a peer reads headers differently from us.
type difference struct {
	rule  string                 // the specification and its section, its rule, and the peer's behaviour
	shows func(http.Header) bool // reports whether the header can cause the difference
	makes proof
}

// proof has the possible outcomes of a difference, each with a header that causes it.
type proof map[outcome]http.Header

// and returns the proof with one more outcome.
func (p proof) and(o outcome, h http.Header) proof {
	p = maps.Clone(p)
	p[o] = h
	return p
}

// check reports a header that the peer and we read differently for an unknown reason.
func (p peer) check(t *testing.T, h http.Header) {
	t.Helper()
	c := p.compare(h)
	explains := func(d difference) bool { return d.makes[c.outcome] != nil && d.shows(h) }
	if c.outcome != same && !slices.ContainsFunc(p.known, explains) {
		t.Errorf("%s: %s, and no known difference explains it\nheader %q\nours   %+v\ntheirs %+v", p.name, c.outcome, h, c.ours, c.theirs)
	}
}

// TestKnownDifferences fails for a difference that no longer exists.
func TestKnownDifferences(t *testing.T) {
	for _, p := range peers {
		for _, d := range p.known {
			for want, h := range d.makes {
				if c := p.compare(h); c.outcome != want || !d.shows(h) {
					t.Errorf("%s: this difference no longer exists: %s\nheader %q\nwant   %s\ngot    %s\nours   %+v\ntheirs %+v",
						p.name, d.rule, h, want, c.outcome, c.ours, c.theirs)
				}
			}
		}
	}
}

// line reports whether the first line of a field that is not blank matches.
func line(field, pattern string) func(http.Header) bool {
	re := regexp.MustCompile(pattern)
	return func(h http.Header) bool {
		for _, line := range h.Values(field) {
			if !blank(line) {
				return re.MatchString(line)
			}
		}
		return false
	}
}

// notLine reports whether there is a first line that is not blank, and that line does not match.
func notLine(field, pattern string) func(http.Header) bool {
	some, matches := line(field, ``), line(field, pattern)
	return func(h http.Header) bool { return some(h) && !matches(h) }
}

// unreadable is the difference for a peer that reads nothing if the decision is invalid or in another case.
func unreadable(peer string, shows func(http.Header) bool, example http.Header) difference {
	return difference{
		rule:  "A choice: a decision is read in any case, and one that cannot be read does not cost the ids. " + peer + " refuses the headers.",
		shows: shows,
		makes: proof{onlyOurs: example},
	}
}

// anyLine reports whether some line of the fields matches. Without fields, it checks all fields.
func anyLine(pattern string, fields ...string) func(http.Header) bool {
	re := regexp.MustCompile(pattern)
	return func(h http.Header) bool {
		for field, lines := range h {
			if (len(fields) == 0 || slices.Contains(fields, field)) && slices.ContainsFunc(lines, re.MatchString) {
				return true
			}
		}
		return false
	}
}

// anyField reports whether a condition is true for the lines of some field.
func anyField(holds func(lines []string) bool) func(http.Header) bool {
	return func(h http.Header) bool {
		for _, lines := range h {
			if holds(lines) {
				return true
			}
		}
		return false
	}
}

func repeated(lines []string) bool { return len(lines) > 1 }

func blankFirst(lines []string) bool { return len(lines) > 1 && blank(lines[0]) }

func blank(line string) bool { return strings.Trim(line, " \t") == "" }

// spoil returns a header with one line changed or added.
func spoil(h http.Header, field string, lines ...string) http.Header {
	h = h.Clone()
	h[http.CanonicalHeaderKey(field)] = lines
	return h
}

// untrimmed is the difference for a peer that does not trim a value. net/http trims values, so in practice the
// difference occurs with other carriers.
func untrimmed(peer string, makes proof) difference {
	return difference{
		rule:  "RFC 9110, 5.5: the white space around a field value is no part of it. " + peer + " does not trim.",
		shows: anyLine(`^[ \t]|[ \t]$`),
		makes: makes,
	}
}

// takesFirst is the difference for a peer that uses the first line of a name, also if it is blank.
func takesFirst(peer string, makes proof) difference {
	return difference{
		rule: "A choice: a line that is blank says nothing, and the next one counts. " +
			peer + " takes the first line and finds nothing in it.",
		shows: anyField(blankFirst),
		makes: makes,
	}
}
