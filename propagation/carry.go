package propagation

import (
	"context"
	"iter"
	"net/http"
	"net/url"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/policy"
	"go.opentelemetry.io/otel/propagation"
)

// ExtractHTTP reads the carried headers of an inbound HTTP request and returns a context that keeps them. If there is
// nothing to carry, it returns ctx itself. Headers that Connection lists are for one hop only (RFC 9110, section
// 7.6.1). The whole format of each such header is left out, and counted (Unsendable).
//
// Names are found in any case. If h has more than eight names, and one of the carried names is in the spelling of
// http.Header's methods, names are read in that spelling only.
//
// h is not kept and may change afterwards. Its strings are kept, so their memory must not change. Some servers reuse
// that memory (fasthttp, fiber). There, use package fasthttptrace, or [Propagator.Extract] with a carrier.
//
// A valid local span that is already in ctx stays active. If ctx already has a capture, from an outer Extract, it is
// replaced for every format and header name that this Propagator reads, also where h has none of them. So a context
// that descends from another request adds nothing of that request. Headers that only another Propagator reads stay,
// except formats that name another trace than h.
//
// It costs one allocation for up to eight lines with fixed names, and a few more otherwise. It is safe for concurrent
// use.
func (p *Propagator) ExtractHTTP(ctx context.Context, h http.Header) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractHTTP(ctx, h, policy.Continue)
	return ctx
}

// ExtractHTTPTrust is [Propagator.ExtractHTTP] for a caller who is trusted as far as trust says. Any trust but Continue
// is kept in the returned context, also if there is nothing to carry. That costs one allocation. The nil Propagator
// carries nothing, but its context keeps trust, too.
func (p *Propagator) ExtractHTTPTrust(ctx context.Context, h http.Header, trust Trust) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractHTTP(ctx, h, policy.Trust(trust))
	return ctx
}

// InjectHTTP writes the headers that ctx carries to an outgoing HTTP request. Without a local span in ctx, it writes
// the received headers byte for byte. With a local span, it writes that span's ids and decision to every trace format
// that was received or that Config.Emit names.
//
// It replaces headers in any spelling and never adds to them. It writes names in the spelling of http.Header's
// methods. If h has more than eight names, and one of this Propagator's names is in that spelling, it replaces names in
// that spelling only. It removes fields that name spans and that it does not write, of every format that this
// Propagator reads or writes. If ctx has no capture, no local span and no baggage of the application's, only the
// propagators of Config.Also change h.
//
// InjectHTTP does not know the destination, so it sends user data whatever Config.Destinations says. Where the URL is
// known, use [Propagator.InjectHTTPTo] or package httptrace.
//
// All calls of one inbound request share the written values. Set, Add and Del on h are safe. Writing an element
// (h[k][0] = v) is not. InjectHTTP allocates what h needs to grow, and two blocks more if it writes a span context. It
// is safe for concurrent use, with an h for each call.
func (p *Propagator) InjectHTTP(ctx context.Context, h http.Header) {
	(*plan.Engine)(p).InjectHTTP(ctx, h)
}

// InjectHTTPTo is [Propagator.InjectHTTP] for a call to a URL. It leaves out what may not be sent to the URL's host
// (Config.Destinations). Use it for clients that take headers and have no RoundTripper, such as the dialers of
// WebSocket libraries:
//
//	header := http.Header{}
//	p.InjectHTTPTo(r.Context(), target, header)
//	conn, resp, err := dialer.DialContext(ctx, target.String(), header)
//
// h is for this call alone: what an Inject for another destination wrote there stays. A request that is signed already,
// by h or by the URL's query, goes to an external host as it is. A nil URL is an unknown destination, which gets no user
// data by default. Like httptrace.Transport, InjectHTTPTo counts a context with neither a capture nor a local span
// (NoContext or NothingReceived). It is safe for concurrent use, with an h for each call.
func (p *Propagator) InjectHTTPTo(ctx context.Context, target *url.URL, h http.Header) {
	(*plan.Engine)(p).InjectHTTPTo(ctx, target, h)
}

// ExtractMetadata is [Propagator.ExtractHTTP] for gRPC metadata. Names are in lower case, but any case is read. Values
// of -bin names are raw bytes, as grpc-go returns them.
func (p *Propagator) ExtractMetadata(ctx context.Context, md map[string][]string) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractMetadata(ctx, md, policy.Continue)
	return ctx
}

// ExtractMetadataTrust is [Propagator.ExtractHTTPTrust] for gRPC metadata.
func (p *Propagator) ExtractMetadataTrust(ctx context.Context, md map[string][]string, trust Trust) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractMetadata(ctx, md, policy.Trust(trust))
	return ctx
}

// InjectMetadata is [Propagator.InjectHTTP] for gRPC metadata. Names are in lower case, and values of -bin names are
// raw bytes. It leaves out and counts what grpc-go would refuse or drop, because a received value must not fail a call:
//
//   - values with a byte outside 0x20-0x7E
//   - keys with a character that grpc-go does not allow
//   - names that grpc-go keeps for itself
//
// It also leaves out and counts what exceeds Limits.MetadataBytes, baggage first.
func (p *Propagator) InjectMetadata(ctx context.Context, md map[string][]string) {
	(*plan.Engine)(p).InjectMetadata(ctx, md)
}

// Extract reads the carried headers from any carrier, as OpenTelemetry's TextMapPropagator does. It differs from
// ExtractHTTP in one point: if the caller's span context has ids, it hides a local span that is active in ctx. With a
// propagation.HeaderCarrier, Extract is otherwise [Propagator.ExtractHTTP] with a copy of the lines, which costs one
// more allocation.
//
// Other carriers may show only part of a request. So Extract adds to a capture that is already in ctx. If the carrier
// names another trace or span than that capture, Extract replaces the capture as ExtractHTTP does.
//
// Extract gets names in lower case first, and then as the carrier's Keys spells them. It reads repeated lines if the
// carrier is a propagation.ValuesGetter. A grpc-trace-bin may be raw or base64; other -bin names are left out. Extract
// copies what it keeps, within Config.Limits, because fasthttp and fiber reuse the memory of their strings. It is safe
// for concurrent use.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return (*plan.Engine)(p).Extract(ctx, carrier)
}

// Inject writes the headers that ctx carries to any carrier. With a propagation.HeaderCarrier it is
// [Propagator.InjectHTTP]. Other carriers can neither delete a name nor add a line, which has these effects:
//
//   - A value that an earlier Inject left in the carrier stays, unless this one writes it again.
//   - Names are set in lower case, except X-Amzn-Trace-Id, which AWS's own propagators spell so. Other spellings that
//     the carrier has are replaced too.
//   - Lines of tracestate and of baggage are joined with commas. Other repeated lines are sent if they are equal.
//   - Values that are not printable ASCII are left out.
//   - grpc-trace-bin is not written, because such a carrier cannot say whether it takes bytes or base64.
//
// Each name is an entry of its own. An SQS message takes ten attributes, so use a Propagator with few formats there.
// Like InjectHTTP, Inject does not know the destination. It is safe for concurrent use, with a carrier for each call.
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	(*plan.Engine)(p).Inject(ctx, carrier)
}

// ExtractLines is [Propagator.ExtractHTTP] for a message: a list of all its names and values, such as the headers of a
// Kafka record or the attributes of an SQS message. Names are in any case. A name may occur several times. Values of
// -bin names are base64.
//
//	for _, record := range batch {
//		ctx := p.ExtractLines(ctx, func(yield func(string, string) bool) {
//			for _, h := range record.Headers {
//				if !yield(h.Key, string(h.Value)) {
//					return
//				}
//			}
//		})
//		handle(ctx, record)
//	}
//
// Each message has a context of its own. Like ExtractHTTP, it replaces what ctx has captured from another message, also
// if this message has no headers. To withhold what an untrusted producer sent, use [Demote]. nil lines are no lines.
//
// It copies what it keeps, because some clients reuse the memory of a message. It allocates a map and a copy of each
// carried value besides what ExtractHTTP allocates. It is safe for concurrent use.
func (p *Propagator) ExtractLines(ctx context.Context, lines iter.Seq2[string, string]) context.Context {
	return (*plan.Engine)(p).ExtractLines(ctx, lines)
}

// Lines returns the headers that ctx carries as names and values, for a message. Names are in lower case, and values of
// -bin names are base64. A name may occur several times: Kafka and AMQP can carry that, other systems keep one line.
// Values that are not printable ASCII are left out and counted (Unsendable), because some systems refuse a message with
// such a value.
//
//	for name, value := range p.Lines(ctx, "kafka:orders.created") {
//		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
//	}
//
// destination is where the message goes, for Config.Destinations: a topic or a queue as "SYSTEM:NAME", or a host. By
// default a topic gets trace formats and x-request-id, and no user data. An empty destination is unknown, which gets no
// user data either. So is a name of digits only after a word without dots ("kafka:2026"), which might be a host and a
// port.
//
// Limits.MessageLines and MessageBytes bound what a message gets. Over them, Lines leaves out baggage first, then
// Config.Headers, then x-request-id and the formats that name no span, and last the trace formats, from the end of
// Config.Formats. A format is left out as a whole, and counted (TooLarge).
//
// Each range over the result computes the lines again, and counts. Lines does not change ctx. It is safe for concurrent
// use, and so is its result.
func (p *Propagator) Lines(ctx context.Context, destination string) iter.Seq2[string, string] {
	return (*plan.Engine)(p).Lines(ctx, destination)
}
