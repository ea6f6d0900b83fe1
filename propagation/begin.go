package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/plan"
)

// Begin returns a context for work that no inbound request has started, such as a cron job. All calls with that
// context carry one new x-request-id, a random UUID (version 4). So the logs of several services show which calls
// belong together:
//
//	for range time.Tick(time.Hour) {
//		ctx := p.Begin(context.Background())
//		cleanUp(ctx)
//	}
//
// Call Begin once for each run of the work. It generates the id if Config.Formats carries RequestID, whatever the
// value of Config.GenerateRequestID.
//
// Begin starts no trace. If a tracer starts a span, before or after Begin, the calls carry that span, too. The calls
// also carry baggage that the application has put into ctx.
//
// Calls with the returned context do not count as [NoContext], and Observer.Lost does not get them as [LostContext].
// That is true also if Config.Formats does not carry RequestID. If Begin generates an id, Stats.Captured counts the
// work as a request, and Observer.Extracted is called without formats.
//
// If ctx already has a capture, from an inbound request or from an outer Begin, Begin returns ctx unchanged. So you
// can call Begin in code that serves both requests and cron jobs. For other work that starts inside a request, use a
// context that does not descend from the request's context.
//
// Begin costs two allocations: the context and the id. It is safe for concurrent use. The nil and the zero Propagator
// return ctx.
func (p *Propagator) Begin(ctx context.Context) context.Context {
	return (*plan.Engine)(p).Begin(ctx)
}
