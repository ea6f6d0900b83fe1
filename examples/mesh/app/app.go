package app

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// App is the running services.
type App struct {
	Addr    map[string]string // the address of each service
	Hops    *Hops             // the headers that they received and sent
	routes  routes
	naming  naming
	trust   trust
	closers []func() error
}

// Route returns the host:port for calls of one service to another. It is that of the caller's sidecar.
type Route func(from, to string) string

// Start starts the services. Their calls fail until SetRoute is called. With a nil Propagator, the application forwards
// nothing.
func Start(p *propagation.Propagator) (*App, error) {
	a := &App{Addr: map[string]string{}, Hops: new(Hops), trust: trust{}}
	for _, name := range Services {
		s, err := newService(name, p, a.routes.dialer(name), within{a.trust, &a.naming, a.Hops})
		if err == nil {
			a.closers = append(a.closers, s.Close)
			err = a.serve(name, s)
		}
		if err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

// SetRoute sets where calls go.
func (a *App) SetRoute(r Route) { a.routes.Store(&r) }

func (a *App) serve(name string, service *Service) error {
	if service.GRPC != nil {
		return a.serveGRPC(name, service.GRPC)
	}
	s := &http.Server{Handler: service.HTTP, ReadHeaderTimeout: 10 * time.Second}
	return a.listen(name, s.Serve, s.Close)
}

func (a *App) serveGRPC(name string, s *grpc.Server) error {
	return a.listen(name, s.Serve, func() error { s.Stop(); return nil })
}

func (a *App) listen(name string, serve func(net.Listener) error, stop func() error) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("cannot listen: %w", err)
	}
	a.Addr[name] = l.Addr().String()
	a.closers = append(a.closers, stop)
	go serve(l) // stop ends it; if it ends otherwise, calls fail
	return nil
}

// Close ends the services.
func (a *App) Close() error {
	var errs []error
	for _, c := range slices.Backward(a.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
