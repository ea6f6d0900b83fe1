package propagationtest

import (
	"net/http"
	"slices"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/internal/sidecar"
	"github.com/traceferry/traceferry/propagation"
)

// Case is one kind of request that a Mesh sends. [Cases] lists them.
type Case struct {
	Name        string // such as "each format alone"; failures name it
	Explanation string // what the Mesh sends, and what a service has to do

	sends  func(c *config, i int, from samples.Caller) http.Header // nil: all headers
	count  func(c *config) int                                     // how many; nil: one
	runs   func(c *config) bool                                    // nil: always
	tracer *sidecar.Tracer                                         // of the proxy before the service and of those before its callees
	atOnce bool
}

// Cases returns the kinds of requests that a Mesh with these options sends, in order. Use it to read what is tested.
// It panics on a mistake in the options.
func Cases(opts ...Option) []Case {
	m, err := Start(opts...)
	if err != nil {
		panic(err)
	}
	return m.cases()
}

func (m *Mesh) cases() []Case {
	return slices.DeleteFunc(allCases(), func(c Case) bool {
		return c.runs != nil && !c.runs(&m.conf) || m.conf.only != "" && c.Name != m.conf.only && !m.learns(c)
	})
}

// learns reports whether a case is run before "at once" to learn how many calls a request makes.
func (m *Mesh) learns(c Case) bool {
	return c.Name == "everything" && m.conf.only == "at once"
}

func allCases() []Case {
	cases := []Case{
		{
			Name:        "everything",
			Explanation: "One request has all headers, which name one span. Each call must carry those that the service must forward, line by line.",
		},
		{
			Name: "each format alone",
			Explanation: "For each format, one request has the headers of that format alone. A call must carry them and must not invent others: " +
				"an invented b3: 0 makes a proxy drop the trace.",
			count: func(c *config) int { return len(c.sent()) },
			sends: func(c *config, i int, from samples.Caller) http.Header { return samples.Headers(from, c.sent()[i:i+1]) },
		},
		{
			Name:        "nothing",
			Explanation: "A request has no trace header and follows one that had all. Its calls must have none, and no empty ones. A new x-request-id is allowed.",
			runs:        verbatim,
			count:       func(*config) int { return 2 },
			sends: func(c *config, i int, from samples.Caller) http.Header {
				if i == 0 {
					return everything(c, 0, from)
				}
				return http.Header{}
			},
		},
		{
			Name:        "open decisions",
			Explanation: "Requests have an open decision, a denied decision, or a decision without ids. A call must have the same: an invented decision changes what is recorded.",
			runs:        verbatim,
			count:       func(*config) int { return 3 },
			sends:       undecided,
		},
		{
			Name:        "unusual values",
			Explanation: "The values are legal but rare: 64-bit ids, a later version of traceparent, keys of tracestate's level 2, upper case, extra fields. A service without a tracer must forward them unchanged.",
			runs:        verbatim,
			sends:       unusual,
		},
		{
			Name:        "old b3",
			Explanation: "An Envoy before 1.40 wrote x-b3-* and did not change the received b3. The next Envoy prefers b3, so a call must not have the old b3.",
			runs: func(c *config) bool {
				return c.oldEnvoy && c.carries(propagation.B3Single) && c.carries(propagation.B3Multi)
			},
			sends: func(c *config, _ int, from samples.Caller) http.Header {
				return samples.Headers(from, []propagation.Format{propagation.B3Single, propagation.B3Multi})
			},
			tracer: sidecar.EnvoyZipkin,
		},
	}
	for _, p := range proxies {
		cases = append(cases, p.asCase())
	}
	return append(cases, Case{
		Name:        "at once",
		Explanation: "Many requests are under way at once, each with ids of its own. No call may carry a header of another request.",
		runs:        func(c *config) bool { return c.atOnce > 0 },
		count:       func(c *config) int { return c.atOnce },
		atOnce:      true,
	})
}

// proxy is a proxy whose tracer advances the span of a format.
type proxy struct {
	tracer  *sidecar.Tracer
	formats []propagation.Format // it reads the first
}

var proxies = []proxy{
	{sidecar.EnvoyOpenTelemetry, []propagation.Format{propagation.W3C}},
	{sidecar.EnvoyZipkin, []propagation.Format{propagation.B3Multi}},
	{sidecar.EnvoyDatadog, []propagation.Format{propagation.Datadog, propagation.W3C}},
	{sidecar.EnvoyXRay, []propagation.Format{propagation.XRay}},
	{sidecar.EnvoySkyWalking, []propagation.Format{propagation.SkyWalking}},
	{sidecar.EnvoyOpenCensus, []propagation.Format{propagation.GRPCTraceBin}},
	{sidecar.CloudRun, []propagation.Format{propagation.W3C, propagation.CloudTrace}},
	{sidecar.Linkerd, []propagation.Format{propagation.W3C}},
}

func (p proxy) asCase() Case {
	return Case{
		Name:        "behind " + p.tracer.Name,
		Explanation: "The proxy before the service starts a span and writes it into its format. The proxy before each callee must find that span.",
		runs:        func(c *config) bool { return slices.Contains(c.formats, p.formats[0]) },
		sends: func(c *config, _ int, from samples.Caller) http.Header {
			formats := slices.Clone(p.formats)
			return samples.Headers(from, slices.DeleteFunc(formats, func(f propagation.Format) bool { return !c.carries(f) }))
		},
		tracer: p.tracer,
	}
}

func verbatim(c *config) bool { return !c.spans }

// sent are the formats that requests have.
func (c *config) sent() []propagation.Format { return slices.Concat(c.formats, c.optional) }

func (c *config) carries(f propagation.Format) bool { return slices.Contains(c.sent(), f) }

func everything(c *config, _ int, from samples.Caller) http.Header {
	h := samples.Headers(from, c.sent())
	for _, name := range c.headers {
		h.Set(name, name+" of "+from.SpanID())
	}
	return h
}
