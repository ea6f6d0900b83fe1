package grpctrace

import (
	"context"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/internal/woven"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// incomingKey and outgoingKey are the context keys of grpc-go's metadata. streamKey is the key of a server's call.
// The keys are unexported. grpc-go's own functions look them up in a context of this package, which records them.
// With the keys, metadata is read without the copy that FromIncomingContext makes. If a key cannot be learned, the
// public functions are used.
var (
	incomingKey = ctxkey.Learn(func(ctx context.Context) { metadata.FromIncomingContext(ctx) })
	outgoingKey = ctxkey.Learn(func(ctx context.Context) { metadata.FromOutgoingContext(ctx) })
	streamKey   = ctxkey.Learn(func(ctx context.Context) { grpc.ServerTransportStreamFromContext(ctx) })
)

func incoming(ctx context.Context) metadata.MD {
	if md, ok := ctx.Value(incomingKey).(metadata.MD); ok {
		return md
	}
	md, _ := metadata.FromIncomingContext(ctx)
	return md
}

// extract returns the context with the headers in the call's metadata, and the capture in it, or nil.
func extract(ctx context.Context, p *propagation.Propagator, trust propagation.Trust) (context.Context, *capture.Node) {
	if ctx == nil {
		ctx = context.Background()
	}
	return (*plan.Engine)(p).ExtractMetadata(ctx, incoming(ctx), policy.Trust(trust))
}

// inject returns the context with outgoing metadata that has the headers of ctx that are allowed for the destination.
func inject(ctx context.Context, p *propagation.Propagator, to plan.Callee) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	if woven.Yields(ctx, (*plan.Engine)(p)) {
		return ctx
	}
	ctx = woven.Handled(ctx)
	if ctxkey.Learned(outgoingKey) && ctx.Value(outgoingKey) == nil {
		ctx, _ = (*plan.Engine)(p).ContextWithMetadata(ctx, to, outgoingKey, wrapOutgoing)
		return ctx
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	copied, ok := (*plan.Engine)(p).CloneMetadata(ctx, to, md)
	if to != nil { // a later Inject needs the destination
		ctx = plan.ContextWithCallee(ctx, to)
	}
	if ok {
		ctx = metadata.NewOutgoingContext(ctx, copied)
	}
	return ctx
}

// wrapOutgoing returns the metadata in the form in which grpc-go keeps it in a context.
func wrapOutgoing(md map[string][]string) any {
	return metadata.NewOutgoingContext(context.Background(), md).Value(outgoingKey)
}
