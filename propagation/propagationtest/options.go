package propagationtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/traceferry/traceferry/propagation"
)

// Option changes the requests that a Mesh sends and the calls that it expects. If several options set the same thing,
// the last one counts.
type Option func(*config)

type config struct {
	formats  []propagation.Format // must be carried
	optional []propagation.Format // sent, and judged where they arrive
	headers  []string
	assumed  bool // formats are those of the zero Config, because no option names them
	added    []propagation.Format
	requests []Request
	spans    bool
	oldEnvoy bool
	atOnce   int
	wait     time.Duration
	timeout  time.Duration
	only     string // the name of one case
}

func newConfig(opts []Option) (config, error) {
	c := config{atOnce: 32, wait: 300 * time.Millisecond, timeout: 10 * time.Second}
	for _, opt := range opts {
		opt(&c)
	}
	if c.formats == nil {
		c.formats, c.assumed = propagation.AllFormats()[:8], true
		for _, f := range propagation.AllFormats()[8:] {
			if !c.spans {
				c.optional = append(c.optional, f)
			}
		}
	}
	var errs []error
	for _, f := range slices.Concat(c.formats, c.added) {
		if !slices.Contains(propagation.AllFormats(), f) {
			errs = append(errs, fmt.Errorf("propagationtest: %v is no format", f))
		}
	}
	if c.atOnce < 0 || c.wait < 0 || c.timeout <= 0 {
		errs = append(errs, errors.New("propagationtest: AtOnce and Wait must not be negative, and Timeout must be positive"))
	}
	if c.only != "" && !slices.ContainsFunc(allCases(), func(k Case) bool { return k.Name == c.only }) {
		errs = append(errs, fmt.Errorf("propagationtest: there is no case %q", c.only))
	}
	return c, errors.Join(errs...)
}

// Formats sets the formats that the service must carry. Requests have only their headers. Without arguments, requests
// have no headers of a format.
func Formats(formats ...propagation.Format) Option {
	return func(c *config) { c.formats, c.optional = append([]propagation.Format{}, formats...), nil }
}

// Carries sets the headers that the service must carry to those of a propagation.Config, for example preset.Istio():
// its Formats, Headers and UnsafeHeaders. Requests have only these headers. Calls may also have the formats of Emit,
// as with [MayAdd]. Carries ignores the other fields of the Config.
func Carries(p propagation.Config) Option {
	return func(c *config) {
		if c.formats, c.optional = slices.Clone(p.Formats), nil; p.Formats == nil {
			c.formats = slices.Clone(propagation.AllFormats()[:8])
		}
		c.headers = slices.Concat(p.Headers, p.UnsafeHeaders)
		c.added = slices.Clone(p.Emit)
	}
}

// Headers sets further headers that the service must carry, in addition to the formats. They must not arrive at an
// [External] callee.
func Headers(names ...string) Option {
	return func(c *config) { c.headers = names }
}

// MayAdd allows calls to have headers of these formats that the request did not have. Use it for a service that
// translates between formats. These headers must name the request's trace.
func MayAdd(formats ...propagation.Format) Option {
	return func(c *config) { c.added = formats }
}

// Spans is for a service with a tracer, which writes its own spans into the trace headers. All trace headers of a
// call must then name one span of the request's trace, and its parent must be possible. Other headers must arrive as
// they were sent. By default W3C and baggage must be carried, as OpenTelemetry's SDK does. To change that, use
// [Formats] or [Carries], too.
func Spans() Option {
	return func(c *config) {
		c.spans = true
		if c.formats == nil {
			c.formats = []propagation.Format{propagation.W3C, propagation.Baggage}
		}
	}
}

// OldEnvoy is for a service behind an Envoy before 1.40 with the Zipkin tracer. Such an Envoy writes x-b3-*, and
// leaves an old b3 beside it. The next Envoy prefers the b3. So with OldEnvoy, the service must not send a b3 that
// names another span than x-b3-*.
func OldEnvoy() Option { return func(c *config) { c.oldEnvoy = true } }

// Request is one request that the Mesh sends to the service; see [Requests]. The Mesh adds trace headers to it. The
// zero Request is GET / over HTTP.
type Request struct {
	Method string      // the HTTP method; empty: GET
	Path   string      // the HTTP path with a query; empty: "/"; or the full gRPC method: "/bookinfo.Ratings/Average"
	Header http.Header // more headers
	Body   []byte      // the HTTP body, or the gRPC message as protobuf; empty: a message without fields
}

// Requests sets the requests that the Mesh sends. Each case sends all of them, with other trace headers. The default
// is GET / for HTTP services, and an empty message to each method of a *grpc.Server. Use it if these requests do not
// make the service call its callees.
func Requests(requests ...Request) Option {
	return func(c *config) { c.requests = requests }
}

// AtOnce sets how many requests are under way at once in the case "at once". The default is 32. 0 skips the case. A
// negative number is a mistake.
func AtOnce(n int) Option { return func(c *config) { c.atOnce = n } }

// Wait sets how long the Mesh waits for calls that the service makes after its response, in goroutines. The default is
// 300 ms. The Mesh waits less if a request has made as many calls as requests of its kind usually make. It waits
// longer for the first call to a callee. A negative duration is a mistake.
func Wait(d time.Duration) Option { return func(c *config) { c.wait = d } }

// Timeout sets how long the service may take to answer a request. The default is 10 s. It must be positive.
func Timeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// only runs one case.
func only(name string) Option { return func(c *config) { c.only = name } }
