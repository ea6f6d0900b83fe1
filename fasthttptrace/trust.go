package fasthttptrace

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/decide"
	"github.com/traceferry/traceferry/internal/peer"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// Decider decides how far a request's caller is trusted. Middleware carries what the returned propagation.Trust allows.
// It calls the Decider once for each request, before it reads the headers. A Decider must be safe for concurrent use.
//
// A Decider is an [Option] of Middleware. If you pass several, the caller is trusted only in what all of them trust, as
// with [AllOf].
type Decider func(*fasthttp.RequestCtx) propagation.Trust

func (d Decider) apply(o *options) {
	mustDecide([]Decider{d})
	if o.trust != nil {
		d = AllOf(o.trust, d)
	}
	o.trust = d
}

// WithTrust makes Middleware call decide for each request, to decide how far the caller is trusted. decide may use
// anything in the request, such as its method or path, and must keep none of it. For callers who are authenticated later,
// for example by a token, use propagation.Promote with [SetContext]. WithTrust panics in Middleware if decide is nil.
func WithTrust(decide func(*fasthttp.RequestCtx) propagation.Trust) Option { return Decider(decide) }

// Edge restarts the trace of every caller. It is for services that untrusted callers reach without a proxy that
// restarts traces. It withholds their Config.Headers, too. To keep those, return propagation.Restart &^
// propagation.DistrustHeaders from your own Decider.
//
//	handler = fasthttptrace.Middleware(p, fasthttptrace.Edge())(handler)
func Edge() Decider {
	return func(*fasthttp.RequestCtx) propagation.Trust { return propagation.Restart }
}

// PeersIn trusts callers whose connection comes from an address in one of the prefixes. It restarts all others, and
// also callers whose connection is not TCP. The address is that of the last hop (RequestCtx.RemoteAddr). Behind a load
// balancer or a sidecar that is the proxy's address; consider [PeersForwardedBy] there. A handler that calls
// RequestCtx.SetRemoteAddr must be inside of Middleware.
//
//	fasthttptrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8"))
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return decide.If[Decider](func(rc *fasthttp.RequestCtx) bool { return inside.ContainAddr(rc.RemoteAddr()) })
}

// PeersWithID trusts callers whose mTLS certificate has one of the SPIFFE IDs. It restarts all others. An id is
// spiffe://domain/path for one workload, or spiffe://domain for a whole trust domain. PeersWithID panics for anything
// else.
//
// It reads the ID from the certificate that crypto/tls has verified (tls.RequireAndVerifyClientCert or
// VerifyClientCertIfGiven), and never from a header.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return decide.If[Decider](func(rc *fasthttp.RequestCtx) bool { return known.Have(peer.SPIFFEID(rc.TLSConnectionState())) })
}

// PeersForwardedBy is [PeersWithID] behind a sidecar that terminates mTLS. If the connection comes from an address in
// one of the proxies' prefixes, it reads the SPIFFE ID from x-forwarded-client-cert. It reads the last element, which
// the nearest proxy wrote.
//
// The proxy must write that header. It must not forward a caller's header unchecked: use APPEND_FORWARD or SANITIZE_SET
// for Envoy's forward_client_cert_details, not FORWARD_ONLY.
func PeersForwardedBy(proxies []netip.Prefix, ids ...string) Decider {
	local, known := slices.Clone(peer.Prefixes(proxies)), peer.ParseIDs(ids)
	return decide.If[Decider](func(rc *fasthttp.RequestCtx) bool {
		if !local.ContainAddr(rc.RemoteAddr()) {
			return false
		}
		var lines []string
		for name, value := range rc.Request.Header.All() { // without normalization, names are in any case
			if strings.EqualFold(string(name), "x-forwarded-client-cert") {
				lines = append(lines, string(value))
			}
		}
		return known.Have(peer.ForwardedID(lines))
	})
}

// AnyOf trusts a caller in each part that at least one of the deciders trusts. Without deciders it trusts nobody. It
// panics for a nil Decider.
func AnyOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return decide.Any(deciders)
}

// AllOf trusts a caller in each part that all of the deciders trust. Without deciders it trusts everybody. It panics
// for a nil Decider.
func AllOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return decide.All(deciders)
}

func mustDecide(deciders []Decider) { decide.Must("fasthttptrace", deciders) }

// Distrust returns a Decider that withholds what d withholds, and what trust names. This one trusts a partner, known by
// its address, in everything but its sampling decision:
//
//	fasthttptrace.PeersIn(partner).Distrust(propagation.DistrustSampling)
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(*fasthttp.RequestCtx) propagation.Trust { return trust })
}
