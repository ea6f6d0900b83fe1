package envoy

// Proxy is one Envoy: the service that it stands for, where it listens, and where it reports spans.
type Proxy struct {
	Service   string // the name that its spans bear
	Listeners []Listener
	Tracer    Tracer
	Tracing   *Tracing // fields to set otherwise; nil: none
	Collector string   // host:port of the tracer's collector
	AccessLog string   // the file
}

// Direction is the side of an application on which a listener stands. Spans of an
// outbound listener are a client's, those of an inbound one a server's.
type Direction string

const (
	Inbound  Direction = "inbound"
	Outbound Direction = "outbound"
)

// Listener takes HTTP/1 and HTTP/2 and sends requests on by its routes.
type Listener struct {
	Addr      string // host:port
	Direction Direction
	// Edge takes the peer's address for the caller's, as an ingress does; a sidecar
	// trusts x-forwarded-for.
	Edge bool
	// Internal are address ranges whose callers are trusted. Envoy has none by default.
	Internal []string
	Sampling Sampling
	Routes   []Route
}

// Sampling is what share of requests starts a trace, in percent: at random, of all, and
// of those that ask for it with x-client-trace-id.
type Sampling struct{ Random, Overall, Client float64 }

// Always traces every request; OnDemand those alone that ask for it.
var (
	Always   = Sampling{100, 100, 100}
	OnDemand = Sampling{0, 100, 100}
)

// Route sends on what has a host and a path.
type Route struct {
	Name     string // of the call, which spans bear
	Host     string // "*": any
	Prefix   string // of the path
	Upstream string // host:port
	HTTP2    bool   // is spoken to the upstream
}
