// Package ddtracego tells traceferry which span of dd-trace-go (version 2) runs:
//
//	p := propagation.MustNew(propagation.Config{LocalSpan: ddtracego.LocalSpan})
//
// LocalSpan has dd-trace-go write its own headers, and reads those. At that moment the sampling
// rules of dd-trace-go see the span, and the decision becomes final. Before, the result of
// SpanContext.SamplingPriority may still change.
//
// # What dd-trace-go tells
//
//   - Trace id: 128 bits, or 64 if that is all that the tracer makes.
//   - Decision: accepted or denied. In a trace that began here x-datadog-sampling-priority
//     also tells a decision by hand (2 and -1), and x-datadog-tags who decided. In the
//     caller's trace these stay the caller's while the decision does.
//   - Parent: no, so x-b3-parentspanid and its like are not sent.
//   - Its tracestate member dd, which replaces the caller's.
//   - With DD_TRACE_PROPAGATION_STYLE_INJECT=none, or a tracer that is off: nothing, so the
//     received headers go out. Who decided needs tracecontext among the styles, as by default.
//
// Baggage of dd-trace-go's is not taken over. With the experimental span pool
// (DD_TRACER_EXPERIMENTAL_SPAN_POOL_ENABLED) a span must not be used after it was
// finished: its memory may by then be another's.
//
// # The client span
//
// The transport of dd-trace-go's contrib/net/http is the outer one:
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

// LocalSpan is a propagation.Config's LocalSpan for dd-trace-go. It costs one more Inject
// of dd-trace-go's for each outgoing call.
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
