package propagationtest

import (
	"net"
	"net/http"

	"google.golang.org/grpc"
)

// HTTPCallee is a stand-in for a service that the tested service calls over HTTP, without TLS. [Mesh.HTTP] starts
// one. Give its URL to the tested service.
type HTTPCallee struct {
	// URL is where the callee listens, without a slash at the end: "http://127.0.0.1:41234". For an External callee
	// it is "http://" and the external host.
	URL string
}

// GRPCCallee is a stand-in for a service that the tested service calls over gRPC, without TLS. [Mesh.GRPC] starts
// one. Give its Target to the tested service.
type GRPCCallee struct {
	// Target is the target for grpc.NewClient: "127.0.0.1:41234".
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

// CalleeOption changes one callee. Give it to [Mesh.HTTP] or [Mesh.GRPC].
type CalleeOption func(*callee)

// MayBeSilent allows that the service does not call this callee at all. Without it, at least one call must arrive, or
// the test fails with the kind NoCall. Calls that do arrive are judged as usual.
func MayBeSilent() CalleeOption { return func(c *callee) { c.quiet = true } }

// Calls sets how many calls each request must make to this callee. 0 means that the service must not call it. Without
// Calls, any number from one is right. The number is not judged in the case "at once", and not for requests that
// failed.
func Calls(n int) CalleeOption { return func(c *callee) { c.calls, c.quiet = n, n == 0 } }

// FailsFirst makes the callee refuse the first call of each request: with 503 over HTTP, and with Unavailable over
// gRPC. Use it for a service that retries. The second call must carry the headers, too.
func FailsFirst() CalleeOption { return func(c *callee) { c.failsFirst = true } }

// Answers sets the handler that answers the calls to an HTTP callee. Use it if the service needs a certain response.
// The default is status 200 and an empty JSON object. A gRPC callee ignores it; see [Registers].
func Answers(h http.Handler) CalleeOption { return func(c *callee) { c.answer = h } }

// RedirectsTo makes an HTTP callee answer with a redirect (307) to a URL, for example to the URL of an [External]
// callee.
func RedirectsTo(url string) CalleeOption { return func(c *callee) { c.redirect = url } }

// External makes the callee a host of another organization, with a host name: "api.partner.example". The test fails
// if the caller's credentials, its baggage, x-envoy-force-trace or a header of the option [Headers] arrives there.
// Trace headers may arrive there, but need not. With an External callee, each request has an Authorization and a
// Cookie header.
//
// The URL of an HTTP callee then has the host name. No DNS knows this name, so the service must connect with
// [Mesh.DialContext] or [Mesh.Transport]. The Target of a gRPC callee stays an address on loopback.
func External(host string) CalleeOption { return func(c *callee) { c.external, c.quiet = host, true } }

// Registers adds services with responses of their own to a gRPC callee. register calls the Register functions of
// generated code. All other methods are answered with an empty message. An HTTP callee ignores it; see [Answers].
func Registers(register func(grpc.ServiceRegistrar)) CalleeOption {
	return func(c *callee) { c.register = register }
}

// HTTP starts an HTTP callee on loopback. It runs until the Mesh is closed. name identifies the callee in failures.
// Start all callees before [Mesh.Drive]. HTTP panics if it cannot listen.
func (m *Mesh) HTTP(name string, opts ...CalleeOption) *HTTPCallee {
	c := m.add(name, false, opts)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { m.serveHTTP(c, w, r) })}
	m.listen(c, s.Serve, func() { s.Close() })
	if c.external != "" {
		return &HTTPCallee{URL: "http://" + c.external}
	}
	return &HTTPCallee{URL: "http://" + c.address}
}

// GRPC starts a gRPC callee on loopback that answers any method, unary or streaming, with an empty message. It runs
// until the Mesh is closed. name identifies the callee in failures. Start all callees before [Mesh.Drive]. GRPC
// panics if it cannot listen.
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
