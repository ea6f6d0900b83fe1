package propagation

import (
	"strconv"

	"github.com/traceferry/traceferry/internal/outcome"
)

// Fate is what becomes of a header in an outgoing call, and why.
type Fate uint8

const (
	// FateSent: the received lines are sent, unchanged.
	FateSent Fate = iota
	// FateRewritten: the header is sent with the local span.
	FateRewritten
	// FateTranslated: the header is sent with the span context of another received format.
	FateTranslated
	// FateGenerated: Extract made the request id, and it is sent.
	FateGenerated
	// FateChanged: the header is sent with the application's baggage.
	FateChanged
	// FateRecoded: bytes from gRPC metadata are sent as base64 over HTTP, or the reverse.
	FateRecoded
	// FatePartlyUnsendable: the lines that the transport can carry are sent.
	FatePartlyUnsendable
	// FatePartlyDisallowed: the part that may go to the destination is sent.
	FatePartlyDisallowed
	// FateReported: the received lines are sent, and would not be without Config.DestinationsReportOnly.
	FateReported

	// FateDisallowed: nothing is sent, because it may not go to the destination.
	FateDisallowed
	// FateUntrusted: nothing is sent, because the caller is not trusted with it.
	FateUntrusted
	// FateStale: nothing is sent, because another format of the same request names a newer span.
	FateStale
	// FateMalformed: nothing is sent, because the format does not parse, and Config.DropMalformed says so or readers
	// prefer it to a valid format of the same request.
	FateMalformed
	// FateUnsendable: nothing is sent, because the transport cannot carry it, or Config.ASCIIOnly forbids it.
	FateUnsendable
	// FateOverBudget: nothing is sent, because the call's metadata would exceed Limits.MetadataBytes.
	FateOverBudget
	// FateReadOnly: nothing is sent, because the format is in Config.ReadOnly.
	FateReadOnly
	// FateReplaced: nothing is sent, because the header belongs to a span context that another one replaces.
	FateReplaced
	// FateRemoved: nothing is sent, because the application has removed its baggage.
	FateRemoved
	// FateForeign: nothing is sent, because only the Propagator of an outer Extract carries the header.
	FateForeign
)

var fateNames = [...]string{
	FateSent:             "sent as received",
	FateRewritten:        "sent with the local span",
	FateTranslated:       "sent, translated",
	FateGenerated:        "sent: generated here",
	FateChanged:          "sent with the application's baggage",
	FateRecoded:          "sent, recoded for the transport",
	FatePartlyUnsendable: "sent in part: the transport or Config.ASCIIOnly refuses the rest",
	FatePartlyDisallowed: "sent in part: the destination may not have the rest",
	FateReported:         "sent as received, and would be disallowed",
	FateDisallowed:       "not sent: the destination may not have it",
	FateUntrusted:        "not sent: the caller is not trusted with it",
	FateStale:            "not sent: another format names a newer span",
	FateMalformed:        "not sent: malformed",
	FateUnsendable:       "not sent: the transport or Config.ASCIIOnly refuses it",
	FateOverBudget:       "not sent: the metadata would be too large",
	FateReadOnly:         "not sent: the format is only read",
	FateReplaced:         "not sent: it belongs to a span context that is replaced",
	FateRemoved:          "not sent: the application removed its baggage",
	FateForeign:          "not sent: only an outer Propagator carries it",
}

// String returns the fate in words.
func (f Fate) String() string {
	if int(f) < len(fateNames) {
		return fateNames[f]
	}
	return "Fate(" + strconv.Itoa(int(f)) + ")"
}

// Sent reports whether the header is sent, in whatever form.
func (f Fate) Sent() bool { return f < FateDisallowed }

// outcome returns what is counted of a header that is not sent, or sent in part; zero where that is nothing, or is
// counted elsewhere.
func (f Fate) outcome() outcome.Set {
	switch f {
	case FateDisallowed, FatePartlyDisallowed:
		return 1 << outcome.Disallowed
	case FateUnsendable, FatePartlyUnsendable:
		return 1 << outcome.Unsendable
	case FateOverBudget:
		return 1 << outcome.TooLarge
	}
	return 0
}
