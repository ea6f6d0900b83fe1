// Package propagation is the engine of traceferry. It reads the trace headers of a request into its context, and
// writes them to the calls that the service makes with this context:
//
//	p := propagation.MustNew(preset.Istio())
//
//	ctx := p.ExtractHTTP(r.Context(), r.Header) // in a handler
//
//	req, err := http.NewRequestWithContext(ctx, "GET", "http://reviews:9080/", nil)
//	p.InjectHTTPTo(ctx, req.URL, req.Header) // before each call
//
// Most programs only make the [Propagator] here. Packages httptrace and grpctrace then read and write the headers:
//
//	handler = httptrace.Middleware(p)(handler)
//	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
//
// OpenTelemetry has a package of the same name. Import one of the two under another name:
//
//	otelprop "go.opentelemetry.io/otel/propagation"
//
// # Concepts
//
// A [Config] lists the formats and the further headers to carry. A [Format] is the headers of one tracing system.
// Package preset has a Config for each mesh.
//
// Without a local span, a call carries the received headers byte for byte. With a local span, each trace format of
// the call has the ids of this span. [Propagator] has the exact rules.
//
// The remote span context is what the received headers say of the caller's span. [RemoteFromContext] and
// OpenTelemetry get it from the first valid format of Config.Formats.
//
// A caller is trusted by default. A [Trust] names the parts of the headers that a service does not accept from its
// caller. The function given to httptrace.WithTrust or grpctrace.WithTrust decides this for each request.
//
// Trace formats go to every host. User data, such as baggage, goes to internal hosts only. A [Destination] changes
// that for some hosts. [Propagator.Explain] shows what a host gets, and why.
//
// A caller can leave the sampling decision open. [Config].Deferred decides where the decision cannot stay open.
//
// A call with a wrong context or a wrong client loses the headers. [Observer].Lost reports each such call with its
// line in the program; see [Loss]. Package propagationtest makes a test fail for it. [Stats] counts problems,
// requests and calls.
//
// # OpenTelemetry
//
// A Propagator is a TextMapPropagator. After otel.SetTextMapPropagator(p), otelhttp and other OpenTelemetry
// instrumentation read and write all its formats. The carrier of otelgrpc cannot say whether a value is bytes, and
// cannot repeat a line. Use package grpctrace beside otelgrpc.
//
// After Extract, trace.SpanContextFromContext returns the remote span context, and baggage.FromContext returns the
// caller's baggage. Both are parsed on first use. OpenTelemetry's type refuses some valid members of a tracestate.
// The calls carry these members, too.
//
// # Cost
//
// Extract allocates one context node, which holds the lines. A verbatim Inject allocates nothing of its own. Writing
// a span context costs two allocations for all formats together. Ids are parsed on first use, or when a local span is
// written. Tests check these numbers.
//
// # More
//
//   - [Getting started]
//   - [Formats]: names, grammars, and which headers are not sent as received
//   - [Translation]: what is lost when one format is translated to another
//   - [Trust and edges]
//   - [Destination rules]
//   - [OpenTelemetry's SDK]
//   - [Diagnosis]: how to find lost headers
//   - [Glossary]
//
// [Getting started]: https://github.com/traceferry/traceferry/blob/main/docs/getting-started.md
// [Formats]: https://github.com/traceferry/traceferry/blob/main/docs/formats.md
// [Translation]: https://github.com/traceferry/traceferry/blob/main/docs/translation.md
// [Trust and edges]: https://github.com/traceferry/traceferry/blob/main/docs/trust.md
// [Destination rules]: https://github.com/traceferry/traceferry/blob/main/docs/destinations.md
// [OpenTelemetry's SDK]: https://github.com/traceferry/traceferry/blob/main/docs/opentelemetry.md
// [Diagnosis]: https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md
// [Glossary]: https://github.com/traceferry/traceferry/blob/main/docs/glossary.md
package propagation
