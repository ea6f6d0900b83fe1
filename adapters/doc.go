// Package adapters is the root of adapters for tracers other than OpenTelemetry's. Each is a
// function for propagation.Config.LocalSpan that tells traceferry which span runs, so that
// every header format in play names it:
//
//	zipkingo        github.com/openzipkin/zipkin-go
//	opentracinggo   github.com/opentracing/opentracing-go: jaeger-client-go, LightStep, zipkin-go-opentracing ...
//	ddtracego       github.com/DataDog/dd-trace-go/v2
//
// They are ten lines or so, to be pasted into a service: a program that imports one has all
// these tracers in its go.sum. Nothing else changes: the tracer goes on reading its
// caller's headers itself, beside httptrace.Middleware in either order, and of transports
// traceferry's is the inner one.
//
// What they can tell:
//
//	                zipkingo                 opentracinggo               ddtracego
//	trace id        64 or 128 bits           as the tracer writes it     64 or 128 bits
//	decision        accepted, denied, debug  as the tracer writes it     accepted, denied
//	parent          yes                      Jaeger's and B3's: yes      no
//	tracestate      no                       no                          Datadog's member dd
//	allocations     none                     the tracer's Inject         the tracer's Inject
//
// None leaves a decision open, and none promises W3C's random flag. A tracer that keeps only 64
// bits of the caller's trace id (basictracer-go, LightStep's) has every format name that half.
//
// Where the tracer has no span in the context, or is switched off, the received headers go
// out, byte for byte.
package adapters
