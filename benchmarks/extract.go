package benchmarks

import (
	"context"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/openzipkin/zipkin-go/model"
	"go.opentelemetry.io/otel/propagation"
)

// sink takes what an extraction returns, so that the compiler cannot leave the work out.
// zipkin-go and dd-trace-go return no context but a span context, and are spared the step
// of storing it in one.
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

// extractTask has the goal of a configuration with few names, and that of one with many.
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
