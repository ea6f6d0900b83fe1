package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
)

// mesh is the four services, each with a listener of its own and a proxy in front
// that has another.
type mesh struct {
	front   string // the URL of productpage's proxy
	servers []*http.Server

	ledger *sidecar.Ledger
	around wrapper
	err    error // the first; once there is one nothing more is started
}

// A wrapper may put something between a proxy and its service: the tests' saboteurs.
type wrapper func(service string, h http.Handler) http.Handler

// startMesh starts the services, from the last to the first, with one Propagator.
func startMesh(p *propagation.Propagator, ledger *sidecar.Ledger, around wrapper) (*mesh, error) {
	m := &mesh{ledger: ledger, around: around}
	toRatings := m.start("reviews", "ratings", ratings(p))
	toReviews := m.start("productpage", "reviews", reviews(p, toRatings))
	toDetails := m.start("productpage", "details", details(p))
	m.front = m.start("", "productpage", productpage(p, toDetails, toReviews))
	if m.err != nil {
		return nil, errors.Join(m.err, m.close())
	}
	return m, nil
}

// start serves a service and its proxy, and returns the proxy's URL.
func (m *mesh) start(caller, service string, h http.Handler) string {
	if m.around != nil {
		h = m.around(service, h)
	}
	target := m.listen(service, h)
	return m.listen("the proxy of "+service, sidecar.NewProxy(m.ledger, caller, service, target)).String()
}

func (m *mesh) listen(name string, h http.Handler) *url.URL {
	if m.err != nil {
		return &url.URL{}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.err = fmt.Errorf("cannot start %s: %w", name, err)
		return &url.URL{}
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	m.servers = append(m.servers, s)
	go s.Serve(l) // ends with close; whatever else ends it fails the calls
	return &url.URL{Scheme: "http", Host: l.Addr().String()}
}

func (m *mesh) close() error {
	var errs []error
	for _, s := range m.servers {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}
