package propagation

import (
	"context"
	"net/http"
	"net/url"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractHTTP reads the carried headers of an inbound HTTP request and returns a
// context that keeps them. Headers that Connection lists are for one hop alone (RFC 9110, section 7.6.1): the whole
// format of each is left out, and counted (Unsendable). If there is nothing to carry it is ctx itself. Names are
// found in any case, in the spelling of http.Header's methods first: in a header of more than eight names of which
// one of ours is spelled so, only in that. h is not kept and may change afterwards.
// Its strings are kept, so their memory must not change: copy them where a server uses it again
// (fasthttp, fiber), or use Extract with a carrier.
//
// A valid local span that is already in ctx stays the active one. A capture that is
// already in ctx (an Extract further out) is replaced for every format and header name that
// this Propagator reads, also where h has none of them: a context that descends from another request lends it
// nothing. What only others read stays, but for formats that name another trace than h.
//
// It costs one allocation while the lines are eight or fewer and their names fixed, a few
// more above, and may be called from any goroutine.
func (p *Propagator) ExtractHTTP(ctx context.Context, h http.Header) context.Context {
	return (*plan.Engine)(p).ExtractHTTP(ctx, h, policy.Continue)
}

// ExtractHTTPTrust is ExtractHTTP of a caller who is believed as far as trust says. Whatever
// it is but Continue, the context returned remembers it, for one allocation, also where there is
// nothing to carry. The nil Propagator carries nothing, and the context remembers the decision.
func (p *Propagator) ExtractHTTPTrust(ctx context.Context, h http.Header, trust Trust) context.Context {
	return (*plan.Engine)(p).ExtractHTTP(ctx, h, policy.Trust(trust))
}

// InjectHTTP writes the headers that ctx carries into those of an outgoing HTTP
// request: what came in, byte for byte, or, while a local span runs in ctx, every
// trace format that came in or that Config.Emit names with that span's ids and
// decision.
//
// Headers are replaced in any spelling, never added to, by the names that http.Header's methods give
// them (in a header of more than eight names, one of ours among them so spelled, only in that spelling); fields that name spans, of any format that this Propagator reads or writes,
// are removed where they are not written. Where ctx has neither a capture nor a local
// span nor baggage of the application's, h is not touched (but by Config.Also).
//
// InjectHTTP does not know the destination, so user data goes out whatever Config.Destinations says.
// Where the URL is known, use [Propagator.InjectHTTPTo] or package httptrace.
//
// The values written are shared between all calls of one inbound request: Set, Add
// and Del on h are safe, writing an element (h[k][0] = v) is not. It allocates what
// h needs to grow, and two blocks more where a span context is written. It may be
// called from any goroutine, with an h for each.
func (p *Propagator) InjectHTTP(ctx context.Context, h http.Header) {
	(*plan.Engine)(p).InjectHTTP(ctx, h)
}

// InjectHTTPTo is InjectHTTP for a call to a URL: what may not go to the URL's host is left out (Config.Destinations).
// It is for clients that take headers and have no RoundTripper, such as the dialers of WebSocket libraries:
//
//	header := http.Header{}
//	p.InjectHTTPTo(r.Context(), target, header)
//	conn, resp, err := dialer.DialContext(ctx, target.String(), header)
//
// h is for this call alone: what an Inject for another destination wrote there stays. A request that is signed already
// (by h or by the URL's query) goes to external hosts as it is. A nil URL is an unknown destination: user data stays. A context with neither a capture nor a local span is counted
// (NoContext or NothingReceived), as by httptrace.Transport. It may be called from any goroutine, with an h for each.
func (p *Propagator) InjectHTTPTo(ctx context.Context, target *url.URL, h http.Header) {
	(*plan.Engine)(p).InjectHTTPTo(ctx, target, h)
}

// ExtractMetadata is ExtractHTTP for gRPC metadata: names in lower case (any is
// understood), and the values of -bin names as the raw bytes that grpc-go hands out.
func (p *Propagator) ExtractMetadata(ctx context.Context, md map[string][]string) context.Context {
	return (*plan.Engine)(p).ExtractMetadata(ctx, md, policy.Continue)
}

// ExtractMetadataTrust is ExtractHTTPTrust for gRPC metadata.
func (p *Propagator) ExtractMetadataTrust(ctx context.Context, md map[string][]string, trust Trust) context.Context {
	return (*plan.Engine)(p).ExtractMetadata(ctx, md, policy.Trust(trust))
}

// InjectMetadata is InjectHTTP for gRPC metadata: names in lower case, the values of
// -bin names as raw bytes. What grpc-go would refuse, and fail the call for, is left
// out and counted: values with a byte outside 0x20-0x7E, keys with a character
// that it does not allow, names that it keeps for itself; and what exceeds
// Limits.MetadataBytes, baggage first.
func (p *Propagator) InjectMetadata(ctx context.Context, md map[string][]string) {
	(*plan.Engine)(p).InjectMetadata(ctx, md)
}

// Extract reads the carried headers from any carrier, as OpenTelemetry's
// TextMapPropagator does: a local span that is active in ctx is hidden by the
// caller's, if that has ids. Over a propagation.HeaderCarrier it is ExtractHTTP
// otherwise, with a copy of the lines, which costs one allocation more.
//
// Other carriers may show only part of a request. So a capture that is already in ctx is added to, unless the
// carrier names another trace or span than that capture; then it is replaced, as ExtractHTTP does it.
// Names are asked for in lower case first, and then as Keys spells them; repeated lines are read
// where the carrier is a propagation.ValuesGetter. A grpc-trace-bin may be raw or
// base64; what else is under a -bin name is left out. What is kept of any carrier is copied, within Config.Limits,
// because fasthttp and fiber use the memory of their strings again.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return (*plan.Engine)(p).Extract(ctx, carrier)
}

// Inject writes the headers that ctx carries into any carrier. Over a
// propagation.HeaderCarrier it is InjectHTTP. Other carriers can neither delete a
// name nor add a line, so what an earlier Inject left there stays if it is not
// written again; names are set in lower case, but X-Amzn-Trace-Id as AWS's own propagators
// spell it, and what is there in other spellings is replaced too; lines of tracestate and baggage are
// joined with commas, and of other names sent if they agree; values are printable ASCII or left out; and grpc-trace-bin is not written, as such a carrier cannot
// say whether it wants bytes or base64. Each name is an entry of its own: a message of SQS
// takes ten attributes, so use a Propagator with few formats there.
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	(*plan.Engine)(p).Inject(ctx, carrier)
}
