// Package propagation is the engine of traceferry: it reads trace headers into a
// context and writes them to outgoing calls. Most programs use it through packages
// httptrace and grpctrace, and meet here the Config that says what is carried:
//
//	p, err := propagation.New(preset.Istio())
//
// Beside OpenTelemetry's package of the same name, import one of the two under
// another: otelprop "go.opentelemetry.io/otel/propagation".
//
// # What goes out
//
// Without a local span the received headers go out byte for byte: every line of every header, also
// values that do not parse. Nothing is invented, and no empty header is sent. Four kinds of lines are left out and
// counted:
//
//   - TooLarge: lines beyond Limits.
//   - Unsendable: values that the transport may not send.
//   - Stale: a valid b3 that names another span than valid x-b3-*. Envoy before 1.40 advances only x-b3-*, and
//     prefers b3 when it reads. A b3 that names the child of that span is as Envoy 1.40 writes it, and is sent. A
//     malformed b3 beside valid x-b3-* is stale, too: Envoy makes no span for it.
//   - Malformed: with Config.DropMalformed, every trace format that does not parse.
//
// A format is sent as a whole: if one of its lines with ids or a decision is not sent, nothing of the format is. User data
// is judged line by line: baggage in all its forms, tracestate and Config.Headers. So is x-request-id.
//
// With a local span, one that OpenTelemetry, or Config.LocalSpan, says runs in the
// context: every trace format that came in, and every one of Config.Emit, is
// written with that span's ids and decision; formats of 64 bits get the low half of the trace
// id. If none of them came with ids, or none that did may go to the host, and Emit is nil, the
// first of Config.Formats that can be written is. What a format carried beside ids is kept if it
// named the same trace: tracestate with the span's changes to it, Datadog's origin and tags (in
// W3C's tracestate, too), X-Ray's Self (and its Lineage always), debug while it is still sampled.
//
// A format is in play as a whole: writing it removes all of its fields first. Formats
// that name no span (request id, baggage, and those that are only carried) go verbatim
// in either case. What one format can say of another, and what is lost, is in docs/translation.md.
//
// # Trust
//
// By default every caller is trusted. A [Trust] names what of a caller is not trusted, for one request. That part is
// held back: this package's functions do not return it, OpenTelemetry does not see it, and no call sends it. It stays
// in the context for a span link and for [Promote]. httptrace.WithTrust and grpctrace.WithTrust take the function that
// decides, and have deciders by address and by certificate. A decision holds for every later Extract of the request.
//
// # Destinations
//
// Trace formats go to every host. What users have put there (baggage in all its forms,
// Config.Headers) and orders to proxies go to internal hosts only, unless a rule of Config.Destinations
// says otherwise; see [Destination]. The rules apply where the host is known: in httptrace.Transport
// and Rewrite, in package grpctrace and in [Propagator.InjectHTTPTo]. InjectHTTP, InjectMetadata and Inject do not
// know the host, and write everything. [Propagator.Explain] says what goes where, and why.
//
// # Which span is local
//
//	active in the context                    local  what goes out
//	what Extract put there                   no     what came in
//	a remote span of another propagator      no     what came in
//	a span of a no-op provider               no     what came in: it is the caller's span again
//	a span that is sampled                   yes    the span, its parent where it tells it
//	a span that is recorded, not sampled     yes    the span, not sampled
//	a span that the SDK dropped              yes    the span, not sampled; it tells no parent
//	a span that has ended, until replaced    yes    the span
//	a span of another trace: a restart       yes    the span, and of the old trace X-Ray's Lineage alone
//	no span, and b3: 0 came                  no     b3: 0; Emit has no ids to write
//	a span, and b3: 0 came                   yes    the span and its sampler's word: OpenTelemetry holds no word without ids
//	a parent-based span, decision left open  yes    the span, decided by Config.Deferred: not sampled
//	the same with Deferred: Accepted         yes    the span, sampled
//	no span, Emit, a malformed header of it  no     Emit written from what is valid
//	no span, Emit, another malformed header  no     Emit beside the header as it came
//	a span, and a malformed header           yes    the span in its place
//
// Middleware, interceptors, ExtractHTTP and ExtractMetadata leave a valid local span
// active; Extract, OpenTelemetry's method, hides it behind the caller's, as
// OpenTelemetry's own propagators do.
//
// # Open decisions
//
// B3, Datadog, X-Ray and Google's header can leave the sampling decision to the
// receiver, and then leave it open here, too. W3C, grpc-trace-bin, Jaeger, the
// OpenTracing formats and OpenTelemetry itself cannot: Config.Deferred decides for them.
// Take care: its default is Denied, and a parent-based sampler, OpenTelemetry's default,
// takes that for the caller's word. A request whose sidecar left the decision open
// is then recorded nowhere. If your SDK shall record such requests, set Deferred to Accepted.
//
// A decision that cannot be read is deferred, too, and counted as Malformed; the ids beside it stand. A trace id
// without a span continues nothing; with OpenTelemetry's SDK, [IDGenerator] gives it to the root span.
//
// # OpenTelemetry
//
// A Propagator is a TextMapPropagator: otel.SetTextMapPropagator(p) has otelhttp and
// whatever else OpenTelemetry instruments speak all its formats. The carrier of otelgrpc
// cannot say whether it holds bytes, nor repeat a line: package grpctrace stands beside it. After Extract,
// trace.SpanContextFromContext is the caller's span and baggage.FromContext the
// caller's baggage, both parsed when asked for. A tracestate may hold members that
// OpenTelemetry's type refuses; they travel beside it.
//
// # Cost
//
// Extract allocates one context node that holds the lines; a verbatim Inject
// allocates nothing of its own; writing a span context costs two blocks, however many
// formats there are. Ids are parsed when somebody asks, or when a local span is
// written. Tests hold these numbers.
package propagation
