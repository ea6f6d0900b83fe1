package propagation

import (
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// Propagator carries headers as its Config says. It is compiled once, never changes
// and is safe for all goroutines. The nil Propagator and the zero Propagator carry nothing: each
// of their methods does nothing and returns what it was given. Only a decision about trust stays: the context
// keeps it, and httptrace.Rewrite and Transport apply it.
// A nil context stands for context.Background in all functions of this package.
//
// It is OpenTelemetry's propagation.TextMapPropagator.
type Propagator plan.Engine

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// New compiles a Config. The error joins a *ConfigError for every mistake: unknown
// or repeated formats, Emit of a format that cannot be written, limits out of
// range, and header names that may not be forwarded (Headers refuses credentials,
// hop-by-hop headers, proxies' and transports' own, and names that a format owns).
// The Config's slices are copied. The cost is linear in their length.
func New(c Config) (*Propagator, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	return (*Propagator)(plan.New(plan.Config{
		Formats: wireFormats(c.Formats), Emit: wireFormats(c.Emit), ReadOnly: wireFormats(c.ReadOnly),
		Headers: c.Headers, UnsafeHeaders: c.UnsafeHeaders,
		GenerateRequestID: c.GenerateRequestID, DropMalformed: c.DropMalformed, Reconcile: c.Reconcile, ASCIIOnly: c.ASCIIOnly,
		Deferred: wire.Sampling(c.Deferred), LocalSpan: localSpan(c.LocalSpan), Also: c.Also, Limits: capture.Limits(c.Limits.withDefaults()),
		Rules: rulesOf(c.Destinations), InternalHosts: c.InternalHosts, ReportOnly: c.DestinationsReportOnly,
		Observe: c.Observer.outcome(), Extracted: c.Observer.extracted(),
	})), nil
}

// MustNew is New for a Config that is written in the program: it panics where New
// returns an error.
func MustNew(c Config) *Propagator {
	p, err := New(c)
	if err != nil {
		panic(err)
	}
	return p
}
