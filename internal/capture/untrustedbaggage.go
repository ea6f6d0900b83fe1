package capture

import (
	"net/url"
	"slices"

	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/baggage"
)

// aMember is the name under which members of baggage have their fingerprints. It is not a legal header name.
const aMember = "\n"

// memberFingerprint returns the fingerprint of a baggage member and its properties.
func memberFingerprint(m baggage.Member) Fingerprint { return FingerprintOf(aMember, m.String()) }

// addMembers adds the members of some lines as OpenTelemetry reads them. It reports whether there is space for all.
// It counts repeated members too, so that they do not cost more than others.
func (s fingerprints) addMembers(lines []string) bool {
	room := maxFingerprints - len(s)
	for _, line := range lines {
		for m := range wire.Members(line) {
			if room--; room < 0 {
				return false
			}
			bag, _ := baggage.Parse(m) // an invalid member gives an empty baggage
			for _, m := range bag.Members() {
				s[memberFingerprint(m)] = struct{}{}
			}
		}
	}
	return true
}

// addItems adds the items of a run, both encoded and decoded, because readers differ.
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

// UntrustedMembers returns a function that reports whether a baggage member may be from the untrusted caller. If the
// capture does not know what the caller sent, the function returns true for any member. Members that the capture
// carries in spite of the decision, because of their routing key, are trusted.
func (c *Node) UntrustedMembers() func(baggage.Member) bool {
	carried, untrusted := fingerprints{}, c.untrustedMembers()
	carried.addMembers(c.LinesOf(wire.Baggage).All(0))
	return func(m baggage.Member) bool {
		_, ours := carried[memberFingerprint(m)]
		return !ours && untrusted(m)
	}
}

// untrustedMembers is UntrustedMembers without regard to what the capture carries.
func (c *Node) untrustedMembers() func(baggage.Member) bool {
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

// KnowsUntrusted reports whether the caller's baggage is untrusted and the capture knows it.
func (c *Node) KnowsUntrusted() bool {
	return c.Trust.Has(policy.DistrustBaggage) && c.Trust&policy.Forget == 0 && c.Reader.Reads.Has(wire.Baggage)
}

// mayBeUntrusted reports whether some member of now may be from the untrusted caller.
func (c *Node) mayBeUntrusted(now baggage.Baggage) bool {
	return now.Len() > 0 && slices.ContainsFunc(now.Members(), c.UntrustedMembers())
}

// OwnBaggage returns the members of now that are the application's own. It removes members that another propagator
// read from an untrusted caller's headers.
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
