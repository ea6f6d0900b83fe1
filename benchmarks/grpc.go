package benchmarks

import (
	"context"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/metadata"
)

const sectionGRPC = "gRPC"

func grpcTasks() []Task {
	return []Task{
		grpcServerTask(&Goal{Allocs: 1, Faster: map[string]float64{hand.Name: 6}}),
		grpcStreamTask(&Goal{Allocs: 2}),
		grpcClientTask(handlersContext, &Goal{Allocs: 1, Faster: map[string]float64{hand.Name: 5}}),
		grpcClientTask(derivedContext, &Goal{Allocs: 1, Faster: map[string]float64{hand.Name: 2.5}}),
		grpcForwardTask(&Goal{Allocs: 8}),
	}
}

func grpcServerTask(goal *Goal) Task {
	c, in := istioConfig(), sidecarMetadata()
	return Task{
		Section: sectionGRPC, Name: "GRPCServer", Input: "call=unary/" + sidecar.path,
		Title: "unary server interceptor, " + sidecar.title,
		Entries: []Entry{
			c.entry(serverStep(grpctrace.UnaryServerInterceptor(c.p)).on(in), goal),
			handEntry(serverStep(handUnaryServer(handNames)).on(in)),
			{Library: hand, Config: "18lower", Op: serverStep(handUnaryServer(handLowerNames())).on(in)},
			otelGRPCEntry(otelServerStep().on(in)),
		},
	}
}

func grpcStreamTask(goal *Goal) Task {
	c, in := istioConfig(), sidecarMetadata()
	return Task{
		Section: sectionGRPC, Name: "GRPCServer", Input: "call=stream/" + sidecar.path,
		Title: "stream server interceptor, " + sidecar.title,
		Entries: []Entry{
			c.entry(serveStream(in, grpctrace.StreamServerInterceptor(c.p)), goal),
			handEntry(serveStream(in, handStreamServer)),
			otelGRPCEntry(otelServerStep().on(in)), // it treats unary calls and streams in the same way
		},
	}
}

// outgoing is the context in which a handler makes a call. It has the context's part of a benchmark's name, its title
// in the table, and a function that makes it from the handler's context.
type outgoing struct {
	path, title string
	of          func(context.Context) context.Context
}

var (
	handlersContext = outgoing{"context=handler", "with the handler's context", func(ctx context.Context) context.Context { return ctx }}
	derivedContext  = outgoing{"context=derived", "with a context derived from the handler's", func(ctx context.Context) context.Context {
		ctx, sink.cancel = context.WithCancel(ctx) // cancel is not called, because a call's context is not canceled yet
		return ctx
	}}
)

// grpcClientTask is any call after the first one of an inbound request. Each library's server side made the context
// from the sidecar's metadata. The hand-written client needs no such context.
func grpcClientTask(from outgoing, goal *Goal) Task {
	c, in := istioConfig(), sidecarMetadata()
	ours := from.of(serverStep(grpctrace.UnaryServerInterceptor(c.p))(in))
	return Task{
		Section: sectionGRPC, Name: "GRPCClient", Input: "call=unary/" + from.path,
		Title: "unary client interceptor, a call after the first, " + from.title,
		Entries: []Entry{
			c.entry(clientStep(grpctrace.UnaryClientInterceptor(c.p)).on(ours), goal),
			handEntry(clientStep(handUnaryClient(handPairs())).on(context.Background())),
			otelGRPCEntry(otelClientStep().on(from.of(otelServerStep()(in)))),
		},
	}
}

func grpcForwardTask(goal *Goal) Task {
	c, in := istioConfig(), sidecarMetadata()
	return Task{
		Section: sectionGRPC, Name: "GRPCForward", Input: "call=unary/" + sidecar.path,
		Title: "unary server interceptor, and unary client interceptor at the first call",
		Entries: []Entry{
			c.entry(ourForward(c.p).on(in), goal),
			handEntry(serverStep(handUnaryServer(handNames)).on(in)), // the server already made the outgoing metadata
			otelGRPCEntry(otelServerStep().then(otelClientStep()).on(in)),
		},
	}
}

// ourForward is all of traceferry's work from incoming metadata to outgoing metadata.
func ourForward(p *propagation.Propagator) step {
	return serverStep(grpctrace.UnaryServerInterceptor(p)).then(clientStep(grpctrace.UnaryClientInterceptor(p)))
}

// sidecarMetadata returns a server's context with the sidecar's headers as metadata.
func sidecarMetadata() context.Context {
	md := metadata.MD{}
	for name, v := range sidecarHeaders() {
		md.Set(name, v...)
	}
	return metadata.NewIncomingContext(context.Background(), md)
}
