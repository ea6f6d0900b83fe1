package plan_test

import (
	"context"
	"slices"

	"github.com/traceferry/traceferry/internal/requests"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// casesOfConfig is the number of consecutive cases with one Config. Its Propagators serve all of them.
const casesOfConfig = 8

// compiled is a Config with the Propagators that the cases have made from it.
type compiled struct {
	requests.Source
	n      int
	config propagation.Config
	made   map[string]*propagation.Propagator
}

func newCompiled(s requests.Source, n int) *compiled {
	c := &compiled{Source: s, n: n, made: map[string]*propagation.Propagator{}}
	for {
		c.config = c.randomConfig()
		if p, err := propagation.New(c.config); err == nil {
			c.made[""] = p
			return c
		}
	}
}

// propagator returns the Propagator with a name. change changes its Config and may be nil.
func (w *compiled) propagator(name string, change func(*propagation.Config)) *propagation.Propagator {
	if w.made[name] == nil {
		config := w.config
		change(&config)
		w.made[name] = propagation.MustNew(config)
	}
	return w.made[name]
}

// other is the Propagator of another library in the service.
func (w *compiled) other() *propagation.Propagator {
	return w.propagator("other", func(config *propagation.Config) {
		*config = propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-company-id", "x-user", "x-noise"}, UnsafeHeaders: []string{"authorization"},
			Aliases: []propagation.FormatAlias{{Format: propagation.W3C, Name: aliasOf(propagation.W3C)}, {Format: propagation.B3Single, Name: "x-other-b3"}}}
	})
}

// othersFormat is an OpenTelemetry propagator for Config.Also.
type othersFormat struct{}

func (othersFormat) Inject(_ context.Context, c otelprop.TextMapCarrier) {
	c.Set("x-others-format", "1")
}
func (othersFormat) Extract(ctx context.Context, _ otelprop.TextMapCarrier) context.Context {
	return ctx
}
func (othersFormat) Fields() []string { return []string{"x-others-format"} }

// hosts are internal and external destinations, with rules and without.
var hosts = []string{
	"reviews:9080", "reviews", "a.corp.example", "api.partner.example:443", "api.partner.example:80", "evil.example", "10.1.2.3", "8.8.8.8:80",
	"[fd00::1]:80", "ratings.default.svc", "ratings.default", "API.Partner.Example", "localhost:1",
}

var patterns = []string{
	"reviews", "*.corp.example", "a.corp.example", "api.partner.example", "api.partner.example:443", "10.0.0.0/8", "8.8.8.8", "<internal>",
	"<single-label>", "*", "*:80", "*.svc", "ratings.default",
}

// randomConfig returns a random Config, which may be invalid in a few cases.
func (w *compiled) randomConfig() propagation.Config {
	c := propagation.Config{
		Emit: w.formats(encoded, 4), GenerateRequestID: w.OneIn(6), DropMalformed: w.OneIn(4), Reconcile: w.OneIn(4), ASCIIOnly: w.OneIn(6),
		Deferred: propagation.Sampling(max(0, w.IntN(6)-3)), DestinationsReportOnly: w.OneIn(6),
	}
	switch w.IntN(3) {
	case 0:
		c.Formats = propagation.AllFormats()
		w.Shuffle(len(c.Formats), func(i, j int) { c.Formats[i], c.Formats[j] = c.Formats[j], c.Formats[i] })
	case 1:
		c.Formats = w.formats(propagation.AllFormats(), 8)
	}
	carried := c.Formats
	if carried == nil {
		carried = propagation.AllFormats()[:8]
	}
	for _, f := range w.formats(decoded, 3) {
		if !slices.Contains(carried, f) && !slices.Contains(c.Emit, f) {
			c.ReadOnly = append(c.ReadOnly, f)
		}
	}
	c.GenerateRequestID = c.GenerateRequestID && slices.Contains(carried, propagation.RequestID)
	for _, name := range []string{"X-Tenant", "x-user", "x-company-*", "x-data-bin"} {
		if w.OneIn(3) {
			c.Headers = append(c.Headers, name)
		}
	}
	for _, name := range []string{"authorization", "x-envoy-retry-on"} {
		if w.OneIn(6) {
			c.UnsafeHeaders = append(c.UnsafeHeaders, name)
		}
	}
	if w.OneIn(4) {
		c.LocalSpan = func(ctx context.Context) (propagation.SpanContext, bool) {
			sc, ok := ctx.Value(localKey{}).(propagation.SpanContext)
			return sc, ok
		}
	}
	if w.OneIn(12) {
		c.Also = []otelprop.TextMapPropagator{othersFormat{}}
	}
	if w.OneIn(6) {
		c.Limits = propagation.Limits{HeaderBytes: 1 + w.IntN(600), TotalBytes: 1 + w.IntN(2000), Lines: 1 + w.IntN(20), MetadataBytes: 1 + w.IntN(2000)}
	}
	for _, host := range []string{"*.corp.example", "ratings.default", "8.8.8.0/24"} {
		if w.OneIn(8) {
			c.InternalHosts = append(c.InternalHosts, host)
		}
	}
	if w.OneIn(3) {
		w.addAliases(&c)
	}
	if w.OneIn(4) {
		c.RoutingKeys, c.TrustRoutingKeys = requests.Pick(w.Source, [][]string{{"tenant"}, {"user", "plan"}, {"sd-routing-key"}}), w.OneIn(2)
	}
	if w.OneIn(2) {
		w.addRules(&c)
	}
	return c
}

// addRules adds rules for some of the host patterns.
func (w *compiled) addRules(c *propagation.Config) {
	free := slices.Clone(patterns)
	w.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	for range 1 + w.IntN(4) {
		n := 1 + w.IntN(2)
		d := propagation.Destination{Hosts: free[:n], Formats: w.formats(propagation.AllFormats(), 6)}
		free = free[n:]
		if w.OneIn(2) {
			d.OnlySampled = w.formats(propagation.AllFormats(), 3)
			d.OnlySampled = slices.DeleteFunc(d.OnlySampled, func(f propagation.Format) bool { return d.Formats != nil && !slices.Contains(d.Formats, f) })
		}
		switch w.IntN(4) {
		case 0:
			d.Baggage = requests.Pick(w.Source, [][]string{{"*"}, {"tenant"}, {"user", "plan"}, {}})
		case 1:
			d.Headers = []string{"*"}
		case 2:
			d.Headers = slices.Clone(c.Headers[:min(1, len(c.Headers))])
		}
		c.Destinations = append(c.Destinations, d)
	}
}

// formats returns up to n of the given formats in any order. It may return nil, an empty slice, or a list.
func (w *compiled) formats(from []propagation.Format, n int) []propagation.Format {
	switch w.IntN(4) {
	case 0, 1:
		return nil
	case 2:
		if w.OneIn(2) {
			return []propagation.Format{}
		}
	}
	some := slices.Clone(from)
	w.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
	return some[:1+w.IntN(n)]
}
