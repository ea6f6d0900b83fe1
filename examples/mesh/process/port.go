package process

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Port is a reserved TCP port of 127.0.0.1 that no other program gets: a socket that is bound and does not listen.
// Envoy, Caddy and servers in Go can listen on the port, and they get all connections. So a configuration can contain a
// port before its program runs.
type Port struct {
	socket int
	number int
}

// HoldPort reserves a free port.
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

// bind allows both kinds of sharing: Envoy listens with SO_REUSEPORT, and Go's package net with SO_REUSEADDR.
func bind(socket int) (port int, err error) {
	for _, option := range []int{unix.SO_REUSEPORT, unix.SO_REUSEADDR} {
		if err := unix.SetsockoptInt(socket, unix.SOL_SOCKET, option, 1); err != nil {
			return 0, err
		}
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

// Number is the port's number.
func (p *Port) Number() int { return p.number }

// Addr returns host:port.
func (p *Port) Addr() string { return fmt.Sprint("127.0.0.1:", p.number) }

// Close releases the port.
func (p *Port) Close() error { return unix.Close(p.socket) }

// Ports are the ports for a set of programs, by name. The zero value is empty.
type Ports struct{ held map[string]*Port }

// Hold reserves a free port for each name that has none.
func (p *Ports) Hold(names ...string) error {
	for _, name := range names {
		if p.held[name] != nil {
			continue
		}
		port, err := HoldPort()
		if err != nil {
			return err
		}
		if p.held == nil {
			p.held = map[string]*Port{}
		}
		p.held[name] = port
	}
	return nil
}

// Number returns the port number that Hold reserved for a name, or 0.
func (p *Ports) Number(name string) int {
	if port := p.held[name]; port != nil {
		return port.Number()
	}
	return 0
}

// Addr returns the host:port that Hold reserved for a name, or "".
func (p *Ports) Addr(name string) string {
	if port := p.held[name]; port != nil {
		return port.Addr()
	}
	return ""
}

// Close releases all ports.
func (p *Ports) Close() error {
	var errs []error
	for _, port := range p.held {
		errs = append(errs, port.Close())
	}
	p.held = nil
	return errors.Join(errs...)
}
