package propagation

import (
	"context"

	"github.com/traceferry/traceferry/internal/plan"
)

// Begin returns a context for work that no inbound request has started, such as a cron job. All calls with that context
// carry one new x-request-id, a random UUID (version 4), so that logs of several services show that they belong together:
//
//	for range time.Tick(time.Hour) {
//		ctx := p.Begin(context.Background())
//		cleanUp(ctx)
//	}
//
// Call it once for each run of the work. It generates the id whatever Config.GenerateRequestID says, if Config.Formats
// carries RequestID. It begins no trace: a tracer does that. A local span that runs in ctx stays active, and so does one
// that starts later; calls then carry that span as well. Baggage of the application's in ctx is sent, too.
//
// Calls with the returned context are not counted as [NoContext] and are no [LostContext], also if Config.Formats does
// not carry RequestID. Stats.Captured counts the work as a request. Observer.Extracted is called without formats.
//
// If ctx already has a capture, of an inbound request or of an outer Begin, Begin returns ctx unchanged. So code that
// serves requests and cron jobs may call it for both. For other work that starts inside of a request, use a context that
// does not descend from the request's. Deadline and cancellation are those of ctx.
//
// It costs two allocations: the context and the id. It is safe for concurrent use. The nil and the zero Propagator
// return ctx. A nil ctx means context.Background.
func (p *Propagator) Begin(ctx context.Context) context.Context {
	return (*plan.Engine)(p).Begin(ctx)
}
