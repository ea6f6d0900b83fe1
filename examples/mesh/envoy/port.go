package envoy

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Port is a TCP port of 127.0.0.1 that nobody else gets while it is held: a socket that
// is bound and does not listen. Envoy's listeners share it (SO_REUSEPORT), and
// connections reach them alone. So the configuration can name a port before its Envoy runs.
type Port struct {
	socket int
	number int
}

// HoldPort takes a free port.
func HoldPort() (*Port, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot hold a port: %w", err)
	}
	unix.CloseOnExec(socket)
	number, err := bind(socket)
	if err != nil {
		unix.Close(socket)
		return nil, fmt.Errorf("cannot hold a port: %w", err)
	}
	return &Port{socket, number}, nil
}

func bind(socket int) (port int, err error) {
	if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
		return 0, err
	}
	if err := unix.Bind(socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	name, err := unix.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return name.(*unix.SockaddrInet4).Port, nil
}

// Addr is host:port.
func (p *Port) Addr() string { return fmt.Sprint("127.0.0.1:", p.number) }

// Close lets go of the port.
func (p *Port) Close() error { return unix.Close(p.socket) }
