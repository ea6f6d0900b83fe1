package process

import (
	"net"
	"testing"
)

// TestPort: one server in Go can listen on a reserved port. A second one cannot.
func TestPort(t *testing.T) {
	var ports Ports
	if err := ports.Hold("a", "b", "a"); err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	if ports.Addr("a") == ports.Addr("b") || ports.Number("a") == 0 || ports.Addr("c") != "" {
		t.Errorf("the reserved addresses are %s and %s, want two different ones", ports.Addr("a"), ports.Addr("b"))
	}
	l, err := net.Listen("tcp", ports.Addr("a"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if second, err := net.Listen("tcp", ports.Addr("a")); err == nil {
		second.Close()
		t.Error("a second server listens on the same port")
	}
}
