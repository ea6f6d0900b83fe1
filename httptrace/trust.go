package httptrace

import (
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/traceferry/traceferry/internal/decide"
	"github.com/traceferry/traceferry/internal/peer"
	"github.com/traceferry/traceferry/propagation"
)

// Decider decides how far a request's caller is trusted. Middleware carries what the returned propagation.Trust allows,
// and withholds the rest. It calls the Decider once for each request, before it reads the headers. A Decider must be safe
// for concurrent use.
//
// A Decider is an [Option] of Middleware. If you pass several, the caller is trusted only in what all of them trust, as
// with [AllOf].
//
// A decision cannot undo what ran before Middleware. If otelhttp is outside of Middleware, its span is already a child
// of the untrusted caller's span. The caller's trace then continues in your service. Use otelhttp.WithPublicEndpointFn to
// prevent that. Everything else of that caller is withheld, the tracestate too.
//
// An otelhttp inside of Middleware starts a new trace, if otelhttp's propagator is p or is not set. Any other propagator
// reads the untrusted headers itself, because they are still in the request.
type Decider func(*http.Request) propagation.Trust

func (d Decider) apply(o *options) {
	mustDecide([]Decider{d})
	if o.trust != nil {
		d = AllOf(o.trust, d)
	}
	o.trust = d
}

// WithTrust makes Middleware call decide for each request, to decide how far the caller is trusted. decide may use
// anything in the request, such as its method or path. For callers who are authenticated later, for example by a token,
// use propagation.Promote. If decide is nil, Middleware panics when you call it. See [Decider].
func WithTrust(decide func(*http.Request) propagation.Trust) Option { return Decider(decide) }

// Edge returns a Decider that trusts no caller in anything (propagation.Restart), so that each request starts a new
// trace. It is for services that untrusted callers reach without a proxy that restarts traces:
//
//	r.Use(httptrace.Middleware(p, httptrace.Edge()))
//
// Edge withholds Config.Headers and baggage, too. To keep Config.Headers, return propagation.Restart &^
// propagation.DistrustHeaders from your own Decider. To keep routing keys in baggage, set Config.TrustRoutingKeys.
//
// Put otelhttp inside of Middleware, so that its span gets a new trace id. With otelhttp outside, its span has the trace
// id that the caller sent: logs show that id, and calls continue that trace.
func Edge() Decider {
	return func(*http.Request) propagation.Trust { return propagation.Restart }
}

// PeersIn returns a Decider that trusts callers in everything if their connection comes from an address in one of the
// prefixes. It trusts all others in nothing (propagation.Restart), also callers on a Unix socket.
//
//	httptrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8"))
//
// The address is Request.RemoteAddr, the last hop. Behind a load balancer or a sidecar, the last hop is the proxy.
// Consider [PeersForwardedBy] there.
//
// A middleware that writes X-Forwarded-For to RemoteAddr lets callers choose their address. Put it inside of
// Middleware, so that PeersIn sees the address of the connection. chi's RealIP writes an address without a port, which
// is in no prefix.
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return decide.If[Decider](func(r *http.Request) bool { return near(r, inside) })
}

// PeersWithID returns a Decider that trusts callers in everything if their mTLS certificate has one of the SPIFFE IDs
// (https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/). It trusts all others in nothing (propagation.Restart).
//
//	httptrace.PeersWithID("spiffe://prod.example/ns/shop/sa/cart", "spiffe://partner.example")
//
// The first form is the ID of one workload. The second form is a trust domain: it means all workloads of the domain.
// PeersWithID panics for any other string.
//
// It reads the ID from the certificate that crypto/tls has verified (tls.RequireAndVerifyClientCert or
// VerifyClientCertIfGiven), and never from a header. If only a function of the program verifies the certificate
// (tls.Config.VerifyPeerCertificate), no caller is trusted.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return decide.If[Decider](func(r *http.Request) bool { return known.Have(peer.SPIFFEID(r.TLS)) })
}

// PeersForwardedBy is like [PeersWithID], for a service behind a sidecar that terminates mTLS. It reads the SPIFFE ID
// from the last element of the header x-forwarded-client-cert, which the nearest proxy wrote. It does so only if the
// connection comes from an address in one of the prefixes of proxies. All other callers are trusted in nothing.
//
// The proxy must write that header. It must not forward a caller's header unchecked: use APPEND_FORWARD or SANITIZE_SET
// for Envoy's forward_client_cert_details, not FORWARD_ONLY.
func PeersForwardedBy(proxies []netip.Prefix, ids ...string) Decider {
	local, known := slices.Clone(peer.Prefixes(proxies)), peer.ParseIDs(ids)
	return decide.If[Decider](func(r *http.Request) bool {
		return near(r, local) && known.Have(peer.ForwardedID(r.Header["X-Forwarded-Client-Cert"]))
	})
}

// near reports whether a request comes from one of the addresses. On a Unix socket it is false, because clients can
// choose any name there, also 10.0.0.1:80.
func near(r *http.Request, prefixes peer.Prefixes) bool {
	if _, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr); unix {
		return false
	}
	return prefixes.ContainHostPort(r.RemoteAddr)
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

func mustDecide(deciders []Decider) { decide.Must("httptrace", deciders) }

// Distrust returns a Decider that withholds what d withholds, and also what trust withholds. This example trusts a
// partner, known by its address, in everything except its sampling decision:
//
//	httptrace.PeersIn(partner).Distrust(propagation.DistrustSampling)
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(*http.Request) propagation.Trust { return trust })
}
