// Package propagation is the engine of traceferry. It reads trace headers into a context and writes them to outgoing
// calls. Most programs use it through packages httptrace and grpctrace, and make a Propagator here:
//
//	p, err := propagation.New(preset.Istio())
//
// OpenTelemetry has a package of the same name. Import one of the two under another name:
//
//	otelprop "go.opentelemetry.io/otel/propagation"
//
// # Without a local span
//
// Without a local span, a call carries the received headers byte for byte: every line of every header, and also values
// that do not parse. Inject invents nothing, and sends no empty header. It leaves out four kinds of lines, and counts
// them in [Stats]:
//
//   - TooLarge: lines beyond Limits.
//   - Unsendable: values that the transport may not send.
//   - Stale: a valid b3 that names another span than valid x-b3-*, or a malformed b3 beside valid x-b3-*. Envoy before
//     1.40 advances only x-b3-*, and prefers b3 when it reads. Envoy makes no span for a malformed b3. A b3 that names
//     the child of the span in x-b3-* is what Envoy 1.40 writes, and is sent.
//   - Malformed: with Config.DropMalformed, every trace format that does not parse.
//
// A format is sent as a whole. If one of its lines with ids or a sampling decision cannot be sent, none of its lines is
// sent. User data is sent or left out line by line: baggage in all its forms, tracestate and Config.Headers. So is
// x-request-id.
//
// # With a local span
//
// A local span is one that OpenTelemetry, or Config.LocalSpan, reports as running in the context. With a local span, a
// call carries that span's ids and decision in every received trace format and in every format of Config.Emit. Formats
// with 64-bit trace ids get the low half of the trace id. If Emit is nil and no format with ids was received, Inject
// writes the first format of Config.Formats that has an encoder. It does the same if the destination allows no received
// format with ids.
//
// If a received format named the same trace, Inject keeps these values beside its ids:
//
//   - tracestate, with the span's changes to it
//   - Datadog's origin and tags, in W3C's tracestate too
//   - Self of X-Ray
//   - debug, while the span is still sampled
//
// Lineage of X-Ray is kept in any case. Writing a format first removes all of its fields. Formats that name no span are
// sent verbatim, with or without a local span: request id, baggage, and the formats that are only carried. The page
// docs/translation.md says what is lost when one format is translated to another.
//
// # Trust
//
// By default every caller is trusted. A [Trust] names the parts of a request's headers that are not trusted. These parts
// are withheld: this package's functions do not return them, OpenTelemetry does not see them, and no call sends them.
// They stay in the context for a span link ([UntrustedFromContext]) and for [Promote]. httptrace.WithTrust and
// grpctrace.WithTrust take a function that decides. Both packages have deciders by address and by certificate. A
// decision holds for every later Extract of the request.
//
// # Destinations
//
// Trace formats go to every host. User data (baggage in all its forms, Config.Headers) and orders to proxies go to
// internal hosts only, unless a rule of Config.Destinations says otherwise; see [Destination]. The rules apply where
// the host is known: in httptrace.Transport and Rewrite, in package grpctrace and in [Propagator.InjectHTTPTo].
// InjectHTTP, InjectMetadata and Inject do not know the host, and write everything. [Propagator.Explain] tells what is
// sent to a host, and why. [Propagator.ExplainRequest] also tells which headers of a request are not carried.
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
// Middleware, interceptors, ExtractHTTP and ExtractMetadata leave a valid local span active. Extract is OpenTelemetry's
// method. It hides the local span behind the caller's span, as OpenTelemetry's own propagators do.
//
// # Lost headers
//
// A call carries what its context carries, so a wrong context, a wrong client or a wrong order loses the headers.
// With [Observer].Lost set, each such call is reported with the line of the program that made it; see [Loss]. In a test,
// propagationtest.FailOnLoss makes it a failure. In production, [Stats] has the number of requests and of calls that
// carried headers.
//
// # Open decisions
//
// B3, Datadog, X-Ray and Google's header can leave the sampling decision to the receiver. This package then leaves it
// open, too. W3C, grpc-trace-bin, Jaeger, the OpenTracing formats and OpenTelemetry itself cannot leave it open.
// Config.Deferred decides for them.
//
// The default of Config.Deferred is Denied. A parent-based sampler, OpenTelemetry's default, takes that for the
// caller's decision. Then no span is recorded for a request whose sidecar left the decision open. To record such
// requests, set Deferred to Accepted.
//
// A decision that cannot be read counts as deferred, and as Malformed in Stats. The ids beside it are still used. A
// trace id without a span continues nothing. With OpenTelemetry's SDK, [IDGenerator] gives it to the root span.
//
// # OpenTelemetry
//
// A Propagator is a TextMapPropagator. After otel.SetTextMapPropagator(p), otelhttp and other OpenTelemetry
// instrumentation read and write all its formats. The carrier of otelgrpc cannot say whether a value is bytes, and
// cannot repeat a line. Use package grpctrace beside otelgrpc.
//
// After Extract, trace.SpanContextFromContext returns the caller's span context and baggage.FromContext the caller's
// baggage. Both are parsed on first use. A tracestate may hold members that OpenTelemetry's type refuses. They are
// carried beside it.
//
// # Cost
//
// Extract allocates one context node that holds the lines. A verbatim Inject allocates nothing of its own. Writing a
// span context costs two allocations for all formats together. Ids are parsed on first use, or when a local span is
// written. Tests check these numbers.
package propagation
