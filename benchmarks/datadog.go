package benchmarks

import (
	"errors"
	"net/http"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
)

var ddTraceGo = Library{
	Name: "dd-trace-go", Title: "dd-trace-go (Datadog, W3C, B3, baggage)",
	Modules: []string{"github.com/DataDog/dd-trace-go/v2"},
}

// datadogPropagator is dd-trace-go's propagator. Its styles include those of the sidecar's headers. Its tags are
// enabled, because otherwise the upper half of a trace id would be lost.
func datadogPropagator() tracer.Propagator {
	const styles = "datadog,tracecontext,baggage,b3multi"
	return tracer.NewPropagator(&tracer.PropagatorConfig{
		InjectStyle: styles, ExtractStyle: styles, MaxTagsHeaderLen: 512,
	})
}

func datadogExtract(p tracer.Propagator, h http.Header) *tracer.SpanContext {
	sc, err := p.Extract(tracer.HTTPHeadersCarrier(h))
	if err != nil && !errors.Is(err, tracer.ErrSpanContextNotFound) {
		panic(err)
	}
	return sc
}

func datadogInject(p tracer.Propagator, sc *tracer.SpanContext, h http.Header) {
	if err := p.Inject(sc, tracer.HTTPHeadersCarrier(h)); err != nil {
		panic(err)
	}
}

func datadogEntry(op func()) Entry { return Entry{Library: ddTraceGo, Config: "4styles", Op: op} }
