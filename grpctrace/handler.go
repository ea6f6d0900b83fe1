package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/stats"
)

// ServerHandler returns a stats handler that puts what a call's metadata carries into
// its context, as the server interceptors do, but before interceptors and before the stats
// handlers that are registered after it: registered before otelgrpc's, it gives that its remote
// parent in every format.
func ServerHandler(p *propagation.Propagator, opts ...Option) stats.Handler {
	o := collect(opts)
	return handler(func(ctx context.Context, call *stats.RPCTagInfo) context.Context {
		if o.trust != nil {
			return extract(ctx, p, o.trust(ctx, call.FullMethodName))
		}
		return extract(ctx, p, propagation.Continue)
	})
}

// ClientHandler returns a stats handler that puts what the context carries into a
// call's metadata, as the client interceptors do, but for each attempt of a call that is
// retried or hedged, and after the stats handlers that are registered before it:
// registered after otelgrpc's, every format names otelgrpc's client span. Before
// otelgrpc's it cannot; then formats that otelgrpc does not write name the span around the call.
//
// grpc-go checks metadata before it calls stats handlers. What it would refuse is
// left out here all the same.
//
// Nor does it tell them whom the connection calls. DialOptions does, and our client interceptors; by
// itself a ClientHandler needs WithTarget to leave out what may not go there (propagation.Destination), or sends all.
func ClientHandler(p *propagation.Propagator, opts ...Option) stats.Handler {
	o := collect(opts)
	return handler(func(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
		if o.target != nil {
			return inject(ctx, p, o.target)
		}
		return inject(ctx, p, plan.CalleeFromContext(ctx))
	})
}

// handler is a stats handler that only tags calls.
type handler func(context.Context, *stats.RPCTagInfo) context.Context

func (h handler) TagRPC(ctx context.Context, call *stats.RPCTagInfo) context.Context {
	return h(ctx, call)
}

func (handler) HandleRPC(context.Context, stats.RPCStats) {}

func (handler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (handler) HandleConn(context.Context, stats.ConnStats) {}
