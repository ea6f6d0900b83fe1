package policy

import (
	"strings"

	"github.com/traceferry/traceferry/internal/wire"
)

// Trust says which parts of an inbound request a service does not trust. The zero value, Continue, trusts
// everything. Each bit distrusts one part. Combine bits with | and remove them with &^:
//
//	propagation.DistrustSampling                          // continue a partner's trace, but decide about sampling here
//	propagation.Restart &^ propagation.DistrustHeaders    // start a new trace, but keep the caller's Config.Headers
//
// Untrusted lines are withheld. They reach neither the functions of this package and of OpenTelemetry that read a
// context, nor any outgoing call. The context keeps them, within Config.Limits, for a span link
// (UntrustedFromContext) and for Promote, which reverses the decision. The same rules apply to a line that the
// application copies by hand from the request to a call. A later Extract by this or another Propagator withholds at
// least as much.
//
// Decide for each request with httptrace.WithTrust, grpctrace.WithTrust or ExtractHTTPTrust, before any other code
// reads the headers.
type Trust uint8

const (
	// DistrustIDs withholds the names of spans and traces: all trace formats with their tracestate, and the formats
	// that are only forwarded (SkyWalking, ClientTrace, Linkerd1, AzureRequestID). A sampling decision stays where the
	// format can carry it without ids, as in B3.
	DistrustIDs Trust = 1 << iota
	// DistrustSampling removes the sampling decision from the trace formats. It also removes the tracestate members
	// that hold one (dd, dt, es, nr, ot, of any tenant). The decision is then open. For formats and samplers that
	// cannot leave it open, see Config.Deferred. DistrustSampling withholds formats that are only forwarded and may
	// hold a decision. It resets the trace reason in Envoy's x-request-id. Envoy also samples at random by the first
	// digits of that id. Add DistrustRequestID if callers must not choose to be sampled.
	//
	// OpenTelemetry cannot represent an open decision. A parent-based sampler takes Config.Deferred for the caller's
	// decision. To decide here, give it another sampler for remote parents (trace.WithRemoteParentNotSampled).
	DistrustSampling
	// DistrustBaggage withholds baggage in every form: baggage, jaeger-baggage, uberctx-*, ot-baggage-*,
	// sw8-correlation, correlation-context, and the items in x-ot-span-context. It also hides OpenTelemetry baggage
	// that the context already has.
	DistrustBaggage
	// DistrustRequestID withholds x-request-id. Config.GenerateRequestID replaces it.
	DistrustRequestID
	// DistrustHeaders withholds Config.Headers and UnsafeHeaders.
	DistrustHeaders

	Forget

	// Continue trusts the caller. Use it for a service behind its mesh.
	Continue Trust = 0
	// Restart trusts nothing from the caller and starts a new trace. Use it at the edge, where untrusted callers
	// arrive.
	Restart = DistrustIDs | DistrustSampling | DistrustBaggage | DistrustRequestID | DistrustHeaders
	// Ignore acts as if the headers were absent. Unlike Restart, it keeps nothing for a span link or for Promote.
	Ignore = Restart | Forget
)

var trustNames = []string{"ids", "sampling", "baggage", "request id", "headers"}

// String returns "continue", "restart", "ignore", or the distrusted parts: "distrust ids, sampling".
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

// Has reports whether t distrusts all parts of other.
func (t Trust) Has(other Trust) bool { return t&other == other }

// Withholds reports whether all lines of a field are withheld or rewritten.
func (t Trust) Withholds(f *wire.Field) bool {
	switch {
	case f.Format == 0:
		return t.Has(DistrustHeaders)
	case f.Format.Base() == wire.RequestID:
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

// Besides returns the parts still to distrust in lines that outer has already filtered. Ids and sampling decisions
// share header lines. Distrusting one of them means rewriting lines that hold the other.
func (t Trust) Besides(outer Trust) Trust {
	more := t &^ outer
	if more&(DistrustIDs|DistrustSampling) != 0 {
		more |= t & (DistrustIDs | DistrustSampling)
	}
	return more
}
