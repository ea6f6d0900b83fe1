package propagation

import (
	"net/url"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/baggage"
)

// aMember is no legal name of a header: under it stand the fingerprints of single baggage members.
const aMember = "\n"

// memberFingerprint returns the fingerprint of a baggage member with its properties.
func memberFingerprint(m baggage.Member) fingerprint { return fingerprintOf(aMember, m.String()) }

// addMembers adds the members of some lines, in the form in which OpenTelemetry reads them. It reports whether s
// has room for all. Every member counts, so that repeated ones cost no more than others.
func (s fingerprints) addMembers(lines []string) bool {
	room := maxFingerprints - len(s)
	for _, line := range lines {
		for m := range members(line) {
			if room--; room < 0 {
				return false
			}
			bag, _ := baggage.Parse(m) // of an invalid member nothing is left
			for _, m := range bag.Members() {
				s[memberFingerprint(m)] = struct{}{}
			}
		}
	}
	return true
}

// addItems adds the items of some lines under a prefix, as they are and decoded: readers differ.
func (s fingerprints) addItems(r run) {
	for it := range itemsOf(r) {
		decoded, _ := url.PathUnescape(it.value)
		for _, value := range []string{it.value, decoded} {
			if m, err := baggage.NewMemberRaw(it.key, value); err == nil {
				s[memberFingerprint(m)] = struct{}{}
			}
		}
	}
}

// untrustedMembers returns a function that reports whether a member of a baggage may be the untrusted caller's: one
// that it sent, or any where nobody can tell.
func (c *capture) untrustedMembers() func(baggage.Member) bool {
	dropped := c.dropped()
	if c.trust&forget != 0 || !c.by.reads.has(Baggage) || dropped.has(fields[firstField[Baggage]].lower, anyLine) {
		return func(baggage.Member) bool { return true }
	}
	sent := fingerprints{}
	for r := range c.stranger().runs {
		switch {
		case r.id == firstField[Baggage]:
			sent.addMembers(r.vals)
		case r.id < firstHeader && itemFields.has(r.id):
			sent.addItems(r)
		}
	}
	return func(m baggage.Member) bool {
		f := memberFingerprint(m)
		_, held := sent[f]
		_, gone := dropped[f]
		return held || gone
	}
}

// knowsUntrusted reports whether the caller's baggage is untrusted, and the capture knows what it was.
func (c *capture) knowsUntrusted() bool {
	return c.trust.has(DistrustBaggage) && c.trust&forget == 0 && c.by.reads.has(Baggage)
}

// mayBeStrangers reports whether any of a context's baggage may be what the caller has sent.
func (c *capture) mayBeStrangers(now baggage.Baggage) bool {
	return now.Len() > 0 && slices.ContainsFunc(now.Members(), c.untrustedMembers())
}

// own returns the application's own members of a context's baggage: what another propagator has read of an untrusted
// caller's headers is not sent.
func (c *capture) own(now baggage.Baggage) baggage.Baggage {
	if now.Len() == 0 || !c.knowsUntrusted() {
		return now
	}
	untrusted := c.untrustedMembers()
	for _, m := range now.Members() {
		if untrusted(m) {
			now = now.DeleteMember(m.Key())
		}
	}
	return now
}

// allMembers reports whether a list has members, and a function is true of all.
func allMembers(list string, is func(baggage.Member) bool) bool {
	if !strings.Contains(list, "=") {
		return false
	}
	bag, err := baggage.Parse(list)
	return err == nil && bag.Len() > 0 && !slices.ContainsFunc(bag.Members(), func(m baggage.Member) bool { return !is(m) })
}
