package benchmarks

import (
	"context"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/openzipkin/zipkin-go/model"
	"go.opentelemetry.io/otel/propagation"
)

// sink keeps the result of an extraction, so that the compiler cannot remove the work. zipkin-go and dd-trace-go return
// a span context instead of a context, so they save the step of storing it in one.
var sink struct {
	ctx     context.Context
	cancel  context.CancelFunc
	zipkin  *model.SpanContext
	datadog *tracer.SpanContext
}

func extractTasks() []Task {
	nothing := &Goal{Allocs: 0}
	few := &Goal{Allocs: 1, Faster: map[string]float64{hand.Name: 3, otel7.Name: 5}}
	many := &Goal{Allocs: 1, Faster: map[string]float64{hand.Name: 2, otel7.Name: 4}}
	return []Task{
		extractTask(sidecar, few, many),
		extractTask(bare, nothing, nothing),
	}
}

// extractTask has a goal for a configuration with few names, and another goal for one with many.
func extractTask(in input, few, many *Goal) Task {
	bg, r := context.Background(), in.inbound()
	h := r.Header
	ours := func(c config, goal *Goal) Entry {
		return c.entry(func() { sink.ctx = c.p.ExtractHTTP(bg, h) }, goal)
	}
	otel, datadog := composite(), datadogPropagator()
	return Task{
		Section: sectionHTTP, Name: "Extract", Input: in.path, Title: "extract from " + in.title,
		Entries: []Entry{
			ours(istioConfig(), few),
			ours(zeroConfig(), many),
			ours(allConfig(), many),
			handEntry(func() { sink.ctx = handExtract(bg, h) }),
			otelEntry(func() { sink.ctx = otel.Extract(bg, propagation.HeaderCarrier(h)) }),
			zipkinEntry("b3", func() { sink.zipkin = zipkinExtract(r) }),
			datadogEntry(func() { sink.datadog = datadogExtract(datadog, h) }),
		},
	}
}
