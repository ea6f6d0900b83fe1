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

	// Renamed: the received lines are sent under another name, because Config.HeaderAliases says so.
	Renamed
	// Defaulted: the header was not received, and is sent with its default of Config.HeaderAliases.
	Defaulted

	// Routed: only the members with a key of Config.RoutingKeys are sent.
	Routed

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
	// OverBudget: nothing is sent, because the call's metadata or the message would exceed Config.Limits.
	OverBudget
	// ReadOnly: nothing is sent, because the format is in Config.ReadOnly.
	ReadOnly
	// Replaced: nothing is sent, because the header belongs to a span context that another one replaces.
	Replaced
	// Removed: nothing is sent, because the application has removed its baggage.
	Removed
	// Foreign: nothing is sent, because only the Propagator of an outer Extract carries the header.
	Foreign

	// The rest are reasons why Extract did not capture a header, so no call can send it. Only ExplainRequest uses them.

	// TooLarge: the header, or its format, exceeds Config.Limits.
	TooLarge
	// OneHop: the caller listed the header, or another one of its format, in Connection.
	OneHop
	// Empty: the header has no value.
	Empty
	// Misspelled: the name is not in canonical form, but other names of the request are.
	Misspelled
	// UnlistedFormat: Config.Formats does not list the header's format.
	UnlistedFormat
	// UnlistedHeader: Config.Headers does not list the header.
	UnlistedHeader
	// UnlistedUnsafe: Config.UnsafeHeaders does not list the header, and Config.Headers must not.
	UnlistedUnsafe
	// NeverCarried: no Config can carry the header.
	NeverCarried
)

var fateNames = [...]string{
	Sent:             "sent as received",
	Rewritten:        "sent with the local span",
	Translated:       "sent with the span context of another format",
	Reconciled:       "sent with the span of another format, because of Config.Reconcile",
	Generated:        "sent: this service generated it",
	Changed:          "sent with the application's baggage",
	Recoded:          "sent, recoded for the transport",
	PartlyUnsendable: "sent in part: the transport or Config.ASCIIOnly does not allow the rest",
	PartlyDisallowed: "sent in part: the rest is not allowed at the destination",
	Reported:         "sent as received, only because of Config.DestinationsReportOnly",

	Renamed:   "sent as received, under another name",
	Defaulted: "sent with its default, because it was not received",
	Routed:    "sent in part: only the members of Config.RoutingKeys",

	Disallowed: "not sent: not allowed at the destination",
	NotSampled: "not sent: the destination gets it only if the trace is sampled",
	Untrusted:  "not sent: the caller is not trusted",
	Stale:      "not sent: another format names a newer span",
	Malformed:  "not sent: it is malformed",
	Unsendable: "not sent: the transport or Config.ASCIIOnly does not allow it",
	OverBudget: "not sent: the call's metadata would exceed Limits.MetadataBytes",
	ReadOnly:   "not sent: the format is in Config.ReadOnly",
	Replaced:   "not sent: it belongs to a span context that is replaced",
	Removed:    "not sent: the application removed this baggage",
	Foreign:    "not sent: only the Propagator of an outer Extract carries it",

	TooLarge:       "not carried: it, or another header of its format, exceeds Config.Limits",
	OneHop:         "not carried: the caller listed it, or another header of its format, in Connection",
	Empty:          "not carried: it is empty",
	Misspelled:     "not carried: the name is not in the canonical form of http.Header",
	UnlistedFormat: "not carried: its format is not in Config.Formats",
	UnlistedHeader: "not carried: it is not in Config.Headers",
	UnlistedUnsafe: "not carried: it is not in Config.UnsafeHeaders",
	NeverCarried:   "not carried: no Config can carry it",
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
