package process

import (
	"net"
	"testing"
)

// TestPort: a server in Go listens on a port that is held, and a second one does not.
func TestPort(t *testing.T) {
	var ports Ports
	if err := ports.Hold("a", "b", "a"); err != nil {
		t.Fatal(err)
	}
	defer ports.Close()
	if ports.Addr("a") == ports.Addr("b") || ports.Number("a") == 0 || ports.Addr("c") != "" {
		t.Errorf("the ports are %s and %s", ports.Addr("a"), ports.Addr("b"))
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
