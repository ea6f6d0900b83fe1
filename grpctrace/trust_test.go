package grpctrace_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"path/filepath"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/peer/peertest"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

var (
	loopback  = netip.MustParsePrefix("127.0.0.0/8")
	elsewhere = netip.MustParsePrefix("192.0.2.0/24")
)

// deciders are the ways to apply a trust decision on a server.
var deciders = map[string]func(*propagation.Propagator, ...grpctrace.Option) []grpc.ServerOption{
	"options": grpctrace.ServerOptions,
	"handler": func(p *propagation.Propagator, opts ...grpctrace.Option) []grpc.ServerOption {
		return []grpc.ServerOption{grpc.StatsHandler(grpctrace.ServerHandler(p, opts...))}
	},
	"handler, and options that decide nothing": func(p *propagation.Propagator, opts ...grpctrace.Option) []grpc.ServerOption {
		return append(grpctrace.ServerOptions(p), grpc.StatsHandler(grpctrace.ServerHandler(p, opts...)))
	},
	"options, and a handler that decides nothing": func(p *propagation.Propagator, opts ...grpctrace.Option) []grpc.ServerOption {
		return append(grpctrace.ServerOptions(p, opts...), grpc.StatsHandler(grpctrace.ServerHandler(p)))
	},
}

// checkTrust checks that a service with a decider forwards all headers or none, with each wiring of its client.
func checkTrust(t *testing.T, trusted bool, decide grpctrace.Option, md metadata.MD) {
	t.Helper()
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	var want metadata.MD
	if trusted {
		want = inbound(1)
	}
	for name, server := range deciders {
		for _, w := range wirings {
			for kind, call := range callers {
				t.Run(name+"/"+w.name+"/"+kind, func(t *testing.T) {
					front := serve(t, forward(dial(t, back, w.client(p)...)), server(p, decide)...)
					checkVerbatim(t, arrived(t, sending(t, metadata.Join(inbound(1), md)), call, dial(t, front)), want)
				})
			}
		}
	}
}

func TestEdge(t *testing.T) { checkTrust(t, false, grpctrace.Edge(), nil) }

func TestZeroTrustContinues(t *testing.T) {
	checkTrust(t, true, grpctrace.WithTrust(func(context.Context, string) (zero propagation.Trust) { return }), nil)
}

func TestPeersIn(t *testing.T) {
	checkTrust(t, true, grpctrace.PeersIn(elsewhere, loopback), nil)
	checkTrust(t, false, grpctrace.PeersIn(elsewhere), metadata.Pairs("x-forwarded-for", "192.0.2.1"))
	checkTrust(t, false, grpctrace.PeersIn(), nil)
}

func TestPeersForwardedBy(t *testing.T) {
	const known, xfcc = "spiffe://example.org/a", "x-forwarded-client-cert"
	near, far := grpctrace.PeersForwardedBy([]netip.Prefix{loopback}, known), grpctrace.PeersForwardedBy([]netip.Prefix{elsewhere}, known)
	checkTrust(t, true, near, metadata.Pairs(xfcc, `By=spiffe://example.org/me;Hash=1;Subject="";URI=`+known))
	checkTrust(t, false, near, metadata.Pairs(xfcc, "URI="+known, xfcc, "URI=spiffe://evil.example/x"))
	checkTrust(t, false, near, nil)
	checkTrust(t, false, far, metadata.Pairs(xfcc, "URI="+known))
}

// A decision may depend on the method, and is made once for each call.
func TestWithTrust(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for name, server := range map[string]func(*propagation.Propagator, ...grpctrace.Option) []grpc.ServerOption{"options": deciders["options"], "handler": deciders["handler"]} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			decide := grpctrace.WithTrust(func(_ context.Context, fullMethod string) propagation.Trust {
				asked++
				if fullMethod == unaryMethod {
					return propagation.Restart
				}
				return propagation.Continue
			})
			conn := dial(t, serve(t, forward(dial(t, back, grpctrace.DialOptions(p)...)), server(p, decide)...))
			checkVerbatim(t, arrived(t, sending(t, inbound(1)), callUnary, conn), nil)
			checkVerbatim(t, arrived(t, sending(t, inbound(1)), callStream, conn), inbound(1))
			if asked != 2 {
				t.Errorf("the decider was called %d times for 2 calls, want 2", asked)
			}
		})
	}
}

// A client with a Unix socket is in no network, whatever address it claims.
func TestPeersInUnixSocket(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	path := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(chan net.Addr, 1)
	see := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		caller, _ := peer.FromContext(ctx)
		seen <- caller.Addr
		return handle(ctx, req)
	}
	server := grpc.NewServer(append(grpctrace.ServerOptions(p, grpctrace.PeersIn(loopback)), grpc.ChainUnaryInterceptor(see))...)
	server.RegisterService(&description, forward(dial(t, back, grpctrace.DialOptions(p)...)))
	go server.Serve(listener)
	t.Cleanup(server.Stop)

	t.Chdir(t.TempDir())
	conn := dial(t, "passthrough:///socket", grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
		return net.DialUnix("unix", &net.UnixAddr{Name: "127.0.0.1:80", Net: "unix"}, &net.UnixAddr{Name: path, Net: "unix"})
	}))
	checkVerbatim(t, arrived(t, sending(t, inbound(1)), callUnary, conn), nil)
	if addr := <-seen; addr.String() != "127.0.0.1:80" {
		t.Errorf("the client's address is %v, want 127.0.0.1:80: the test proves nothing", addr)
	}
}

// The id is the one in the verified certificate, whatever the metadata contains.
func TestPeersWithID(t *testing.T) {
	const known, domain = "spiffe://example.org/ns/a/sa/b", "spiffe://partner.example"
	p := propagation.MustNew(everything())
	authority, foreign := peertest.New(t), peertest.New(t)
	next := dial(t, serve(t, echo()), grpctrace.DialOptions(p)...)
	for name, row := range map[string]struct {
		auth    tls.ClientAuthType
		certs   []tls.Certificate
		trusted bool
	}{
		"known":         {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue(known)}, true},
		"of the domain": {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue(domain + "/x")}, true},
		"none given":    {tls.VerifyClientCertIfGiven, nil, false},
		"unknown":       {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue("spiffe://example.org/ns/a/sa/c")}, false},
		"two ids":       {tls.RequireAndVerifyClientCert, []tls.Certificate{authority.Issue(known, known)}, false},
		"not verified":  {tls.RequireAnyClientCert, []tls.Certificate{foreign.Issue(known)}, false},
	} {
		for wiring, server := range deciders {
			t.Run(name+"/"+wiring, func(t *testing.T) {
				opts := append(server(p, grpctrace.PeersWithID(known, domain)), grpc.Creds(credentials.NewTLS(authority.Server(row.auth))))
				conn, err := grpc.NewClient(serve(t, forward(next), opts...), grpc.WithTransportCredentials(credentials.NewTLS(authority.Client(row.certs...))))
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				var want metadata.MD
				if row.trusted {
					want = inbound(1)
				}
				for _, call := range callers {
					lying := metadata.Join(inbound(1), metadata.Pairs("x-forwarded-client-cert", "URI="+known))
					checkVerbatim(t, arrived(t, sending(t, lying), call, conn), want)
				}
			})
		}
	}
	plain, err := grpc.NewClient(serve(t, forward(next), grpctrace.ServerOptions(p, grpctrace.PeersWithID(known))...), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	checkVerbatim(t, arrived(t, sending(t, inbound(1)), callUnary, plain), nil)
}

func TestDecidersCompose(t *testing.T) {
	says := func(trust propagation.Trust) grpctrace.Decider {
		return func(context.Context, string) propagation.Trust { return trust }
	}
	ids, sampling := propagation.DistrustIDs, propagation.DistrustSampling
	for name, row := range map[string]struct {
		decide grpctrace.Decider
		want   propagation.Trust
	}{
		"any of two":  {grpctrace.AnyOf(says(sampling), says(ids|sampling)), sampling},
		"any of one":  {grpctrace.AnyOf(grpctrace.Edge()), propagation.Restart},
		"any of none": {grpctrace.AnyOf(), propagation.Ignore},
		"all of two":  {grpctrace.AllOf(says(ids), says(sampling)), ids | sampling},
		"all of none": {grpctrace.AllOf(), propagation.Continue},
		"less":        {says(ids).Distrust(sampling), ids | sampling},
		"no peer":     {grpctrace.PeersIn(loopback), propagation.Restart},
	} {
		if got := row.decide(t.Context(), unaryMethod); got != row.want {
			t.Errorf("%s: %v, want %v", name, got, row.want)
		}
	}
	both := grpctrace.UnaryServerInterceptor(propagation.MustNew(everything()), grpctrace.Edge(), grpctrace.PeersIn(loopback)) // options add up
	ctx := peer.NewContext(metadata.NewIncomingContext(t.Context(), inbound(1)), &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}})
	both(ctx, nil, new(grpc.UnaryServerInfo), func(ctx context.Context, _ any) (any, error) {
		if caller, ok := propagation.RemoteFromContext(ctx); ok {
			t.Errorf("the remote span context is %+v, want none", caller)
		}
		return nil, nil
	})
}

func TestNilDeciderPanics(t *testing.T) {
	for name, build := range map[string]func(){
		"WithTrust": func() { grpctrace.ServerHandler(nil, grpctrace.WithTrust(nil)) },
		"Option":    func() { grpctrace.ServerOptions(nil, grpctrace.Decider(nil)) },
		"AnyOf":     func() { grpctrace.AnyOf(grpctrace.Edge(), nil) },
		"AllOf":     func() { grpctrace.AllOf(nil) },
		"Distrust":  func() { grpctrace.Decider(nil).Distrust(propagation.DistrustIDs) },
		"ids":       func() { grpctrace.PeersWithID("example.org") },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("a nil decider was accepted, want a panic at setup")
				}
			}()
			build()
		})
	}
}

// A handler changes the trust in its caller with Promote or Demote. The change applies to later calls. It does not
// change metadata of earlier calls.
func TestTrustLate(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for name, row := range map[string]struct {
		decide        grpctrace.Decider
		late          func(context.Context) context.Context
		before, after metadata.MD
	}{
		"Promote": {grpctrace.Edge(), propagation.Promote, nil, inbound(1)},
		"Demote":  {grpctrace.AllOf(), propagation.Demote, inbound(1), nil},
	} {
		for _, w := range wirings {
			t.Run(name+"/"+w.name, func(t *testing.T) {
				next := dial(t, back, w.client(p)...)
				front := serve(t, serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) {
					checkVerbatim(t, arrived(t, ctx, call, next), row.before)
					checkVerbatim(t, arrived(t, row.late(ctx), call, next), row.after)
					return call(ctx, next, msg)
				}), grpctrace.ServerOptions(p, row.decide)...)
				for _, call := range callers {
					checkVerbatim(t, arrived(t, sending(t, inbound(1)), call, dial(t, front)), row.before)
				}
			})
		}
	}
}

// An untrusted caller costs as many allocations as a trusted one.
func TestEdgeCost(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("traceparent", "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01", "x-request-id", "r"))
	handle := func(context.Context, any) (any, error) { return nil, nil }
	cost := func(opts ...grpctrace.Option) float64 {
		intercept, info := grpctrace.UnaryServerInterceptor(p, opts...), &grpc.UnaryServerInfo{FullMethod: unaryMethod}
		return testing.AllocsPerRun(100, func() { intercept(ctx, nil, info, handle) })
	}
	if trusted, untrusted := cost(), cost(grpctrace.Edge()); untrusted != trusted {
		t.Errorf("a trusted caller costs %v allocations and an untrusted one %v, want the same", trusted, untrusted)
	}
}
