package benchmarks

import (
	"net/http"

	"github.com/openzipkin/zipkin-go"
	zipkinhttp "github.com/openzipkin/zipkin-go/middleware/http"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/propagation/b3"
	"github.com/openzipkin/zipkin-go/reporter"
)

var zipkinGo = Library{
	Name: "zipkin-go", Title: "zipkin-go (B3 alone)",
	Modules: []string{"github.com/openzipkin/zipkin-go"},
}

func zipkinExtract(r *http.Request) *model.SpanContext {
	sc, err := b3.ExtractHTTP(r)()
	if err != nil {
		panic(err)
	}
	return sc
}

func zipkinInject(sc *model.SpanContext, r *http.Request) {
	if err := b3.InjectHTTP(r, b3.WithSingleAndMultiHeader())(*sc); err != nil {
		panic(err)
	}
}

// zipkinTracer makes spans that record nothing for traces that are not sampled. A tracer that is switched off would not
// carry headers.
func zipkinTracer() *zipkin.Tracer {
	tracer, err := zipkin.NewTracer(reporter.NewNoopReporter(), zipkin.WithNoopSpan(true))
	if err != nil {
		panic(err)
	}
	return tracer
}

// zipkinMiddleware samples no trace, whatever the received decision is.
func zipkinMiddleware(next http.Handler) http.Handler {
	no := false
	return zipkinhttp.NewServerMiddleware(zipkinTracer(), zipkinhttp.RequestSampler(func(*http.Request) *bool { return &no }))(next)
}

func zipkinTransport(base http.RoundTripper) http.RoundTripper {
	t, err := zipkinhttp.NewTransport(zipkinTracer(), zipkinhttp.RoundTripper(base))
	if err != nil {
		panic(err)
	}
	return t
}

func zipkinEntry(config string, op func()) Entry {
	return Entry{Library: zipkinGo, Config: config, Op: op}
}
