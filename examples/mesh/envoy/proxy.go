package envoy

// Proxy is one Envoy: the service that it belongs to, its listeners, and the address to which it reports spans.
type Proxy struct {
	Service   string // the service name in its spans
	Listeners []Listener
	Tracer    Tracer
	Tracing   *Tracing // fields that replace the defaults; may be nil
	Collector string   // host:port of the tracer's collector
	AccessLog string   // the file name
}

// Direction is the side of an application on which a listener is. An outbound listener makes client spans, an inbound
// listener makes server spans.
type Direction string

const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Listener accepts HTTP/1 and HTTP/2, and sends requests to the upstreams of its routes.
type Listener struct {
	Addr      string // host:port
	Direction Direction
	// Edge uses the peer's address as the caller's address, as an ingress does. A sidecar trusts x-forwarded-for.
	Edge bool
	// Internal are the address ranges of trusted callers. By default, Envoy trusts none.
	Internal []string
	Sampling Sampling
	Routes   []Route
}

// Sampling has the percentages of requests that start a trace: by random choice, of all requests, and of those that ask
// for it with x-client-trace-id.
type Sampling struct{ Random, Overall, Client float64 }

// Always traces every request. OnDemand traces only requests that ask for it.
var (
	Always   = Sampling{100, 100, 100}
	OnDemand = Sampling{0, 100, 100}
)

// Route sends requests with a host and a path to an upstream.
type Route struct {
	Name     string // of the call; spans have this name
	Host     string // "*" means any host
	Prefix   string // of the path
	Upstream string // host:port
	HTTP2    bool   // whether the upstream speaks HTTP/2
}
