package process

import (
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
)

// TestListeners: Listeners finds this program's own TCP and UDP listeners.
func TestListeners(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("it is for Linux alone")
	}
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	all, err := Listeners()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []net.Addr{conn.LocalAddr(), l.Addr()} {
		if !slices.Contains(all, netip.MustParseAddrPort(want.String())) {
			t.Errorf("%v is not among %v", want, all)
		}
	}
	l.Close()
	all, err = Listeners()
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(all, netip.MustParseAddrPort(l.Addr().String())) {
		t.Error("Listeners returns a closed listener")
	}
}
