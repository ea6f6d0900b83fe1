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

// Decider says whom to believe: what a call's metadata holds is carried as far as the
// propagation.Trust allows that it returns. fullMethod is "/package.Service/Method". It is called
// once for each call, by the server interceptors or ServerHandler, and must be safe for
// all goroutines. A Decider is an Option of these itself; of several, as with AllOf, the
// caller is believed in what all of them believe. Clients do not ask.
//
// What no decision can undo is what ran before: an otelgrpc handler that is registered before has
// made its span the untrusted caller's child already, so that the trace goes on in that span's name
// (otelgrpc.WithPublicEndpoint is for that); everything else of that caller is held back, the
// tracestate too. Registered after ServerHandler it begins a new trace, if its propagator is this
// one or none: another reads the metadata for itself, which are in the context still. The server
// interceptors run after every stats handler.
type Decider func(ctx context.Context, fullMethod string) propagation.Trust

func (d Decider) apply(o *options) {
	mustDecide([]Decider{d})
	if o.trust != nil {
		d = AllOf(o.trust, d)
	}
	o.trust = d
}

// WithTrust has the server's side ask whom to believe; for callers who can be told only later,
// by a token say, see propagation.Promote.
func WithTrust(decide func(ctx context.Context, fullMethod string) propagation.Trust) Option {
	return Decider(decide)
}

// Edge restarts the trace of every caller: for services that untrusted callers reach, behind no proxy
// that does it. Config.Headers of theirs are held back, too: propagation.Restart &^
// propagation.DistrustHeaders, of a decider of your own, takes them.
//
//	grpc.NewServer(grpctrace.ServerOptions(p, grpctrace.Edge())...)
func Edge() Decider {
	return func(context.Context, string) propagation.Trust { return propagation.Restart }
}

// PeersIn believes callers whose connection comes from an address in one of the prefixes, and restarts
// all others, those whose address is none of IP among them. It is the last hop's: behind a load balancer
// or a sidecar that is the proxy.
func PeersIn(prefixes ...netip.Prefix) Decider {
	inside := slices.Clone(peer.Prefixes(prefixes))
	return believing(func(ctx context.Context) bool { return near(ctx, inside) })
}

// PeersWithID believes callers who have proved by mTLS to be one of the workloads, and restarts all others.
// An id is spiffe://domain/path for one workload, or spiffe://domain for all of a
// trust domain; anything else panics. It is taken from the certificate that crypto/tls has
// verified (tls.RequireAndVerifyClientCert or VerifyClientCertIfGiven), and never from metadata. Where
// a function of the program's own verifies it (tls.Config.VerifyPeerCertificate), nobody is believed.
func PeersWithID(ids ...string) Decider {
	known := peer.ParseIDs(ids)
	return believing(func(ctx context.Context) bool { return known.Have(peer.SPIFFEID(connectionState(ctx))) })
}

// PeersForwardedBy is PeersWithID behind a sidecar that ends mTLS: where the connection comes from
// one of the proxies' addresses, x-forwarded-client-cert tells the id. Its last element counts,
// which is the nearest proxy's own. The proxy must write that header, and must not pass on a
// caller's unchecked (Envoy's forward_client_cert_details: APPEND_FORWARD, SANITIZE_SET, not
// FORWARD_ONLY).
func PeersForwardedBy(proxies []netip.Prefix, ids ...string) Decider {
	local, known := slices.Clone(peer.Prefixes(proxies)), peer.ParseIDs(ids)
	return believing(func(ctx context.Context) bool {
		return near(ctx, local) && known.Have(peer.ForwardedID(metadata.ValueFromIncomingContext(ctx, "x-forwarded-client-cert")))
	})
}

func near(ctx context.Context, prefixes peer.Prefixes) bool {
	p, ok := grpcpeer.FromContext(ctx)
	if ok && p.LocalAddr != nil && !strings.HasPrefix(p.LocalAddr.Network(), "tcp") {
		return false // grpc.Server.ServeHTTP calls the address of a Unix socket's peer TCP's, whatever that says
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

func believing(known func(context.Context) bool) Decider {
	return func(ctx context.Context, _ string) propagation.Trust {
		if known(ctx) {
			return propagation.Continue
		}
		return propagation.Restart
	}
}

// AnyOf believes a caller in what one of the deciders believes; nobody, if there are none.
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

// AllOf believes a caller in what all of the deciders believe; everybody, if there are none.
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

// mustDecide panics for a nil Decider, where the program is put together and not where a caller waits.
func mustDecide(deciders []Decider) {
	for _, d := range deciders {
		if d == nil {
			panic("grpctrace: a nil Decider")
		}
	}
}

// Distrust returns a decider that believes callers in less: not in what trust names either.
func (d Decider) Distrust(trust propagation.Trust) Decider {
	return AllOf(d, func(context.Context, string) propagation.Trust { return trust })
}
