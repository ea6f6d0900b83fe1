package propagationtest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/traceferry/traceferry/propagation"
)

// Option changes what a Mesh sends and expects. Of several that say the same thing the last counts.
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

// Formats says which formats the service must carry. Only their headers are sent. Without arguments, no format is sent.
func Formats(formats ...propagation.Format) Option {
	return func(c *config) { c.formats, c.optional = append([]propagation.Format{}, formats...), nil }
}

// Carries says that the service must carry what a propagation.Config carries, for instance preset.Istio(): its
// Formats, Headers and UnsafeHeaders. Only these headers are sent. Formats of Emit may be added.
func Carries(p propagation.Config) Option {
	return func(c *config) {
		if c.formats, c.optional = slices.Clone(p.Formats), nil; p.Formats == nil {
			c.formats = slices.Clone(propagation.AllFormats()[:8])
		}
		c.headers = slices.Concat(p.Headers, p.UnsafeHeaders)
		c.added = slices.Clone(p.Emit)
	}
}

// Headers names headers beside the formats that the service must carry.
func Headers(names ...string) Option {
	return func(c *config) { c.headers = names }
}

// MayAdd says that calls may have headers of these formats though the request had none, as a service that translates
// between formats does. They must name the request's trace.
func MayAdd(formats ...propagation.Format) Option {
	return func(c *config) { c.added = formats }
}

// Spans says that the service has a tracer, which writes its own spans into the trace headers. Then all trace headers of a call must name
// one span of the request's trace, with a parent that is possible. Other headers must arrive as they came. By default W3C and baggage
// must be carried, as OpenTelemetry's SDK does; see [Formats].
func Spans() Option {
	return func(c *config) {
		c.spans = true
		if c.formats == nil {
			c.formats = []propagation.Format{propagation.W3C, propagation.Baggage}
		}
	}
}

// OldEnvoy says that the service runs behind an Envoy before 1.40 whose tracer is Zipkin. Such an Envoy writes x-b3-*, leaves an old b3
// beside it, and the next one prefers the b3. So the service must not send a b3 that names another span than x-b3-*.
func OldEnvoy() Option { return func(c *config) { c.oldEnvoy = true } }

// Request is one kind of request that the Mesh sends. Trace headers are added to it.
type Request struct {
	Method string      // of HTTP; empty: GET
	Path   string      // with a query; empty: "/". For gRPC the full method: "/bookinfo.Ratings/Average"
	Header http.Header // further headers
	Body   []byte      // for gRPC the protobuf message; empty: a message without fields
}

// Requests says what to send. Each case sends all of them. By default HTTP services get GET /, and gRPC servers an empty message
// to each method.
func Requests(requests ...Request) Option {
	return func(c *config) { c.requests = requests }
}

// AtOnce sets how many requests are under way at once in the case "at once". The default is 32; 0 skips the case.
func AtOnce(n int) Option { return func(c *config) { c.atOnce = n } }

// Wait sets how long the Mesh waits, after an answer, for calls that the service makes in the background. The
// default is 300 ms. Once a kind of request has made its usual number of calls, the Mesh goes on at once.
func Wait(d time.Duration) Option { return func(c *config) { c.wait = d } }

// Timeout sets how long a request may take. The default is 10 s.
func Timeout(d time.Duration) Option { return func(c *config) { c.timeout = d } }

// only runs one case.
func only(name string) Option { return func(c *config) { c.only = name } }
