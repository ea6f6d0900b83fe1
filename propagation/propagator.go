package propagation

import (
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// Propagator carries headers as its [Config] says. Make one with [New] or [MustNew]. It never changes afterwards, and
// is safe for concurrent use. It implements OpenTelemetry's propagation.TextMapPropagator.
//
// The nil Propagator and the zero Propagator carry nothing. Their methods do nothing and return what they were given.
// Only a trust decision is kept: it stays in the context, and httptrace.Rewrite and Transport apply it.
//
// In all functions of this package, a nil context means context.Background.
type Propagator plan.Engine

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// New returns a Propagator for a Config. Its error joins one [*ConfigError] for every mistake. Examples of mistakes
// are:
//
//   - unknown or repeated formats
//   - formats in Emit that have no encoder, and formats in ReadOnly that name no span
//   - limits out of range
//   - invalid or repeated patterns of hosts
//   - header names that may not be forwarded: credentials in Headers, hop-by-hop headers, headers of proxies and
//     transports, and names that a format owns
//
// New copies the Config's slices. Its cost is linear in their length.
func New(c Config) (*Propagator, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	public := c.clone()
	aliases, headerAliases := c.planAliases()
	return (*Propagator)(plan.New(plan.Config{
		Formats: wireFormats(c.Formats), Emit: wireFormats(c.Emit), ReadOnly: wireFormats(c.ReadOnly),
		Headers: c.Headers, UnsafeHeaders: c.UnsafeHeaders, Aliases: aliases, HeaderAliases: headerAliases,
		RoutingKeys: c.RoutingKeys, TrustRoutingKeys: c.TrustRoutingKeys,
		GenerateRequestID: c.GenerateRequestID, DropMalformed: c.DropMalformed, Reconcile: c.Reconcile, ASCIIOnly: c.ASCIIOnly,
		Deferred: wire.Sampling(c.Deferred), LocalSpan: localSpan(c.LocalSpan), Also: c.Also, Limits: capture.Limits(c.Limits.withDefaults()),
		Rules: rulesOf(c.Destinations), InternalHosts: c.InternalHosts, ReportOnly: c.DestinationsReportOnly,
		Observe: c.Observer.outcome(), Extracted: c.Observer.extracted(), Lost: c.Observer.lost(),
		Public: &public,
	})), nil
}

// MustNew is [New] for a Config that is written in the program. It panics where New returns an error.
func MustNew(c Config) *Propagator {
	p, err := New(c)
	if err != nil {
		panic(err)
	}
	return p
}
