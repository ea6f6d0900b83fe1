package temporal

import (
	"context"
	"iter"

	"github.com/traceferry/traceferry/propagation"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
)

// propagator lets Temporal carry the headers of a Propagator to workflows and activities, in one field.
type propagator struct{ p *propagation.Propagator }

func (h propagator) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	var lines [][2]string
	for name, value := range h.p.Lines(ctx, "temporal:orders") {
		lines = append(lines, [2]string{name, value})
	}
	payload, err := converter.GetDefaultDataConverter().ToPayload(lines)
	if err == nil {
		w.Set("trace-headers", payload)
	}
	return err
}

func (h propagator) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	var lines [][2]string
	if payload, ok := r.Get("trace-headers"); ok {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &lines) // a payload of another form counts as no lines
	}
	return h.p.ExtractLines(ctx, pairs(lines)), nil
}

// A workflow keeps the context of its start as a value, because workflow.Context is not a context.Context.
type received struct{}

func (h propagator) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	started, err := h.Extract(context.Background(), r)
	return workflow.WithValue(ctx, received{}, started), err
}

func (h propagator) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	started, _ := ctx.Value(received{}).(context.Context)
	return h.Inject(started, w)
}

func pairs(lines [][2]string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, line := range lines {
			if !yield(line[0], line[1]) {
				return
			}
		}
	}
}

func newOptions(p *propagation.Propagator) client.Options {
	options := client.Options{ContextPropagators: []workflow.ContextPropagator{propagator{p}}}
	return options
}
