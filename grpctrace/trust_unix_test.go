package grpctrace_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// The same is true if net/http serves the socket. grpc-go then treats the client's claimed name as a TCP address.
func TestPeersInUnixSocketOfServeHTTP(t *testing.T) {
	p := propagation.MustNew(everything())
	seen := make(chan net.Addr, 1)
	see := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
		caller, _ := peer.FromContext(ctx)
		seen <- caller.Addr
		return handle(ctx, req)
	}
	back := dial(t, serve(t, echo()), grpctrace.DialOptions(p)...)
	server := grpc.NewServer(append(grpctrace.ServerOptions(p, grpctrace.PeersIn(loopback)), grpc.ChainUnaryInterceptor(see))...)
	server.RegisterService(&description, forward(back))
	for name, row := range map[string]struct {
		network, address string
		client           net.Addr // the address that it claims
		trusted          bool
	}{
		"unix": {"unix", filepath.Join(t.TempDir(), "s"), &net.UnixAddr{Name: "127.0.0.1:80", Net: "unix"}, false},
		"tcp":  {"tcp", "127.0.0.1:0", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen(row.network, row.address)
			if err != nil {
				t.Fatal(err)
			}
			s := httptest.NewUnstartedServer(server)
			s.Listener.Close()
			s.Listener, s.EnableHTTP2 = listener, true
			s.StartTLS()
			t.Cleanup(s.Close)
			t.Chdir(t.TempDir())
			conn, err := grpc.NewClient("passthrough:///socket",
				grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{InsecureSkipVerify: true})),
				grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
					return (&net.Dialer{LocalAddr: row.client}).DialContext(ctx, row.network, listener.Addr().String())
				}))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			want := inbound(1)
			if !row.trusted {
				want = nil
			}
			checkVerbatim(t, arrived(t, sending(t, inbound(1)), callUnary, conn), want)
			if addr := <-seen; addr.Network() != "tcp" {
				t.Errorf("the client's address is %v with network %s, want tcp: the test proves nothing", addr, addr.Network())
			}
		})
	}
}
