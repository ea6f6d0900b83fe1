package policy

import (
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// Trust is what a service does with the word of one caller: the zero value, Continue, believes
// all of it. Every bit names a part that is not believed, so that decisions combine
// with |, and parts are excepted with &^:
//
//	propagation.DistrustSampling                          // continue a partner's trace, whose decision is open again
//	propagation.Restart &^ propagation.DistrustHeaders    // a new trace; Config.Headers are the caller's still
//
// What is not believed is held back: it reaches neither the functions of this package and
// of OpenTelemetry's that read a context, nor any outgoing call. It stays with the
// context, within Config.Limits, for a span link (UntrustedFromContext), and for
// Promote, which takes the decision back. A line that the application copies from the request to a call by hand is
// judged like the line itself. An Extract further in, by this or another
// Propagator, holds back at least as much.
//
// A decision is made for each request, by httptrace.WithTrust, grpctrace.WithTrust or
// ExtractHTTPTrust, before anything else reads the headers.
type Trust uint8

const (
	// DistrustIDs holds back what names spans and traces: all trace formats with their
	// tracestate, and the formats that are only carried (SkyWalking, ClientTrace,
	// Linkerd1, AzureRequestID). A decision stays where it can stand alone, as in B3.
	DistrustIDs Trust = 1 << iota
	// DistrustSampling takes out of the trace formats the sampling decision, and of a tracestate
	// the members that hold one (dd, dt, es, nr, ot, of any tenant), so that it is open: see
	// Config.Deferred for what cannot leave it open, samplers among that. It holds back what is
	// only carried and may hold a decision, and resets the reason in an Envoy's x-request-id. Envoy
	// samples at random by the first digits of that: distrust it, too, where callers may not choose
	// to be sampled.
	//
	// OpenTelemetry cannot be shown an open decision: a parent-based sampler takes Config.Deferred
	// for the caller's word, so give it another one for remote parents
	// (trace.WithRemoteParentNotSampled) to decide here.
	DistrustSampling
	// DistrustBaggage holds back baggage in every form: baggage, jaeger-baggage,
	// uberctx-*, ot-baggage-*, sw8-correlation, correlation-context, and the items in an
	// x-ot-span-context; and OpenTelemetry's baggage that is in the context already.
	DistrustBaggage
	// DistrustRequestID holds back x-request-id; one is made if Config.GenerateRequestID says so.
	DistrustRequestID
	// DistrustHeaders holds back Config.Headers and UnsafeHeaders.
	DistrustHeaders

	Forget

	// Continue believes the caller: a service behind its mesh.
	Continue Trust = 0
	// Restart trusts nothing of the caller: for the edge, where untrusted callers arrive. A new trace begins.
	Restart = DistrustIDs | DistrustSampling | DistrustBaggage | DistrustRequestID | DistrustHeaders
	// Ignore is Restart, and nothing is kept, for a link or for Promote: as if the headers had
	// not been there.
	Ignore = Restart | Forget
)

var trustNames = []string{"ids", "sampling", "baggage", "request id", "headers"}

// String returns continue, restart, ignore, or what is distrusted: "distrust ids, sampling".
func (t Trust) String() string {
	switch {
	case t == Continue:
		return "continue"
	case t&Ignore == Ignore:
		return "ignore"
	case t&Restart == Restart:
		return "restart"
	}
	var parts []string
	for i, name := range trustNames {
		if t>>i&1 != 0 {
			parts = append(parts, name)
		}
	}
	return "distrust " + strings.Join(parts, ", ")
}

// Has reports whether all parts of other are distrusted.
func (t Trust) Has(other Trust) bool { return t&other == other }

// Withholds reports whether no line of a field is trusted as it came.
func (t Trust) Withholds(f *wire.Field) bool {
	switch {
	case f.Format == 0:
		return t.Has(DistrustHeaders)
	case f.Format == wire.RequestID:
		return t.Has(DistrustRequestID)
	case f.Bag:
		return t.Has(DistrustBaggage)
	case f.Order:
		return t.Has(DistrustSampling)
	case f.Format.Decodes() && !t.Has(DistrustSampling):
		return t.Has(DistrustIDs)
	}
	return t&(DistrustIDs|DistrustSampling) != 0
}

// Besides returns what is to be distrusted of lines of which outer has been already. Ids and decisions
// stand in the same lines, so that whoever distrusts one more of the two must look at both.
func (t Trust) Besides(outer Trust) Trust {
	more := t &^ outer
	if more&(DistrustIDs|DistrustSampling) != 0 {
		more |= t & (DistrustIDs | DistrustSampling)
	}
	return more
}
