package propagation

import (
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel/propagation"
)

// Propagator carries headers as its [Config] says. Make one with [New] or [MustNew], usually one for the whole
// program. It never changes afterwards, and is safe for concurrent use. It implements OpenTelemetry's
// propagation.TextMapPropagator.
//
// The nil Propagator and the zero Propagator carry nothing. Their methods do nothing and return the context that they
// were given. Only a trust decision is kept. It stays in the context, and httptrace.Rewrite and Transport apply it.
//
// In all functions of this package, a nil context means context.Background.
//
// # Without a local span
//
// Without a local span, a call carries the received headers byte for byte: every line of every header, and also
// values that do not parse. Inject invents nothing, and sends no empty header. It leaves out four kinds of lines, and
// counts them in [Stats]:
//
//   - TooLarge: lines that exceed Limits.
//   - Unsendable: values that the transport does not allow.
//   - Stale: a b3 that is older than the x-b3-* of the same request, or malformed beside valid x-b3-*; see [Stale].
//   - Malformed: with Config.DropMalformed, every trace format that does not parse.
//
// A format is sent as a whole. If one of its lines with ids or a sampling decision cannot be sent, none of its lines
// is sent. Other lines are sent or left out line by line: baggage in all its forms, tracestate, Config.Headers and
// x-request-id.
//
// # With a local span
//
// A local span is one that OpenTelemetry, or Config.LocalSpan, reports as running in the context. With a local span,
// a call carries that span's ids and decision in every received trace format and in every format of Config.Emit.
// Formats with 64-bit trace ids get the low half of the trace id.
//
// Inject needs a format to write. If Emit is nil and no format with ids was received, it writes the first format of
// Config.Formats that has an encoder. It does the same if the destination allows no received format with ids.
//
// If a received format names the same trace, Inject keeps these values beside the span's ids:
//
//   - tracestate, with the span's changes to it
//   - Datadog's origin and tags, in W3C's tracestate too
//   - Self of X-Ray
//   - debug, while the span is still sampled
//
// Inject always keeps Lineage of X-Ray. Formats that name no span are sent verbatim, with or without a local span:
// request id, baggage, and the formats that are only carried. Inject first removes all fields of a format that it
// writes.
//
// # Which span is local
//
//	active in the context                    local  outgoing headers
//	the caller's span, from Extract          no     the received headers
//	a remote span of another propagator      no     the received headers
//	a span of a no-op provider               no     the received headers: a no-op span repeats the caller's ids
//	a span that is sampled                   yes    the span, with its parent id if the span exposes it
//	a span that is recorded, not sampled     yes    the span, not sampled
//	a span that the SDK dropped              yes    the span, not sampled, without a parent id
//	a span that has ended, until replaced    yes    the span
//	a span of another trace: a restart       yes    the span; of the old trace only X-Ray's Lineage
//	no span, received b3: 0                  no     b3: 0; no Emit, because there are no ids
//	a span, received b3: 0                   yes    the span, with its sampler's decision: b3: 0 names no parent
//	a parent-based span, open decision       yes    the span, not sampled: Config.Deferred is Denied by default
//	the same with Deferred: Accepted         yes    the span, sampled
//	no span, Emit, malformed header of Emit  no     Emit, written from another valid format
//	no span, Emit, another malformed header  no     Emit, and the malformed header unchanged
//	a span, and a malformed header           yes    the span, in place of the malformed header
//
// Middleware, interceptors, ExtractHTTP and ExtractMetadata leave a valid local span active. Extract is
// OpenTelemetry's method. It hides the local span behind the caller's span, as OpenTelemetry's own propagators do.
type Propagator plan.Engine

var _ propagation.TextMapPropagator = (*Propagator)(nil)

// New returns a Propagator for a Config. If the Config has mistakes, New returns nil and an error that joins one
// [*ConfigError] for every mistake. Mistakes are, for example:
//
//   - unknown or repeated formats
//   - formats in Emit that have no encoder, and formats in ReadOnly that name no span
//   - limits out of range
//   - invalid or repeated patterns of hosts
//   - header names that may not be forwarded: credentials in Headers, hop-by-hop headers, headers of proxies and
//     transports, and names that a format owns
//
// New copies the Config's slices. Its cost is linear in their length, so call it once and keep the Propagator.
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

// MustNew is [New] for a Config that is written in the program. It panics if New returns an error.
func MustNew(c Config) *Propagator {
	p, err := New(c)
	if err != nil {
		panic(err)
	}
	return p
}
