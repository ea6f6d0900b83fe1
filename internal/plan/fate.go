package plan

import (
	"strconv"

	"github.com/traceferry/traceferry/internal/outcome"
)

// Fate says how an outgoing call treats a header, and why.
type Fate uint8

const (
	// Sent: the received lines are sent, unchanged.
	Sent Fate = iota
	// Rewritten: the header is sent with the local span.
	Rewritten
	// Translated: the header is sent with the span context of another received format.
	Translated
	// Reconciled: the header is sent with the span of another received format, because Config.Reconcile says so.
	Reconciled
	// Generated: Extract made the request id, and it is sent.
	Generated
	// Changed: the header is sent with the application's baggage.
	Changed
	// Recoded: bytes from gRPC metadata are sent as base64 over HTTP, or the reverse.
	Recoded
	// PartlyUnsendable: the lines that the transport can carry are sent.
	PartlyUnsendable
	// PartlyDisallowed: the part that may go to the destination is sent.
	PartlyDisallowed
	// Reported: the received lines are sent, but only because of Config.DestinationsReportOnly.
	Reported

	// Disallowed: nothing is sent, because it may not go to the destination.
	Disallowed
	// NotSampled: nothing is sent, because it may go to the destination only if the call is sampled.
	NotSampled
	// Untrusted: nothing is sent, because the caller is not trusted with it.
	Untrusted
	// Stale: nothing is sent, because another format of the same request names a newer span.
	Stale
	// Malformed: nothing is sent, because the format does not parse. Either Config.DropMalformed is set, or readers
	// would prefer it to a valid format of the same request.
	Malformed
	// Unsendable: nothing is sent, because the transport cannot carry it, or Config.ASCIIOnly forbids it.
	Unsendable
	// OverBudget: nothing is sent, because the call's metadata would exceed Limits.MetadataBytes.
	OverBudget
	// ReadOnly: nothing is sent, because the format is in Config.ReadOnly.
	ReadOnly
	// Replaced: nothing is sent, because the header belongs to a span context that another one replaces.
	Replaced
	// Removed: nothing is sent, because the application has removed its baggage.
	Removed
	// Foreign: nothing is sent, because only the Propagator of an outer Extract carries the header.
	Foreign
)

var fateNames = [...]string{
	Sent:             "sent as received",
	Rewritten:        "sent with the local span",
	Translated:       "sent, translated",
	Reconciled:       "sent with the span of another received format",
	Generated:        "sent: generated here",
	Changed:          "sent with the application's baggage",
	Recoded:          "sent, recoded for the transport",
	PartlyUnsendable: "sent in part: the transport or Config.ASCIIOnly refuses the rest",
	PartlyDisallowed: "sent in part: the destination may not have the rest",
	Reported:         "sent as received, and would be disallowed",
	Disallowed:       "not sent: the destination may not have it",
	NotSampled:       "not sent: the destination may have it only if the trace is sampled",
	Untrusted:        "not sent: the caller is not trusted with it",
	Stale:            "not sent: another format names a newer span",
	Malformed:        "not sent: malformed",
	Unsendable:       "not sent: the transport or Config.ASCIIOnly refuses it",
	OverBudget:       "not sent: the metadata would be too large",
	ReadOnly:         "not sent: the format is only read",
	Replaced:         "not sent: it belongs to a span context that is replaced",
	Removed:          "not sent: the application removed its baggage",
	Foreign:          "not sent: only an outer Propagator carries it",
}

// String returns the fate in words.
func (f Fate) String() string {
	if int(f) < len(fateNames) {
		return fateNames[f]
	}
	return "Fate(" + strconv.Itoa(int(f)) + ")"
}

// Sent reports whether at least part of the header is sent.
func (f Fate) Sent() bool { return f < Disallowed }

// outcome returns the outcomes that the fate counts. It is zero for fates that are not counted or are counted
// elsewhere.
func (f Fate) outcome() outcome.Set {
	switch f {
	case Disallowed, PartlyDisallowed, NotSampled:
		return 1 << outcome.Disallowed
	case Unsendable, PartlyUnsendable:
		return 1 << outcome.Unsendable
	case Reconciled:
		return 1 << outcome.Reconciled
	case OverBudget:
		return 1 << outcome.TooLarge
	}
	return 0
}
