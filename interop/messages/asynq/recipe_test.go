package asynq

import (
	"context"
	"maps"

	"github.com/hibiken/asynq"
	"github.com/traceferry/traceferry/propagation"
)

func enqueue(ctx context.Context, p *propagation.Propagator, client *asynq.Client, queue, kind string, payload []byte, opts ...asynq.Option) error {
	headers := map[string]string{}
	for name, value := range p.Lines(ctx, "asynq:"+queue) {
		if earlier, ok := headers[name]; ok {
			value = earlier + "," + value
		}
		headers[name] = value
	}
	task := asynq.NewTaskWithHeaders(kind, payload, headers, append(opts, asynq.Queue(queue))...)
	_, err := client.EnqueueContext(ctx, task)
	return err
}

// receives makes the context of each task from the task's headers.
func receives(p *propagation.Propagator) asynq.MiddlewareFunc {
	return func(next asynq.Handler) asynq.Handler {
		return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
			return next.ProcessTask(p.ExtractLines(ctx, maps.All(task.Headers())), task)
		})
	}
}

func newMux(p *propagation.Propagator) *asynq.ServeMux {
	mux := asynq.NewServeMux()
	mux.Use(receives(p))
	return mux
}
