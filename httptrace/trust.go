package httptrace

import (
	"net"
	"net/http"
	"net/netip"
	"slices"

	"github.com/traceferry/traceferry/internal/peer"
	"github.com/traceferry/traceferry/propagation"
)

// Decider says whom to believe: what a request's caller sent is carried as far as the
// propagation.Trust allows that it returns. It is called once for each request, by Middleware, before the
// headers are read, and must be safe for all goroutines. A Decider is an Option of
// Middleware itself; of several, as with AllOf, the caller is believed in what all of them
// believe.
//
// What no decision can undo is what ran before: otelhttp outside of Middleware has made its span
// the untrusted caller's child already, so that the trace goes on in that span's name
// (otelhttp.WithPublicEndpointFn is for that); everything else of that caller is held back, the
// tracestate too. Inside of Middleware otelhttp begins a new trace, if its propagator is this one
// or none: another reads the headers for itself, which are in the request still.
type Decider func(*http.Request) propagation.Trust

func (d Decider) apply(o *options) {
	mustDecide([]Decider{d})
	if o.trust != nil {
		d = AllOf(o.trust, d)
	}
	o.trust = d
}

// WithTrust has Middleware ask whom to believe. A method, a path, or whatever else a request has may
// decide; for callers who can be told only later, by a token say, see propagation.Promote.
func WithTrust(decide func(*http.Request) propagation.Trust) Option { return Decider(decide) }

// Edge restarts the trace of every caller: for services that untrusted callers reach, behind no proxy
// that does it. Config.Headers of theirs are held back, too: propagation.Restart &^
// propagation.DistrustHeaders, of a decider of your own, takes them.
//
// With otelhttp outside of Middleware, trace.SpanContextFromContext returns otelhttp's span, which has the trace id that
// the caller sent: logs show it, and calls continue it. Without an SDK it returns the zero SpanContext.
// Put otelhttp inside to get a new trace id.
//
//	r.Use(httptrace.Middleware(p, httptrace.Edge()))
func Edge() Decider {
	return func(*http.Request) propagation.Trust { return propagation.Restart }
}

// PeersIn believes callers whose connection comes from an address in one of the prefixes, and
// restarts all others, those whose address is none of IP among them. The address is
// Request.RemoteAddr, the last hop: behind a load balancer or a sidecar that is the proxy, and
// PeersForwardedBy may be what you want.
//
// A middleware that writes X-Forwarded-For into RemoteAddr lets callers choose their address. Put it inside of
// Middleware, so that PeersIn sees the address of the connection. An address without a port (chi's
// RealIP writes one) is in no prefix.
//
//	httptrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8"))
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return believing(func(r *http.Request) bool { return near(r, inside) })
}

// PeersWithID believes callers who have proved by mTLS to be one of the workloads, and restarts all others.
// An id is spiffe://domain/path for one workload, or spiffe://domain for all of a
// trust domain; anything else panics. It is taken from the certificate that crypto/tls has
// verified (tls.RequireAndVerifyClientCert or VerifyClientCertIfGiven), and never from a header. Where
// a function of the program's own verifies it (tls.Config.VerifyPeerCertificate), nobody is believed.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return believing(func(r *http.Request) bool { return known.Have(peer.SPIFFEID(r.TLS)) })
}

// PeersForwardedBy is PeersWithID behind a sidecar that ends mTLS: where the connection comes from
// one of the proxies' addresses, x-forwarded-client-cert tells the id. Its last element counts,
// which is the nearest proxy's own. The proxy must write that header, and must not pass on a
// caller's unchecked (Envoy's forward_client_cert_details: APPEND_FORWARD, SANITIZE_SET, not
// FORWARD_ONLY).
func PeersForwardedBy(proxies []netip.Prefix, ids ...string) Decider {
	local, known := slices.Clone(peer.Prefixes(proxies)), peer.ParseIDs(ids)
	return believing(func(r *http.Request) bool {
		return near(r, local) && known.Have(peer.ForwardedID(r.Header["X-Forwarded-Client-Cert"]))
	})
}

// near reports whether a request comes from one of the addresses. At a Unix socket clients may call
// themselves anything, 10.0.0.1:80 too.
func near(r *http.Request, prefixes peer.Prefixes) bool {
	if _, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr); unix {
		return false
	}
	return prefixes.ContainHostPort(r.RemoteAddr)
}

func believing(known func(*http.Request) bool) Decider {
	return func(r *http.Request) propagation.Trust {
		if known(r) {
			return propagation.Continue
		}
		return propagation.Restart
	}
}

// AnyOf believes a caller in what one of the deciders believes; nobody, if there are none.
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

// AllOf believes a caller in what all of the deciders believe; everybody, if there are none.
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

// mustDecide panics for a nil Decider, where the program is put together and not where a caller waits.
func mustDecide(deciders []Decider) {
	for _, d := range deciders {
		if d == nil {
			panic("httptrace: a nil Decider")
		}
	}
}

// Distrust returns a decider that believes callers in less: not in what trust names either. A partner,
// known by its address, whose sampling decision is not taken is
//
//	httptrace.PeersIn(partner).Distrust(propagation.DistrustSampling)
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(*http.Request) propagation.Trust { return trust })
}
