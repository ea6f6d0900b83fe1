package httptrace

import (
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/traceferry/traceferry/internal/peer"
	"github.com/traceferry/traceferry/propagation"
)

// Decider decides how far a request's caller is trusted. Middleware carries what the returned propagation.Trust allows.
// It calls the Decider once for each request, before it reads the headers. A Decider must be safe for concurrent use.
//
// A Decider is an [Option] of Middleware. If you pass several, the caller is trusted only in what all of them trust, as
// with [AllOf].
//
// A decision cannot undo what ran before Middleware. If otelhttp is outside of Middleware, its span is already a child
// of the untrusted caller's span, and the caller's trace continues with that span. Use otelhttp.WithPublicEndpointFn to
// prevent that. Everything else of that caller is withheld, the tracestate too.
//
// If otelhttp is inside of Middleware, it begins a new trace, if its propagator is p or none. Any other propagator
// reads the headers itself, because they are still in the request.
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
// use propagation.Promote. WithTrust panics in Middleware if decide is nil.
func WithTrust(decide func(*http.Request) propagation.Trust) Option { return Decider(decide) }

// Edge restarts the trace of every caller. It is for services that untrusted callers reach without a proxy that
// restarts traces. It withholds their Config.Headers, too. To keep those, return propagation.Restart &^
// propagation.DistrustHeaders from your own Decider.
//
// With otelhttp outside of Middleware, trace.SpanContextFromContext returns otelhttp's span. That span has the trace id
// that the caller sent: logs show it, and calls continue it. Without an SDK, trace.SpanContextFromContext returns the
// zero SpanContext. Put otelhttp inside to get a new trace id.
//
//	r.Use(httptrace.Middleware(p, httptrace.Edge()))
func Edge() Decider {
	return func(*http.Request) propagation.Trust { return propagation.Restart }
}

// PeersIn trusts callers whose connection comes from an address in one of the prefixes. It restarts all others, and
// also callers whose address is not an IP address. The address is Request.RemoteAddr, the last hop. Behind a load
// balancer or a sidecar that is the proxy's address; consider [PeersForwardedBy] there.
//
//	httptrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8"))
//
// A middleware that writes X-Forwarded-For to RemoteAddr lets callers choose their address. Put it inside of
// Middleware, so that PeersIn sees the address of the connection. An address without a port (chi's RealIP writes one)
// is in no prefix.
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return trusting(func(r *http.Request) bool { return near(r, inside) })
}

// PeersWithID trusts callers whose mTLS certificate has one of the SPIFFE IDs. It restarts all others. An id is
// spiffe://domain/path for one workload, or spiffe://domain for a whole trust domain. PeersWithID panics for anything
// else.
//
// It reads the ID from the certificate that crypto/tls has verified (tls.RequireAndVerifyClientCert or
// VerifyClientCertIfGiven), and never from a header. If only a function of the program verifies the certificate
// (tls.Config.VerifyPeerCertificate), no caller is trusted.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return trusting(func(r *http.Request) bool { return known.Have(peer.SPIFFEID(r.TLS)) })
}

// PeersForwardedBy is [PeersWithID] behind a sidecar that terminates mTLS. If the connection comes from an address in
// one of the proxies' prefixes, it reads the SPIFFE ID from x-forwarded-client-cert. It reads the last element, which
// the nearest proxy wrote.
//
// The proxy must write that header. It must not forward a caller's header unchecked: use APPEND_FORWARD or SANITIZE_SET
// for Envoy's forward_client_cert_details, not FORWARD_ONLY.
func PeersForwardedBy(proxies []netip.Prefix, ids ...string) Decider {
	local, known := slices.Clone(peer.Prefixes(proxies)), peer.ParseIDs(ids)
	return trusting(func(r *http.Request) bool {
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

func trusting(known func(*http.Request) bool) Decider {
	return func(r *http.Request) propagation.Trust {
		if known(r) {
			return propagation.Continue
		}
		return propagation.Restart
	}
}

// AnyOf trusts a caller in each part that at least one of the deciders trusts. Without deciders it trusts nobody. It
// panics for a nil Decider.
func AnyOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return func(r *http.Request) propagation.Trust {
		trust := propagation.Ignore
		for _, decide := range deciders {
			trust &= decide(r)
		}
		return trust
	}
}

// AllOf trusts a caller in each part that all of the deciders trust. Without deciders it trusts everybody. It panics
// for a nil Decider.
func AllOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return func(r *http.Request) propagation.Trust {
		trust := propagation.Continue
		for _, decide := range deciders {
			trust |= decide(r)
		}
		return trust
	}
}

// mustDecide panics for a nil Decider, at setup and not during a request.
func mustDecide(deciders []Decider) {
	for _, d := range deciders {
		if d == nil {
			panic("httptrace: a nil Decider")
		}
	}
}

// Distrust returns a Decider that withholds what d withholds, and what trust names. This one trusts a partner, known by
// its address, in everything but its sampling decision:
//
//	httptrace.PeersIn(partner).Distrust(propagation.DistrustSampling)
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(*http.Request) propagation.Trust { return trust })
}
