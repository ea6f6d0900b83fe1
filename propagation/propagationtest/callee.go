package propagationtest

import (
	"net"
	"net/http"

	"google.golang.org/grpc"
)

// HTTPCallee is a service that the tested service calls over HTTP.
type HTTPCallee struct {
	// URL is where it listens, without a slash at the end: "http://127.0.0.1:41234". For an External callee it is
	// "http://" and the external host.
	URL string
}

// GRPCCallee is a service that the tested service calls over gRPC, without TLS.
type GRPCCallee struct {
	// Target is for grpc.NewClient: "127.0.0.1:41234".
	Target string
}

// callee is a stand-in: the called service and the proxy before it.
type callee struct {
	name     string
	grpc     bool
	address  string
	external string // its host name; "": internal

	quiet      bool // may be called or not
	calls      int  // expected for each request; -1: any number
	failsFirst bool
	redirect   string
	answer     http.Handler
	register   func(grpc.ServiceRegistrar)
}

// CalleeOption changes one callee.
type CalleeOption func(*callee)

// MayBeSilent says that the service need not call this callee. By default at least one call must arrive.
func MayBeSilent() CalleeOption { return func(c *callee) { c.quiet = true } }

// Calls says how many calls each request makes to this callee. Zero: it must not be called.
func Calls(n int) CalleeOption { return func(c *callee) { c.calls, c.quiet = n, n == 0 } }

// FailsFirst makes the callee refuse the first call of each request: 503 over HTTP, Unavailable over gRPC. It is for a service that
// retries. The second call is judged as the first.
func FailsFirst() CalleeOption { return func(c *callee) { c.failsFirst = true } }

// Answers sets what an HTTP callee answers. The default is 200 and an empty JSON object.
func Answers(h http.Handler) CalleeOption { return func(c *callee) { c.answer = h } }

// RedirectsTo makes an HTTP callee answer with a redirect (307) to a URL, for instance to that of an [External] callee.
func RedirectsTo(url string) CalleeOption { return func(c *callee) { c.redirect = url } }

// External says that the callee belongs to somebody else, and gives its host name: "api.partner.example". Its URL has that name, which no DNS
// has to know: the service's transport uses [Mesh.DialContext]. Nothing has to arrive there. The caller's credentials, baggage, and [Headers]
// must not arrive there.
func External(host string) CalleeOption { return func(c *callee) { c.external, c.quiet = host, true } }

// Registers adds services with their own answers to a gRPC callee. All other methods are answered with an empty message.
func Registers(register func(grpc.ServiceRegistrar)) CalleeOption {
	return func(c *callee) { c.register = register }
}

// HTTP starts a callee on loopback. The name is used in failures. It panics if it cannot listen.
func (m *Mesh) HTTP(name string, opts ...CalleeOption) *HTTPCallee {
	c := m.add(name, false, opts)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.serveHTTP(c, w, r) })}
	m.listen(c, s.Serve, func() { s.Close() })
	if c.external != "" {
		return &HTTPCallee{URL: "http://" + c.external}
	}
	return &HTTPCallee{URL: "http://" + c.address}
}

// GRPC starts a callee on loopback that answers any method, unary or streaming. The name is used in failures. It panics if it
// cannot listen.
func (m *Mesh) GRPC(name string, opts ...CalleeOption) *GRPCCallee {
	c := m.add(name, true, opts)
	s := m.grpcServer(c)
	m.listen(c, s.Serve, s.Stop)
	return &GRPCCallee{Target: c.address}
}

func (m *Mesh) add(name string, grpc bool, opts []CalleeOption) *callee {
	c := &callee{name: name, grpc: grpc, calls: -1}
	for _, opt := range opts {
		opt(c)
	}
	m.callees = append(m.callees, c)
	return c
}

func (m *Mesh) listen(c *callee, serve func(net.Listener) error, stop func()) {
	c.address = m.serve(serve, stop)
}

// serve listens on loopback until the Mesh is closed.
func (m *Mesh) serve(serve func(net.Listener) error, stop func()) (address string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("propagationtest: " + err.Error())
	}
	ended := make(chan struct{})
	go func() { defer close(ended); serve(l) }()
	m.closers = append(m.closers, func() { stop(); <-ended })
	return l.Addr().String()
}
