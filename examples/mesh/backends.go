package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/traceferry/traceferry/examples/mesh/backend"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// backendRow is a backend with the tracers that can report to it. The first tracer is the usual one.
type backendRow struct {
	name    string
	tracers []string
	find    func() (path string, err error)
	start   func(ctx context.Context, path, dir string) (backend.Backend, error)
}

func (b backendRow) Name() string { return b.name }

var backends = []backendRow{
	{"zipkin", []string{"zipkin", "zipkin-w3c"}, backend.FindZipkin, backend.StartZipkin},
	{"jaeger", []string{"opentelemetry"}, backend.FindJaeger, backend.StartJaeger},
}

// lookBackend finds the backend, and the tracer for it if the command line names none.
func (o *options) lookBackend(w *words) error {
	if w.backend == "" {
		if o.wait {
			return errors.New("-wait needs -backend")
		}
		return nil
	}
	b, err := named(backends, "backend", w.backend)
	if err != nil {
		return err
	}
	w.tracer = cmp.Or(w.tracer, b.tracers[0])
	if !slices.Contains(b.tracers, w.tracer) {
		return fmt.Errorf("the tracer %s cannot report to the backend %s: there are %v", w.tracer, b.name, b.tracers)
	}
	o.backend = &b
	o.backendPath, err = b.find()
	return err
}

// collect starts the collector of the proxies' spans.
func (o options) collect(ctx context.Context, dir string) (sink.Sink, error) {
	if o.backend != nil {
		return o.backend.start(ctx, o.backendPath, dir)
	}
	if o.gateway != nil {
		return o.startTwoSinks()
	}
	return o.tracer.sink()
}

// received returns the number of spans that a collector has received.
func received(s sink.Sink) int {
	if b, ok := s.(backend.Backend); ok {
		return b.Received()
	}
	return len(s.Spans())
}

// spansOf returns all spans of a collector.
func spansOf(s sink.Sink) ([]sink.Span, error) {
	spans := s.Spans()
	if b, ok := s.(backend.Backend); ok {
		return spans, b.Err()
	}
	return spans, nil
}

// show prints where the backend shows the first book's trace, and waits until ctx ends.
func show(ctx context.Context, w io.Writer, s sink.Sink, spans []sink.Span) {
	i := slices.IndexFunc(spans, func(s sink.Span) bool { return s.Tags[sink.BookTag] == "1" })
	if b, ok := s.(backend.Backend); ok && i >= 0 {
		fmt.Fprintf(w, "look at %s and then interrupt\n", b.TraceURL(spans[i].TraceID))
		<-ctx.Done()
	}
}
