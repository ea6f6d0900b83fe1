package peer_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/internal/peer"
)

func TestPrefixes(t *testing.T) {
	for _, row := range []struct {
		prefix, addr string
		want         bool
	}{
		{"10.0.0.0/8", "10.1.2.3:80", true},
		{"10.0.0.0/8", "11.1.2.3:80", false},
		{"10.0.0.0/8", "[::ffff:10.1.2.3]:80", true},
		{"::ffff:10.0.0.0/104", "10.1.2.3:80", true},
		{"::ffff:10.0.0.0/104", "11.1.2.3:80", false},
		{"fe80::/10", "[fe80::1%eth0]:80", true},
		{"::/0", "10.1.2.3:80", false}, // IPv6 only
		{"0.0.0.0/0", "[::1]:80", false},
		{"0.0.0.0/0", "10.1.2.3", false}, // net/http's addresses have a port
		{"0.0.0.0/0", "", false},
		{"0.0.0.0/0", "@", false},
		{"0.0.0.0/0", "example.com:80", false},
		{"0.0.0.0/0", "10.1.2.3:80 ", false},
		{"0.0.0.0/0", "010.1.2.3:80", false},
	} {
		prefixes := peer.Prefixes{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix(row.prefix)}
		if got := prefixes.ContainHostPort(row.addr); got != row.want {
			t.Errorf("%s contains %q: %v, want %v", row.prefix, row.addr, got, row.want)
		}
	}
	if (peer.Prefixes{}).ContainHostPort("127.0.0.1:80") || (peer.Prefixes{{}}).ContainHostPort("127.0.0.1:80") {
		t.Error("an empty list, or the zero prefix, contains an address")
	}
}

// A client may bind its end of a Unix socket to any name.
func TestAddrOfUnixSocket(t *testing.T) {
	everybody := peer.Prefixes{netip.MustParsePrefix("0.0.0.0/0")}
	addr := &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 80}
	if !everybody.ContainAddr(addr) {
		t.Errorf("%v is not contained, want it contained", addr)
	}
	for _, addr := range []net.Addr{nil, &net.UnixAddr{Name: "10.1.2.3:80", Net: "unix"}, &net.TCPAddr{}} {
		if everybody.ContainAddr(addr) {
			t.Errorf("%v is contained, want it not contained", addr)
		}
	}
}

func TestSPIFFEID(t *testing.T) {
	const good = "spiffe://example.org/a"
	leaf := func(ca bool, uris ...string) *x509.Certificate {
		c := &x509.Certificate{IsCA: ca}
		for _, s := range uris {
			u, err := url.Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			c.URIs = append(c.URIs, u)
		}
		return c
	}
	verified := func(c *x509.Certificate) *tls.ConnectionState {
		return &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{c}}}
	}
	for name, row := range map[string]struct {
		state *tls.ConnectionState
		want  string
	}{
		"verified":       {verified(leaf(false, good)), good},
		"no TLS":         {nil, ""},
		"no certificate": {&tls.ConnectionState{}, ""},
		"an empty chain": {&tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{}}}, ""},
		"not verified":   {&tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf(false, good)}}, ""},
		"no URI":         {verified(leaf(false)), ""},
		"two URIs":       {verified(leaf(false, good, "spiffe://example.org/b")), ""},
		"an authority":   {verified(leaf(true, good)), ""},
	} {
		if got := peer.SPIFFEID(row.state); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
}
