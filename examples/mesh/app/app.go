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
	Addr    map[string]string // where each listens
	Hops    *Hops             // what they got and sent
	closers []func() error
}

// Start starts the services. Each makes its calls by its sidecar, whose address outbound
// has. The nil Propagator makes an application that forwards nothing.
func Start(p *propagation.Propagator, outbound map[string]string) (*App, error) {
	hops := new(Hops)
	conn, err := dialRatings(p, hops, outbound["reviews"])
	if err != nil {
		return nil, fmt.Errorf("cannot connect: %w", err)
	}
	a := &App{Addr: map[string]string{}, Hops: hops, closers: []func() error{conn.Close}}
	err = errors.Join(
		a.serve("productpage", productpage(p, hops.transport(via(outbound["productpage"])))),
		a.serve("details", details(p)),
		a.serve("reviews", reviews(p, conn)),
		a.serveGRPC("ratings", ratings(p, hops.transport(via(outbound["ratings"])), hops.server())),
		a.serve("users", users(p)),
	)
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) serve(name string, h http.Handler) error {
	s := &http.Server{Handler: a.Hops.handler(h), ReadHeaderTimeout: 10 * time.Second}
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
	go serve(l) // ends with stop; whatever else ends it fails the calls
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
