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

// Decider decides how far a request's caller is trusted. Middleware carries what the returned propagation.Trust allows,
// and withholds the rest. It calls the Decider once for each request, before it reads the headers. A Decider must be safe
// for concurrent use, and must keep nothing of the *fasthttp.RequestCtx.
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
// anything in the request, such as its method or path. For callers who are authenticated later, for example by a token,
// use propagation.Promote with [SetContext]. If decide is nil, Middleware panics when you call it. See [Decider].
func WithTrust(decide func(*fasthttp.RequestCtx) propagation.Trust) Option { return Decider(decide) }

// Edge returns a Decider that trusts no caller in anything (propagation.Restart), so that each request starts a new
// trace. It is for services that untrusted callers reach without a proxy that restarts traces:
//
//	handler = fasthttptrace.Middleware(p, fasthttptrace.Edge())(handler)
//
// Edge withholds Config.Headers and baggage, too. To keep Config.Headers, return propagation.Restart &^
// propagation.DistrustHeaders from your own Decider. To keep routing keys in baggage, set Config.TrustRoutingKeys.
func Edge() Decider {
	return func(*fasthttp.RequestCtx) propagation.Trust { return propagation.Restart }
}

// PeersIn returns a Decider that trusts callers in everything if their connection comes from an address in one of the
// prefixes. It trusts all others in nothing (propagation.Restart), also callers whose connection is not TCP.
//
//	fasthttptrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8"))
//
// The address is that of the last hop (RequestCtx.RemoteAddr). Behind a load balancer or a sidecar, the last hop is the
// proxy. Consider [PeersForwardedBy] there. A handler that calls RequestCtx.SetRemoteAddr must be inside of Middleware.
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return decide.If[Decider](func(rc *fasthttp.RequestCtx) bool { return inside.ContainAddr(rc.RemoteAddr()) })
}

// PeersWithID returns a Decider that trusts callers in everything if their mTLS certificate has one of the SPIFFE IDs
// (https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/). It trusts all others in nothing (propagation.Restart).
//
//	fasthttptrace.PeersWithID("spiffe://prod.example/ns/shop/sa/cart", "spiffe://partner.example")
//
// The first form is the ID of one workload. The second form is a trust domain: it means all workloads of the domain.
// PeersWithID panics for any other string.
//
// It reads the ID from the certificate that crypto/tls has verified (tls.RequireAndVerifyClientCert or
// VerifyClientCertIfGiven), and never from a header.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return decide.If[Decider](func(rc *fasthttp.RequestCtx) bool { return known.Have(peer.SPIFFEID(rc.TLSConnectionState())) })
}

// PeersForwardedBy is like [PeersWithID], for a service behind a sidecar that terminates mTLS. It reads the SPIFFE ID
// from the last element of the header x-forwarded-client-cert, which the nearest proxy wrote. It does so only if the
// connection comes from an address in one of the prefixes of proxies. All other callers are trusted in nothing.
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

// AnyOf returns a Decider that calls all deciders and withholds only what all of them withhold. For example, the
// caller's baggage is trusted if at least one decider trusts it. Without deciders it returns propagation.Ignore. AnyOf
// panics if a Decider is nil.
func AnyOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return decide.Any(deciders)
}

// AllOf returns a Decider that calls all deciders and withholds what at least one of them withholds. For example, the
// caller's baggage is trusted if all deciders trust it. Without deciders it returns propagation.Continue. AllOf panics
// if a Decider is nil.
func AllOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return decide.All(deciders)
}

func mustDecide(deciders []Decider) { decide.Must("fasthttptrace", deciders) }

// Distrust returns a Decider that withholds what d withholds, and also what trust withholds. This example trusts a
// partner, known by its address, in everything except its sampling decision:
//
//	fasthttptrace.PeersIn(partner).Distrust(propagation.DistrustSampling)
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(*fasthttp.RequestCtx) propagation.Trust { return trust })
}
