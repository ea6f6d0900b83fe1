package propagation

import "github.com/traceferry/traceferry/internal/plan"

// Fate says whether a header is sent, and why. The header was received, or an outgoing call would have it.
// ExplainedHeader has a Fate. The zero value is FateSent. [Fate.Sent] is true for the fates from FateSent to
// FateRouted.
type Fate uint8

// The fates of a header.
const (
	// FateSent: the received lines are sent, unchanged.
	FateSent Fate = iota
	// FateRewritten: the header is sent with the local span.
	FateRewritten
	// FateTranslated: the header is sent with the span context of another received format.
	FateTranslated
	// FateReconciled: the header is sent with the span of another received format, because of Config.Reconcile.
	FateReconciled
	// FateGenerated: Extract or Begin made the request id, and it is sent.
	FateGenerated
	// FateChanged: the header is sent with baggage that the application has changed.
	FateChanged
	// FateRecoded: bytes from gRPC metadata are sent as base64 over HTTP, or the reverse.
	FateRecoded
	// FatePartlyUnsendable: only the lines that the transport can carry are sent.
	FatePartlyUnsendable
	// FatePartlyDisallowed: only the part that is allowed at the destination is sent.
	FatePartlyDisallowed
	// FateReported: the received lines are sent only because of Config.DestinationsReportOnly. The rules for the
	// destination would leave them out.
	FateReported

	// FateRenamed: the received lines are sent under another name, because of Config.HeaderAliases. The name is
	// ExplainedHeader.SentAs.
	FateRenamed
	// FateDefaulted: the header was not received, and is sent with its default from Config.HeaderAliases.
	FateDefaulted

	// FateRouted: only the baggage members with a key of Config.RoutingKeys are sent.
	FateRouted

	// FateDisallowed: nothing is sent, because the rules do not allow the header at the destination; see Destination.
	FateDisallowed
	// FateNotSampled: nothing is sent, because the call is not sampled; see Destination.OnlySampled.
	FateNotSampled
	// FateUntrusted: nothing is sent, because the header is withheld: the caller is not trusted with it; see Trust.
	FateUntrusted
	// FateStale: nothing is sent, because another format of the same request names a newer span; see Stale.
	FateStale
	// FateMalformed: nothing is sent, because the format does not parse. Either Config.DropMalformed is set, or
	// receivers would prefer the malformed format to a valid format of the same request.
	FateMalformed
	// FateUnsendable: nothing is sent, because the transport cannot carry the value, or Config.ASCIIOnly forbids it.
	FateUnsendable
	// FateOverBudget: nothing is sent, because the call's metadata or the message would exceed Config.Limits. Explain
	// does not return it, because it explains HTTP calls.
	FateOverBudget
	// FateReadOnly: nothing is sent, because the format is in Config.ReadOnly.
	FateReadOnly
	// FateReplaced: nothing is sent, because the header belongs to a span context that Inject replaces by another
	// one.
	FateReplaced
	// FateRemoved: nothing is sent, because the application has removed its baggage.
	FateRemoved
	// FateForeign: nothing is sent, because this Propagator does not carry the header. The Propagator of an outer
	// Extract captured it.
	FateForeign

	// The following fates are those of Explanation.NotCarried: Extract did not capture the header, so no call sends it.

	// FateTooLarge: the header, or its whole format, exceeds Config.Limits.
	FateTooLarge
	// FateOneHop: the caller listed the header, or another header of its format, in Connection. Such a header is for
	// one hop only (RFC 9110, section 7.6.1).
	FateOneHop
	// FateEmpty: the header has no value.
	FateEmpty
	// FateMisspelled: the name is not in the canonical form of http.Header, but other names of the request are; see
	// ExtractHTTP.
	FateMisspelled
	// FateUnlistedFormat: Config.Formats and Config.ReadOnly do not list the header's format. Add it to
	// Config.Formats to carry the header.
	FateUnlistedFormat
	// FateUnlistedHeader: Config.Headers does not list the header. Add it there to carry the header.
	FateUnlistedHeader
	// FateUnlistedUnsafe: Config.UnsafeHeaders does not list the header. Config.Headers must not list it, because it
	// is a credential or controls a proxy.
	FateUnlistedUnsafe
	// FateNeverCarried: no Config can carry the header, because it belongs to one hop or one message, only a proxy
	// may set it, or its name is invalid.
	FateNeverCarried
)

// String returns the fate in words, such as "sent as received" or "not sent: it is malformed". ExplainedHeader.Why
// has more details.
func (f Fate) String() string { return plan.Fate(f).String() }

// Sent reports whether the header is sent, in whole or in part, changed or not.
func (f Fate) Sent() bool { return plan.Fate(f).Sent() }
