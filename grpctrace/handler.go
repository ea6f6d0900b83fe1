package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/stats"
)

// ServerHandler returns a stats handler that puts the headers in a call's metadata into the call's context, as the
// server interceptors do. It runs before interceptors, and before the stats handlers that are registered after it.
// Register it before otelgrpc's handler, so that otelgrpc's span gets its remote parent from any format that p carries.
//
// It takes a [Decider] as an option. It ignores options that tell the caller the trace id, such as [WithTraceResponse],
// because a stats handler cannot send metadata. It makes grpc-go build events for each call; see the package
// documentation for the cost. It is safe for concurrent use.
func ServerHandler(p *propagation.Propagator, opts ...Option) stats.Handler {
	o := collect(opts)
	return serverHandler{watches: (*plan.Engine)(p).Watches(), handler: func(ctx context.Context, call *stats.RPCTagInfo) context.Context {
		trust := propagation.Continue
		if o.trust != nil {
			trust = o.trust(ctx, call.FullMethodName)
		}
		ctx, _ = extract(ctx, p, trust)
		return ctx
	}}
}

// serverHandler notes the end of each call.
type serverHandler struct {
	handler
	watches bool
}

func (h serverHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if _, ended := s.(*stats.End); ended {
		capture.Of(ctx).End(h.watches)
	}
}

// ClientHandler returns a stats handler that puts the headers of the context into a call's metadata, as the client
// interceptors do. It runs for each attempt of a call that is retried or hedged. It runs after the stats handlers that
// are registered before it.
//
// Register it after otelgrpc's handler, so that every format carries the ids of otelgrpc's client span. If it is
// registered before, formats that otelgrpc does not write carry the ids of the span around the call.
//
// grpc-go checks metadata before it calls stats handlers. ClientHandler itself leaves out the values that grpc-go would
// refuse.
//
// grpc-go does not pass stats handlers the connection. [DialOptions] and the client interceptors record the destination
// for ClientHandler. Without them, ClientHandler needs [WithTarget] to apply the rules of propagation.Destination.
// Without any destination it sends everything.
func ClientHandler(p *propagation.Propagator, opts ...Option) stats.Handler {
	o := collect(opts)
	to := func(ctx context.Context) plan.Callee {
		if o.target != nil {
			return o.target
		}
		return plan.CalleeFromContext(ctx)
	}
	if (*plan.Engine)(p).Watches() {
		return watchedHandler{p, to}
	}
	return handler(func(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return inject(ctx, p, to(ctx)) })
}

// handler is a stats handler that only tags calls.
type handler func(context.Context, *stats.RPCTagInfo) context.Context

func (h handler) TagRPC(ctx context.Context, call *stats.RPCTagInfo) context.Context {
	return h(ctx, call)
}

func (handler) HandleRPC(context.Context, stats.RPCStats) {}

func (handler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (handler) HandleConn(context.Context, stats.ConnStats) {}
