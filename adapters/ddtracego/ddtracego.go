// Package ddtracego gives traceferry the local span of dd-trace-go (version 2):
//
//	p := propagation.MustNew(propagation.Config{LocalSpan: ddtracego.LocalSpan})
//
// LocalSpan makes dd-trace-go write its own headers, and reads them. At that moment dd-trace-go applies its sampling rules
// to the span, and the decision becomes final. Before that moment, the result of SpanContext.SamplingPriority may still
// change.
//
// # What LocalSpan returns
//
//   - Trace id: 128 bits, or 64 bits if the tracer makes only 64.
//   - Decision: accepted or denied. In a trace that began in this service, x-datadog-sampling-priority also shows a manual
//     decision (2 and -1), and x-datadog-tags shows who decided. In the caller's trace, both keep the caller's values
//     while the decision stays the same. Who decided is known only if tracecontext is among the injection styles, as by
//     default.
//   - Parent: none, so headers with a parent id, such as x-b3-parentspanid, are not sent.
//   - Tracestate: the member dd of dd-trace-go, which replaces the caller's member dd.
//   - Nothing, with DD_TRACE_PROPAGATION_STYLE_INJECT=none or with a tracer that is off. Calls then carry the received
//     headers.
//
// traceferry does not carry the baggage of dd-trace-go. With the experimental span pool
// (DD_TRACER_EXPERIMENTAL_SPAN_POOL_ENABLED), do not use a context after its span has finished: the memory of the span may
// then belong to another span.
//
// # The client span
//
// Put the transport of dd-trace-go's contrib/net/http outside:
//
//	client := &http.Client{Transport: ddhttp.WrapRoundTripper(httptrace.NewTransport(p, nil))}
package ddtracego

import (
	"context"
	"net/http"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/traceferry/traceferry/propagation"
)

// reader knows the headers of dd-trace-go's propagation styles.
var reader = propagation.MustNew(propagation.Config{Formats: []propagation.Format{
	propagation.W3C, propagation.Datadog, propagation.B3Multi, propagation.B3Single,
}})

// LocalSpan is a function for propagation.Config.LocalSpan. It returns the active span of dd-trace-go in ctx. ok is false
// if there is none. It calls Inject of dd-trace-go once for each outgoing call. It is safe for concurrent use.
func LocalSpan(ctx context.Context) (local propagation.SpanContext, ok bool) {
	span, ok := tracer.SpanFromContext(ctx)
	if !ok {
		return local, false
	}
	headers := http.Header{}
	if err := tracer.Inject(span.Context(), tracer.HTTPHeadersCarrier(headers)); err != nil {
		return local, false
	}
	return propagation.RemoteFromContext(reader.ExtractHTTP(context.Background(), headers))
}
