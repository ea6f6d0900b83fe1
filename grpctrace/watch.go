package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// The client's side with Observer.Lost set. It examines each call for losses.

// prepare returns the context with which a call goes on to a destination.
type prepare func(context.Context, *propagation.Propagator, plan.Callee) context.Context

func noteCallee(ctx context.Context, _ *propagation.Propagator, to plan.Callee) context.Context {
	return plan.ContextWithCallee(ctx, to)
}

// watchedUnary and watchedStream return the client interceptors of a Propagator that watches.
func watchedUnary(p *propagation.Propagator, to *callees, next prepare) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		callee := to.of(cc)
		ctx, failed := watch(ctx, p, callee, method)
		err := invoke(next(ctx, p, callee), method, req, reply, cc, opts...)
		failed(err)
		return err
	}
}

func watchedStream(p *propagation.Propagator, to *callees, next prepare) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, begin grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		callee := to.of(cc)
		ctx, failed := watch(ctx, p, callee, method)
		stream, err := begin(next(ctx, p, callee), desc, cc, method, opts...)
		failed(err)
		return stream, err
	}
}

// watch reports a loss of a call that begins. It returns the context with a mark, so that nothing inside reports the call
// again. Call failed with the call's result. It does nothing if the call has a mark already.
func watch(ctx context.Context, p *propagation.Propagator, to plan.Callee, method string) (_ context.Context, failed func(error)) {
	engine := (*plan.Engine)(p)
	if plan.Watched(ctx) {
		return ctx, func(error) {}
	}
	lost := engine.Watch(ctx, to, method)
	return engine.ContextWatched(ctx), func(err error) {
		if err != nil && !lost {
			engine.WatchFailure(ctx, to, method)
		}
	}
}

// watchedHandler is the client's stats handler of a Propagator that watches.
type watchedHandler struct {
	p  *propagation.Propagator
	to func(context.Context) plan.Callee
}

func (h watchedHandler) TagRPC(ctx context.Context, call *stats.RPCTagInfo) context.Context {
	to := h.to(ctx)
	ctx, _ = watch(ctx, h.p, to, call.FullMethodName)
	ctx = inject(ctx, h.p, to)
	md, _ := metadata.FromOutgoingContext(ctx)
	return (*plan.Engine)(h.p).ContextWrote(ctx, md)
}

// HandleRPC compares what has left with what TagRPC has written.
func (h watchedHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if sent, ok := s.(*stats.OutHeader); ok {
		(*plan.Engine)(h.p).WatchSentMetadata(ctx, h.to(ctx), sent.FullMethod, sent.Header)
	}
}

func (watchedHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (watchedHandler) HandleConn(context.Context, stats.ConnStats) {}
