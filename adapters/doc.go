// Package adapters is the root of adapters for tracers other than OpenTelemetry's. An adapter is a function for
// propagation.Config.LocalSpan. It returns the local span, so that each received format carries the ids of that span:
//
//	p := propagation.MustNew(propagation.Config{LocalSpan: zipkingo.LocalSpan})
//
// The packages:
//
//	zipkingo        github.com/openzipkin/zipkin-go
//	opentracinggo   github.com/opentracing/opentracing-go: jaeger-client-go, LightStep, zipkin-go-opentracing and others
//	ddtracego       github.com/DataDog/dd-trace-go/v2
//
// Each adapter has about ten lines. Copy them into your service instead of importing the package, because an import adds
// all these tracers to your go.sum.
//
// The rest of the setup stays as it is. The tracer itself still reads the headers of its caller. Its middleware and
// httptrace.Middleware work in either order. Put traceferry's Transport inside of the tracer's transport.
//
// What each adapter returns of a span:
//
//	                zipkingo                 opentracinggo               ddtracego
//	trace id        64 or 128 bits           as the tracer writes it     64 or 128 bits
//	decision        accepted, denied, debug  as the tracer writes it     accepted, denied
//	parent          yes                      Jaeger's and B3's: yes      no
//	tracestate      no                       no                          Datadog's member dd
//	allocations     none                     the tracer's Inject         the tracer's Inject
//
// No adapter returns an open decision, and no adapter sets W3C's random flag. basictracer-go and LightStep's tracer keep
// only 64 bits of the caller's trace id. With them, each format carries only these 64 bits.
//
// If the context has no span of the tracer, or the tracer is switched off, calls carry the received headers byte for byte.
package adapters
