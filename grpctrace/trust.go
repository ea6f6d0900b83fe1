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
// returned propagation.Trust allows. They call the Decider once for each call. fullMethod is "/package.Service/Method".
// A Decider must be safe for concurrent use. The client's side ignores it.
//
// A Decider is an [Option]. If you pass several, the caller is trusted only in what all of them trust, as with [AllOf].
//
// A decision cannot undo what ran before it. The span of an otelgrpc handler that is registered before is already a
// child of the untrusted caller's span, and the caller's trace continues with that span. Use
// otelgrpc.WithPublicEndpoint to prevent that. Everything else of that caller is withheld, the tracestate too.
//
// An otelgrpc handler that is registered after ServerHandler begins a new trace, if its propagator is p or none. Any
// other propagator reads the metadata itself, because it is still in the context. The server interceptors run after
// every stats handler.
type Decider func(ctx context.Context, fullMethod string) propagation.Trust

func (d Decider) apply(o *options) {
	mustDecide([]Decider{d})
	if o.trust != nil {
		d = AllOf(o.trust, d)
	}
	o.trust = d
}

// WithTrust makes the server's side call decide for each call, to decide how far the caller is trusted. For callers who
// are authenticated later, for example by a token, use propagation.Promote. The functions that take the Option panic if
// decide is nil.
func WithTrust(decide func(ctx context.Context, fullMethod string) propagation.Trust) Option {
	return Decider(decide)
}

// Edge restarts the trace of every caller. It is for services that untrusted callers reach without a proxy that
// restarts traces. It withholds their Config.Headers, too. To keep those, return propagation.Restart &^
// propagation.DistrustHeaders from your own Decider.
//
//	grpc.NewServer(grpctrace.ServerOptions(p, grpctrace.Edge())...)
func Edge() Decider {
	return func(context.Context, string) propagation.Trust { return propagation.Restart }
}

// PeersIn trusts callers whose connection comes from an address in one of the prefixes. It restarts all others, and
// also callers whose address is not an IP address. The address is that of the last hop. Behind a load balancer or a
// sidecar that is the proxy's address.
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return trusting(func(ctx context.Context) bool { return near(ctx, inside) })
}

// PeersWithID trusts callers whose mTLS certificate has one of the SPIFFE IDs. It restarts all others. An id is
// spiffe://domain/path for one workload, or spiffe://domain for a whole trust domain. PeersWithID panics for anything
// else.
//
// It reads the ID from the certificate that crypto/tls has verified (tls.RequireAndVerifyClientCert or
// VerifyClientCertIfGiven), and never from metadata. If only a function of the program verifies the certificate
// (tls.Config.VerifyPeerCertificate), no caller is trusted.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return trusting(func(ctx context.Context) bool { return known.Have(peer.SPIFFEID(connectionState(ctx))) })
}

// PeersForwardedBy is [PeersWithID] behind a sidecar that terminates mTLS. If the connection comes from an address in
// one of the proxies' prefixes, it reads the SPIFFE ID from x-forwarded-client-cert. It reads the last element, which
// the nearest proxy wrote.
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

// AnyOf trusts a caller in each part that at least one of the deciders trusts. Without deciders it trusts nobody. It
// panics for a nil Decider.
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

// AllOf trusts a caller in each part that all of the deciders trust. Without deciders it trusts everybody. It panics
// for a nil Decider.
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

// Distrust returns a Decider that withholds what d withholds, and what trust names.
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(context.Context, string) propagation.Trust { return trust })
}
