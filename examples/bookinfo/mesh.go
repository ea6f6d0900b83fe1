package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/traceferry/traceferry/examples/bookinfo/ratingspb"
	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// calls are all that a request makes between the services, in the order of the table's columns.
var calls = []sidecar.Call{
	{Service: "productpage", Path: "/productpage"},
	{Caller: "productpage", Service: "details", Path: "/details"},
	{Caller: "productpage", Service: "reviews", Path: "/reviews"},
	{Caller: "reviews", Service: "ratings.Average", Path: ratingspb.Ratings_Average_FullMethodName, GRPC: true},
	{Caller: "ratings.Average", Service: "users.count", Path: "/users/count"},
	{Caller: "reviews", Service: "ratings.Each", Path: ratingspb.Ratings_Each_FullMethodName, GRPC: true},
	{Caller: "ratings.Each", Service: "users.names", Path: "/users/names"},
}

// mesh is the five services, each with a listener of its own and a proxy in front
// that has another.
type mesh struct {
	front   string // the URL of productpage's proxy
	proxies sidecar.Proxies
	closers []func() error
	err     error // the first; once there is one nothing more is started
}

// A saboteur may change what a service is given of a call that its proxy has judged, or
// fail the call: the tests' have to be found.
type saboteur = func(service string, h http.Header) error

// starter starts a mesh whose services carry what a Config says.
type starter = func(config propagation.Config, ledger *sidecar.Ledger, sabotage saboteur) (*mesh, error)

// startMesh starts the services of this program, from the last to the first, with one Propagator.
func startMesh(config propagation.Config, ledger *sidecar.Ledger, sabotage saboteur) (*mesh, error) {
	p, err := propagation.New(config)
	if err != nil {
		return nil, err
	}
	m := &mesh{proxies: sidecar.Proxies{Ledger: ledger, Calls: calls, Tamper: sabotage}}
	toUsers := m.startHTTP(users(p))
	toRatings := m.startGRPC(ratings(p, toUsers))
	toReviews := m.startHTTP(reviews(p, m.keep(dialRatings(p, toRatings))))
	toDetails := m.startHTTP(details(p))
	m.front = m.startHTTP(productpage(p, toDetails, toReviews))
	if m.err != nil {
		return nil, errors.Join(m.err, m.close())
	}
	return m, nil
}

// startHTTP serves a service and its proxy, and returns the proxy's URL.
func (m *mesh) startHTTP(service http.Handler) string { return m.frontHTTP(m.serveHTTP(service)) }

// frontHTTP serves the proxy of a service, and returns the proxy's URL.
func (m *mesh) frontHTTP(target *url.URL) string { return m.serveHTTP(m.proxies.HTTP(target)).String() }

func (m *mesh) serveHTTP(h http.Handler) *url.URL {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	return &url.URL{Scheme: "http", Host: m.listen(s.Serve, s.Close)}
}

// startGRPC serves a service and its proxy, and returns the proxy's address.
func (m *mesh) startGRPC(service *grpc.Server) string { return m.frontGRPC(m.serveGRPC(service)) }

// frontGRPC serves the proxy of a service, and returns the proxy's address.
func (m *mesh) frontGRPC(target string) string {
	conn := m.keep(grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials())))
	return m.serveGRPC(m.proxies.GRPC(conn))
}

func (m *mesh) serveGRPC(s *grpc.Server) (address string) {
	return m.listen(s.Serve, func() error { s.Stop(); return nil })
}

// keep returns a connection that is closed with the mesh.
func (m *mesh) keep(conn *grpc.ClientConn, err error) *grpc.ClientConn {
	if err != nil {
		m.err = cmp.Or(m.err, fmt.Errorf("cannot connect: %w", err))
		return nil
	}
	m.closers = append(m.closers, conn.Close)
	return conn
}

func (m *mesh) listen(serve func(net.Listener) error, close func() error) (address string) {
	if m.err != nil {
		return ""
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.err = fmt.Errorf("cannot listen: %w", err)
		return ""
	}
	m.closers = append(m.closers, close)
	go serve(l) // ends with close; whatever else ends it fails the calls
	return l.Addr().String()
}

// close ends all, the callers before the called.
func (m *mesh) close() error {
	var errs []error
	for _, c := range slices.Backward(m.closers) {
		errs = append(errs, c())
	}
	return errors.Join(errs...)
}
