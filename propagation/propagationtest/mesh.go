package propagationtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/compare"
)

// Mesh is the surroundings of one service: its caller, the services that it calls, and the proxies before them. [New]
// or [Start] makes it. Its servers listen on loopback. Use a Mesh from one goroutine, for one service at a time.
type Mesh struct {
	t       testing.TB // nil: made by Start
	conf    config
	callees []*callee
	closers []func()

	owners compare.Owners
	usual  map[int]int       // calls that each kind of request always makes
	most   map[int]int       // the most calls that one has made
	sent   map[int]*exchange // requests that were answered, by id

	mu     sync.Mutex
	inbox  []call    // calls of the requests that are under way, in the order of arrival
	last   time.Time // when the last one arrived
	failed map[failedKey]bool
	losses []Loss // that the service's Propagator told since the last request

	observed atomic.Bool // Observer was called
}

// New returns a Mesh for a test. It is closed at the end of the test. A mistake in the options fails the test at
// once.
func New(t testing.TB, opts ...Option) *Mesh {
	t.Helper()
	m, err := Start(opts...)
	if err != nil {
		t.Fatal(err)
	}
	m.t = t
	t.Cleanup(m.Close)
	return m
}

// Start returns a Mesh without a test, for [Mesh.Check]. Call Close at the end. If the options have mistakes, Start
// returns an error that names them.
func Start(opts ...Option) (*Mesh, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return &Mesh{conf: c, usual: map[int]int{}, most: map[int]int{}, sent: map[int]*exchange{}}, nil
}

// Close stops the servers of the Mesh. A Mesh of [New] is closed at the end of the test. Close may be called twice.
func (m *Mesh) Close() {
	for _, c := range slices.Backward(m.closers) {
		c()
	}
	m.closers = nil
}

// Drive sends requests to a service, compares its calls with them, and reports each failure with t.Error. Start the
// callees first: [Mesh.HTTP] and [Mesh.GRPC]. The service is one of:
//
//   - an http.Handler. Drive serves it on loopback.
//   - a *grpc.Server with its services registered. Drive serves it on loopback, and stops it when the Mesh is closed.
//     It calls all methods, except those of gRPC's services health, reflection and channelz. To choose the methods,
//     use [Requests]. Drive always serves a *grpc.Server over gRPC, although it is an http.Handler, too.
//   - a string, the URL of a running service: "http://127.0.0.1:8080", or "grpc://127.0.0.1:9090" for gRPC without
//     TLS. A grpc:// URL needs [Requests].
//
// Drive shows at most 20 failures. A mistake that keeps the Mesh from sending requests is an error of the test, too.
// Drive panics for a Mesh of [Start], which has no test; use [Mesh.Check].
func (m *Mesh) Drive(service any) {
	if m.t == nil {
		panic("propagationtest: Drive needs a Mesh of New; use Check")
	}
	m.t.Helper()
	err := m.Check(m.t.Context(), service)
	var failures Failures
	if !errors.As(err, &failures) {
		if err != nil {
			m.t.Error(err)
		}
		return
	}
	for i, f := range failures {
		if i == shown {
			m.t.Errorf("and %d failures more", len(failures)-shown)
			break
		}
		m.t.Error(f)
	}
}

const shown = 20

// Check does what [Mesh.Drive] does, and returns an error instead of failing a test. It returns nil if all is well,
// and [Failures] if headers did not arrive as they should. It returns another error if a mistake kept the Mesh from
// sending requests, or if ctx ended.
func (m *Mesh) Check(ctx context.Context, service any) error {
	d, err := m.driverOf(service)
	if err != nil {
		return err
	}
	clear(m.usual)
	clear(m.most)
	clear(m.sent)
	var all []*exchange
	for _, c := range m.cases() {
		xs, err := m.do(ctx, d, c)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		all = append(all, xs...)
	}
	return m.judge(all)
}

// DialContext connects to [External] callees under their host names, and to all other addresses as net.Dialer does.
// Use it in the http.Transport of a service that calls an External callee. It is safe for concurrent use.
func (m *Mesh) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	for _, c := range m.callees {
		if host, _, _ := net.SplitHostPort(address); c.external != "" && host == c.external {
			address = c.address
		}
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Transport returns a new http.Transport that uses [Mesh.DialContext]. The Mesh closes its idle connections at the
// end.
func (m *Mesh) Transport() *http.Transport {
	t := &http.Transport{DialContext: m.DialContext}
	m.closers = append(m.closers, t.CloseIdleConnections)
	return t
}
