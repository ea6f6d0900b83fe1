package propagation

import "github.com/traceferry/traceferry/internal/plan"

// Fate is what happens to a received header, or to a header of an outgoing call, and why. The zero value is FateSent.
type Fate uint8

const (
	// FateSent: the received lines are sent, unchanged.
	FateSent Fate = iota
	// FateRewritten: the header is sent with the local span.
	FateRewritten
	// FateTranslated: the header is sent with the span context of another received format.
	FateTranslated
	// FateReconciled: the header is sent with the span of another received format, as Config.Reconcile asks.
	FateReconciled
	// FateGenerated: Extract or Begin made the request id, and it is sent.
	FateGenerated
	// FateChanged: the header is sent with the application's baggage.
	FateChanged
	// FateRecoded: bytes from gRPC metadata are sent as base64 over HTTP, or the reverse.
	FateRecoded
	// FatePartlyUnsendable: only the lines that the transport can carry are sent.
	FatePartlyUnsendable
	// FatePartlyDisallowed: only the part that is allowed at the destination is sent.
	FatePartlyDisallowed
	// FateReported: the received lines are sent because of Config.DestinationsReportOnly. A rule would leave them out.
	FateReported

	// FateRenamed: the received lines are sent under another name, as Config.HeaderAliases asks. The name is
	// ExplainedHeader.SentAs.
	FateRenamed
	// FateDefaulted: the header was not received, and is sent with its default in Config.HeaderAliases.
	FateDefaulted

	// FateRouted: only the members with a key of Config.RoutingKeys are sent.
	FateRouted

	// FateDisallowed: nothing is sent, because the destination's rule does not allow it.
	FateDisallowed
	// FateNotSampled: nothing is sent, because the destination gets the format only if the call is sampled. See
	// Destination.OnlySampled.
	FateNotSampled
	// FateUntrusted: nothing is sent, because the caller is not trusted with it.
	FateUntrusted
	// FateStale: nothing is sent, because another format of the same request names a newer span.
	FateStale
	// FateMalformed: nothing is sent, because the format does not parse. Either Config.DropMalformed is set, or
	// readers would prefer it to a valid format of the same request.
	FateMalformed
	// FateUnsendable: nothing is sent, because the transport cannot carry it, or Config.ASCIIOnly forbids it.
	FateUnsendable
	// FateOverBudget: nothing is sent, because the call's metadata or the message would exceed Config.Limits.
	FateOverBudget
	// FateReadOnly: nothing is sent, because the format is in Config.ReadOnly.
	FateReadOnly
	// FateReplaced: nothing is sent, because the header belongs to a span context that another one replaces.
	FateReplaced
	// FateRemoved: nothing is sent, because the application has removed its baggage.
	FateRemoved
	// FateForeign: nothing is sent, because only the Propagator of an outer Extract carries the header.
	FateForeign

	// The following fates are those of Explanation.NotCarried: Extract did not capture the header, so no call sends it.

	// FateTooLarge: the header, or its whole format, exceeds Config.Limits.
	FateTooLarge
	// FateOneHop: the caller listed the header, or another header of its format, in Connection. It is for one hop only.
	FateOneHop
	// FateEmpty: the header has no value.
	FateEmpty
	// FateMisspelled: the name is not in the canonical form of http.Header, but other names of the request are. See
	// ExtractHTTP.
	FateMisspelled
	// FateUnlistedFormat: Config.Formats and Config.ReadOnly do not list the header's format.
	FateUnlistedFormat
	// FateUnlistedHeader: Config.Headers does not list the header.
	FateUnlistedHeader
	// FateUnlistedUnsafe: Config.UnsafeHeaders does not list the header. Config.Headers may not list it, because it is a
	// credential or steers a proxy.
	FateUnlistedUnsafe
	// FateNeverCarried: no Config can carry the header. It belongs to one hop or one message, only a proxy may set it,
	// or its name is invalid.
	FateNeverCarried
)

// String returns the fate in words.
func (f Fate) String() string { return plan.Fate(f).String() }

// Sent reports whether the header is sent, in any form.
func (f Fate) Sent() bool { return plan.Fate(f).Sent() }
