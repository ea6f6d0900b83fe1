package capture

import (
	"net/url"
	"slices"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// aMember is no legal name of a header: under it stand the fingerprints of single baggage members.
const aMember = "\n"

// memberFingerprint returns the fingerprint of a baggage member with its properties.
func memberFingerprint(m baggage.Member) Fingerprint { return FingerprintOf(aMember, m.String()) }

// addMembers adds the members of some lines, in the form in which OpenTelemetry reads them. It reports whether s
// has room for all. Every member counts, so that repeated ones cost no more than others.
func (s fingerprints) addMembers(lines []string) bool {
	room := maxFingerprints - len(s)
	for _, line := range lines {
		for m := range wire.Members(line) {
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
func (s fingerprints) addItems(r Run) {
	for it := range itemsOf(r) {
		decoded, _ := url.PathUnescape(it.Value)
		for _, value := range []string{it.Value, decoded} {
			if m, err := baggage.NewMemberRaw(it.Key, value); err == nil {
				s[memberFingerprint(m)] = struct{}{}
			}
		}
	}
}

// UntrustedMembers returns a function that reports whether a member of a baggage may be the untrusted caller's: one
// that it sent, or any where nobody can tell.
func (c *Node) UntrustedMembers() func(baggage.Member) bool {
	dropped := c.Dropped()
	if c.Trust&policy.Forget != 0 || !c.Reader.Reads.Has(wire.Baggage) || dropped.Has(wire.Fields[wire.FirstField[wire.Baggage]].Lower, AnyLine) {
		return func(baggage.Member) bool { return true }
	}
	sent := fingerprints{}
	for r := range c.Untrusted().Runs {
		switch {
		case r.ID == wire.FirstField[wire.Baggage]:
			sent.addMembers(r.Vals)
		case r.ID < wire.FirstHeader && wire.ItemFields.Has(r.ID):
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

// KnowsUntrusted reports whether the caller's baggage is untrusted, and the capture knows what it was.
func (c *Node) KnowsUntrusted() bool {
	return c.Trust.Has(policy.DistrustBaggage) && c.Trust&policy.Forget == 0 && c.Reader.Reads.Has(wire.Baggage)
}

// mayBeStrangers reports whether any of a context's baggage may be what the caller has sent.
func (c *Node) mayBeStrangers(now baggage.Baggage) bool {
	return now.Len() > 0 && slices.ContainsFunc(now.Members(), c.UntrustedMembers())
}

// OwnBaggage returns the application's own members of a context's baggage: what another propagator has read of an untrusted
// caller's headers is not sent.
func (c *Node) OwnBaggage(now baggage.Baggage) baggage.Baggage {
	if now.Len() == 0 || !c.KnowsUntrusted() {
		return now
	}
	untrusted := c.UntrustedMembers()
	for _, m := range now.Members() {
		if untrusted(m) {
			now = now.DeleteMember(m.Key())
		}
	}
	return now
}
