package grpctrace

import (
	"context"
	"crypto/tls"
	"net/netip"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/peer"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	grpcpeer "google.golang.org/grpc/peer"
)

// Decider decides how far a call's caller is trusted. The server interceptors and [ServerHandler] carry what the
// returned propagation.Trust allows, and withhold the rest. They call the Decider once for each call. fullMethod is
// "/package.Service/Method". A Decider must be safe for concurrent use. The client's side ignores it.
//
// A Decider is an [Option]. If you pass several, the caller is trusted only in what all of them trust, as with [AllOf].
//
// A decision cannot undo what ran before it. If an otelgrpc handler runs before, its span is already a child of the
// untrusted caller's span. The caller's trace then continues in your service. Use otelgrpc.WithPublicEndpoint to prevent
// that. Everything else of that caller is withheld, the tracestate too.
//
// An otelgrpc handler runs before the server interceptors, and before a ServerHandler that is registered after it. An
// otelgrpc handler that is registered after ServerHandler starts a new trace, if its propagator is p or is not set. Any
// other propagator reads the untrusted metadata itself, because it is still in the context.
type Decider func(ctx context.Context, fullMethod string) propagation.Trust

func (d Decider) apply(o *options) {
	mustDecide([]Decider{d})
	if o.trust != nil {
		d = AllOf(o.trust, d)
	}
	o.trust = d
}

// WithTrust makes the server's side call decide for each call, to decide how far the caller is trusted. For callers who
// are authenticated later, for example by a token, use propagation.Promote. If decide is nil, the functions that take the
// Option panic. See [Decider].
func WithTrust(decide func(ctx context.Context, fullMethod string) propagation.Trust) Option {
	return Decider(decide)
}

// Edge returns a Decider that trusts no caller in anything (propagation.Restart), so that each call starts a new trace.
// It is for services that untrusted callers reach without a proxy that restarts traces:
//
//	grpc.NewServer(grpctrace.ServerOptions(p, grpctrace.Edge())...)
//
// Edge withholds Config.Headers and baggage, too. To keep Config.Headers, return propagation.Restart &^
// propagation.DistrustHeaders from your own Decider. To keep routing keys in baggage, set Config.TrustRoutingKeys.
func Edge() Decider {
	return func(context.Context, string) propagation.Trust { return propagation.Restart }
}

// PeersIn returns a Decider that trusts callers in everything if their connection comes from an address in one of the
// prefixes. It trusts all others in nothing (propagation.Restart), also callers whose connection is not TCP.
//
//	grpctrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8"))
//
// The address is that of the last hop. Behind a load balancer or a sidecar, the last hop is the proxy. Consider
// [PeersForwardedBy] there.
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return trusting(func(ctx context.Context) bool { return near(ctx, inside) })
}

// PeersWithID returns a Decider that trusts callers in everything if their mTLS certificate has one of the SPIFFE IDs
// (https://spiffe.io/docs/latest/spiffe-specs/spiffe-id/). It trusts all others in nothing (propagation.Restart).
//
//	grpctrace.PeersWithID("spiffe://prod.example/ns/shop/sa/cart", "spiffe://partner.example")
//
// The first form is the ID of one workload. The second form is a trust domain: it means all workloads of the domain.
// PeersWithID panics for any other string.
//
// It reads the ID from the certificate that crypto/tls has verified (tls.RequireAndVerifyClientCert or
// VerifyClientCertIfGiven), and never from metadata. If only a function of the program verifies the certificate
// (tls.Config.VerifyPeerCertificate), no caller is trusted.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return trusting(func(ctx context.Context) bool { return known.Have(peer.SPIFFEID(connectionState(ctx))) })
}

// PeersForwardedBy is like [PeersWithID], for a service behind a sidecar that terminates mTLS. It reads the SPIFFE ID
// from the last element of the header x-forwarded-client-cert, which the nearest proxy wrote. It does so only if the
// connection comes from an address in one of the prefixes of proxies. All other callers are trusted in nothing.
//
// The proxy must write that header. It must not forward a caller's header unchecked: use APPEND_FORWARD or SANITIZE_SET
// for Envoy's forward_client_cert_details, not FORWARD_ONLY.
func PeersForwardedBy(proxies []netip.Prefix, ids ...string) Decider {
	local, known := slices.Clone(peer.Prefixes(proxies)), peer.ParseIDs(ids)
	return trusting(func(ctx context.Context) bool {
		return near(ctx, local) && known.Have(peer.ForwardedID(metadata.ValueFromIncomingContext(ctx, "x-forwarded-client-cert")))
	})
}

func near(ctx context.Context, prefixes peer.Prefixes) bool {
	p, ok := grpcpeer.FromContext(ctx)
	if ok && p.LocalAddr != nil && !strings.HasPrefix(p.LocalAddr.Network(), "tcp") {
		return false // grpc.Server.ServeHTTP reports a TCP address for a Unix socket's peer
	}
	return ok && prefixes.ContainAddr(p.Addr)
}

// connectionState returns the call's TLS connection, nil if there is none.
func connectionState(ctx context.Context) *tls.ConnectionState {
	if p, ok := grpcpeer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			return &info.State
		}
	}
	return nil
}

func trusting(known func(context.Context) bool) Decider {
	return func(ctx context.Context, _ string) propagation.Trust {
		if known(ctx) {
			return propagation.Continue
		}
		return propagation.Restart
	}
}

// AnyOf returns a Decider that calls all deciders and withholds only what all of them withhold. For example, the
// caller's baggage is trusted if at least one decider trusts it. Without deciders it returns propagation.Ignore. AnyOf
// panics if a Decider is nil.
func AnyOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return func(ctx context.Context, fullMethod string) propagation.Trust {
		trust := propagation.Ignore
		for _, decide := range deciders {
			trust &= decide(ctx, fullMethod)
		}
		return trust
	}
}

// AllOf returns a Decider that calls all deciders and withholds what at least one of them withholds. For example, the
// caller's baggage is trusted if all deciders trust it. Without deciders it returns propagation.Continue. AllOf panics
// if a Decider is nil.
func AllOf(deciders ...Decider) Decider {
	mustDecide(deciders)
	return func(ctx context.Context, fullMethod string) propagation.Trust {
		trust := propagation.Continue
		for _, decide := range deciders {
			trust |= decide(ctx, fullMethod)
		}
		return trust
	}
}

// mustDecide panics for a nil Decider, at setup and not during a call.
func mustDecide(deciders []Decider) {
	for _, d := range deciders {
		if d == nil {
			panic("grpctrace: a nil Decider")
		}
	}
}

// Distrust returns a Decider that withholds what d withholds, and also what trust withholds. This example trusts a
// partner, known by its address, in everything except its sampling decision:
//
//	grpctrace.PeersIn(partner).Distrust(propagation.DistrustSampling)
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(context.Context, string) propagation.Trust { return trust })
}
