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

// ExtractHTTP reads the carried headers of an inbound HTTP request and returns a context that keeps them. Call it
// before the handler. httptrace.Middleware does that for you. If there is nothing to carry, ExtractHTTP returns ctx
// itself.
//
// Names are found in any case, with one exception. If h has more than eight names, and one of the carried names is in
// the spelling of http.Header's methods, ExtractHTTP reads names in that spelling only.
//
// Headers that Connection lists are for one hop only (RFC 9110, section 7.6.1). ExtractHTTP leaves out the whole
// format of each such header, and counts it (Unsendable).
//
// ExtractHTTP does not keep h, so you can change h afterwards. It keeps the strings of h, so their memory must not
// change. Some servers reuse that memory (fasthttp, fiber). There, use package fasthttptrace, or [Propagator.Extract]
// with a carrier.
//
// A valid local span that is already in ctx stays active. If ctx already has a capture, from an outer Extract,
// ExtractHTTP replaces every format and header name that this Propagator reads, also those that h does not have. So a
// context that descends from another request adds nothing of that request. Headers that only another Propagator reads
// stay, except formats that name another trace than h.
//
// It costs one allocation for up to eight lines with fixed names, and a few more otherwise. It is safe for concurrent
// use.
func (p *Propagator) ExtractHTTP(ctx context.Context, h http.Header) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractHTTP(ctx, h, policy.Continue)
	return ctx
}

// ExtractHTTPTrust is [Propagator.ExtractHTTP] for a caller that is not trusted in everything; see [Trust]. The
// returned context keeps any trust other than Continue, also if there is nothing to carry. That costs one allocation.
// The nil Propagator carries nothing, but the context that it returns keeps trust, too.
func (p *Propagator) ExtractHTTPTrust(ctx context.Context, h http.Header, trust Trust) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractHTTP(ctx, h, policy.Trust(trust))
	return ctx
}

// InjectHTTP writes the headers that ctx carries to h, the headers of an outgoing HTTP request. Without a local span
// in ctx, it writes the received headers byte for byte. With a local span, it writes that span's ids and decision to
// every trace format that was received or that Config.Emit names. See [Propagator] for the exact rules.
//
// InjectHTTP does not know where the request goes, so it sends user data whatever Config.Destinations says. Use
// [Propagator.InjectHTTPTo] or package httptrace if you know the URL. Inside of httptrace.Transport, and of the
// clients of package grpctrace, ctx has the destination, and InjectHTTP applies the rules.
//
// It replaces headers in any spelling and never adds a line to them. It writes names in the spelling of http.Header's
// methods. If h has more than eight names, and one of this Propagator's names is in that spelling, InjectHTTP
// replaces names in that spelling only.
//
// It also removes the fields in h that name spans and that it does not write, of every format that this Propagator
// reads or writes. If ctx has no capture, no local span and no baggage of the application, only the propagators of
// Config.Also change h. A nil h stays nil.
//
// All calls of one inbound request share the written values. Set, Add and Del on h are safe. Do not assign to an
// element of a value, as in h[k][0] = v.
//
// InjectHTTP allocates the memory by which h grows, and two more blocks if it writes a span context. It is safe for
// concurrent use, with an h for each call.
func (p *Propagator) InjectHTTP(ctx context.Context, h http.Header) {
	(*plan.Engine)(p).InjectHTTP(ctx, h)
}

// InjectHTTPTo is [Propagator.InjectHTTP] for a call to a URL. It leaves out the headers that the URL's host may not
// get (Config.Destinations). Use it for clients that take headers and have no RoundTripper, such as the dialers of
// WebSocket libraries:
//
//	header := http.Header{}
//	p.InjectHTTPTo(r.Context(), target, header)
//	conn, resp, err := dialer.DialContext(ctx, target.String(), header)
//
// A nil URL is an unknown destination, which gets no user data by default. Use a new h for each destination, because
// InjectHTTPTo does not remove user data that an earlier Inject has written to h.
//
// A new header can break the signature of a signed request. If h or the URL's query has a signature of AWS (Signature
// Version 4) or Google (V4), InjectHTTPTo writes nothing to a host that is not internal, and counts Disallowed. It
// does write the headers if a rule of Config.Destinations matches the host, or with Config.DestinationsReportOnly.
//
// Like httptrace.Transport, InjectHTTPTo counts a context that has nothing to carry (NoContext or NothingReceived).
// It is safe for concurrent use, with an h for each call.
func (p *Propagator) InjectHTTPTo(ctx context.Context, target *url.URL, h http.Header) {
	(*plan.Engine)(p).InjectHTTPTo(ctx, target, h)
}

// ExtractMetadata is [Propagator.ExtractHTTP] for the metadata of an inbound gRPC call. The interceptors and stats
// handlers of package grpctrace call it for you. gRPC has names in lower case, but ExtractMetadata reads names in any
// case. Values of -bin names are raw bytes, as grpc-go returns them.
func (p *Propagator) ExtractMetadata(ctx context.Context, md map[string][]string) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractMetadata(ctx, md, policy.Continue)
	return ctx
}

// ExtractMetadataTrust is [Propagator.ExtractHTTPTrust] for the metadata of an inbound gRPC call.
func (p *Propagator) ExtractMetadataTrust(ctx context.Context, md map[string][]string, trust Trust) context.Context {
	ctx, _ = (*plan.Engine)(p).ExtractMetadata(ctx, md, policy.Trust(trust))
	return ctx
}

// InjectMetadata is [Propagator.InjectHTTP] for the metadata of an outgoing gRPC call. It writes names in lower case,
// and values of -bin names as raw bytes.
//
// A received value must not make a call fail. So InjectMetadata leaves out these values, and counts them
// (Unsendable), because grpc-go would refuse or drop them:
//
//   - values with a byte outside 0x20-0x7E
//   - values under a name with a character that grpc-go does not allow
//   - values under a name that grpc-go keeps for itself
//
// It also leaves out lines that exceed Limits.MetadataBytes, baggage first, and counts them (TooLarge).
func (p *Propagator) InjectMetadata(ctx context.Context, md map[string][]string) {
	(*plan.Engine)(p).InjectMetadata(ctx, md)
}

// Extract reads the carried headers from any carrier, as OpenTelemetry's TextMapPropagator does. OpenTelemetry's
// instrumentation calls it. Prefer ExtractHTTP and ExtractMetadata in code of your own.
//
// Extract differs from ExtractHTTP in one point. If the remote span context has both ids, Extract hides a local span
// that is active in ctx. With a propagation.HeaderCarrier, Extract is otherwise [Propagator.ExtractHTTP] with a copy
// of the lines, which costs one more allocation.
//
// Other carriers may show only part of a request. So Extract adds the headers to a capture that is already in ctx. If
// the carrier names another trace or span than that capture, Extract replaces the capture as ExtractHTTP does.
//
// Extract asks the carrier for each name in lower case first, and then in the spelling that the carrier's Keys
// returns. It reads repeated lines if the carrier is a propagation.ValuesGetter. A grpc-trace-bin may be raw or
// base64. Extract leaves out other -bin names, and counts them (Unsendable).
//
// Extract copies what it keeps, within Config.Limits, because fasthttp and fiber reuse the memory of their strings. A
// nil carrier has no headers. Extract is safe for concurrent use.
func (p *Propagator) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return (*plan.Engine)(p).Extract(ctx, carrier)
}

// Inject writes the headers that ctx carries to any carrier, as OpenTelemetry's TextMapPropagator does. With a
// propagation.HeaderCarrier it is [Propagator.InjectHTTP]. Other carriers can neither delete a name nor add a line.
// That has these effects:
//
//   - A value that an earlier Inject left in the carrier stays, unless this Inject writes the same name.
//   - Inject sets names in lower case, except X-Amzn-Trace-Id, which AWS's own propagators spell so. It also replaces
//     other spellings of a name that the carrier has.
//   - Lines of tracestate and of baggage are joined with commas. Other repeated lines are sent as one line if they
//     are equal, and left out if they differ.
//   - Values that are not printable ASCII are left out.
//   - grpc-trace-bin and other -bin names are not written, because such a carrier cannot say whether it takes bytes
//     or base64.
//
// Each name is an entry of its own. An SQS message takes ten attributes, so use a Propagator with few formats there,
// or [Propagator.Lines] with Limits.MessageLines.
//
// Like InjectHTTP, Inject does not know the destination. It is safe for concurrent use, with a carrier for each call.
func (p *Propagator) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	(*plan.Engine)(p).Inject(ctx, carrier)
}

// ExtractLines is [Propagator.ExtractHTTP] for a message. lines are all names and values of the message, such as the
// headers of a Kafka record or the attributes of an SQS message. Names are in any case. A name may occur several
// times. Values of -bin names are base64. nil means no lines.
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
// Make a context for each message. Like ExtractHTTP, ExtractLines replaces the headers that ctx has captured from
// another message, also if this message has no headers. To withhold the headers of an untrusted producer, use
// [Demote].
//
// ExtractLines copies what it keeps, because some clients reuse the memory of a message. It allocates a map and a
// copy of each carried value, in addition to the allocations of ExtractHTTP. It is safe for concurrent use.
func (p *Propagator) ExtractLines(ctx context.Context, lines iter.Seq2[string, string]) context.Context {
	return (*plan.Engine)(p).ExtractLines(ctx, lines)
}

// Lines returns the headers that ctx carries as names and values, for a message. Names are in lower case, and values
// of -bin names are base64. A name may occur several times. Kafka and AMQP can carry that. Other systems keep one
// line for each name.
//
//	for name, value := range p.Lines(ctx, "kafka:orders.created") {
//		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
//	}
//
// destination is where the message goes, for Config.Destinations: a topic or a queue as "SYSTEM:NAME", or a host. By
// default a topic gets trace formats and x-request-id, and no user data.
//
// An unknown destination gets no user data either. Lines takes these strings for unknown destinations: the empty
// string, a list with commas, and a topic whose name is empty or has digits only. A topic with digits only
// ("kafka:2026") looks like a host and a port.
//
// Limits.MessageLines and MessageBytes bound the lines of a message. If the lines exceed a limit, Lines leaves out
// headers in this order until the rest fits, and counts each format (TooLarge):
//
//  1. baggage
//  2. Config.Headers
//  3. x-request-id and the formats that name no span
//  4. the trace formats as a whole, from the end of Config.Formats
//
// Lines also leaves out values that are not printable ASCII, and counts them (Unsendable), because some systems
// refuse a message with such a value.
//
// Each range over the result computes and counts the lines again. Lines does not change ctx. It is safe for
// concurrent use, and so is its result.
func (p *Propagator) Lines(ctx context.Context, destination string) iter.Seq2[string, string] {
	return (*plan.Engine)(p).Lines(ctx, destination)
}
