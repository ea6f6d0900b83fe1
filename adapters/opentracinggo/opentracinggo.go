// Package opentracinggo tells traceferry which span of an OpenTracing tracer runs:
//
//	p := propagation.MustNew(propagation.Config{LocalSpan: opentracinggo.LocalSpan})
//
// # What OpenTracing tells
//
// Its API tells no ids. LocalSpan has the span's tracer write its own headers, and reads
// those; so it knows what that tracer's format says:
//
//	tracer                      writes        trace id        decision                 parent
//	jaeger-client-go            Jaeger        64 or 128 bits  accepted, denied, debug  yes
//	zipkin-go-opentracing       B3            64 or 128 bits  accepted, denied, debug  yes
//	LightStep, basictracer-go   ot-tracer-*   64 bits         accepted, denied         no
//
// and nothing of a tracer whose headers traceferry does not read, or of the no-op tracer: then
// the received headers go out. A sampling.priority that is set on the span after a call went
// out comes too late for that call. OpenTracing's baggage is not taken over.
//
// # The client span
//
// The transport of opentracing-contrib/go-stdlib keeps the span that it starts from the
// request's context, so traceferry's cannot see it, inside or outside of it: use a
// transport that shows it, as in the example.
package opentracinggo

import (
	"context"
	"net/http"
	"strings"

	"github.com/opentracing/opentracing-go"
	"github.com/traceferry/traceferry/propagation"
)

// reader knows the headers of OpenTracing's tracers; those that say most stand first.
var reader = propagation.MustNew(propagation.Config{Formats: []propagation.Format{
	propagation.Jaeger, propagation.B3Multi, propagation.B3Single, propagation.Datadog, propagation.W3C, propagation.OTTrace,
}})

// LocalSpan is a propagation.Config's LocalSpan for OpenTracing. It costs one more Inject of
// the tracer's for each outgoing call.
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

// Set gives ids back the leading zeros that LightStep's tracer and basictracer-go leave out.
func (c carrier) Set(name, value string) {
	if (name == "ot-tracer-traceid" || name == "ot-tracer-spanid") && len(value) < 16 {
		value = strings.Repeat("0", 16-len(value)) + value
	}
	http.Header(c).Set(name, value)
}
