// Package opentracinggo gives traceferry the local span of an OpenTracing tracer:
//
//	p := propagation.MustNew(propagation.Config{LocalSpan: opentracinggo.LocalSpan})
//
// # What LocalSpan returns
//
// OpenTracing's API has no ids. So LocalSpan makes the span's tracer write its own headers, and reads them. It returns
// what the format of that tracer can express:
//
//	tracer                      writes        trace id        decision                 parent
//	jaeger-client-go            Jaeger        64 or 128 bits  accepted, denied, debug  yes
//	zipkin-go-opentracing       B3            64 or 128 bits  accepted, denied, debug  yes
//	LightStep, basictracer-go   ot-tracer-*   64 bits         accepted, denied         no
//
// LocalSpan returns nothing for the no-op tracer, and for a tracer whose headers traceferry does not read. Calls then
// carry the received headers. Set the tag sampling.priority before the call that it must apply to. traceferry does not
// carry OpenTracing's baggage.
//
// # The client span
//
// The transport of opentracing-contrib/go-stdlib does not put its client span into the request's context. So traceferry's
// Transport cannot see this span, neither inside nor outside of it. Use a transport that puts the span into the context,
// as in the example.
package opentracinggo

import (
	"context"
	"net/http"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/traceferry/traceferry/propagation"
)

// reader knows the headers of OpenTracing's tracers. Formats with more data come first.
var reader = propagation.MustNew(propagation.Config{Formats: []propagation.Format{
	propagation.Jaeger, propagation.B3Multi, propagation.B3Single, propagation.Datadog, propagation.W3C, propagation.OTTrace,
}})

// LocalSpan is a function for propagation.Config.LocalSpan. It returns the active span of OpenTracing in ctx. ok is false
// if there is none, or if traceferry does not read the tracer's headers. It calls Inject of the tracer once for each
// outgoing call. It is safe for concurrent use if the tracer is.
func LocalSpan(ctx context.Context) (local propagation.SpanContext, ok bool) {
	span := opentracing.SpanFromContext(ctx)
	if span == nil {
		return local, false
	}
	headers := carrier{}
	if err := span.Tracer().Inject(span.Context(), opentracing.HTTPHeaders, headers); err != nil {
		return local, false
	}
	return propagation.RemoteFromContext(reader.ExtractHTTP(context.Background(), http.Header(headers)))
}

// carrier is an opentracing.TextMapWriter.
type carrier http.Header

// Set adds the leading zeros of ids that LightStep's tracer and basictracer-go leave out.
func (c carrier) Set(name, value string) {
	if (name == "ot-tracer-traceid" || name == "ot-tracer-spanid") && len(value) < 16 {
		value = strings.Repeat("0", 16-len(value)) + value
	}
	http.Header(c).Set(name, value)
}
