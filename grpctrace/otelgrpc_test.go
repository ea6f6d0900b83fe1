package grpctrace_test

import (
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// serverOrders are the orders of a server's handlers with otelgrpc's. All are right.
var serverOrders = map[string]func(*propagation.Propagator, grpc.ServerOption) []grpc.ServerOption{
	"options": func(p *propagation.Propagator, theirs grpc.ServerOption) []grpc.ServerOption {
		return append(grpctrace.ServerOptions(p), theirs)
	},
	"handler before": func(p *propagation.Propagator, theirs grpc.ServerOption) []grpc.ServerOption {
		return append(serverHandler(p), theirs)
	},
	"handler after": func(p *propagation.Propagator, theirs grpc.ServerOption) []grpc.ServerOption {
		return append([]grpc.ServerOption{theirs}, serverHandler(p)...)
	},
	"handler before and options": func(p *propagation.Propagator, theirs grpc.ServerOption) []grpc.ServerOption {
		return append(append(serverHandler(p), theirs), grpctrace.ServerOptions(p)...)
	},
}

// rightOrders are the orders of a client's handlers with otelgrpc's in which every format names otelgrpc's client span.
var rightOrders = map[string]func(*propagation.Propagator, grpc.DialOption) []grpc.DialOption{
	"options": func(p *propagation.Propagator, theirs grpc.DialOption) []grpc.DialOption {
		return append([]grpc.DialOption{theirs}, grpctrace.DialOptions(p)...)
	},
	"interceptors and handler": func(p *propagation.Propagator, theirs grpc.DialOption) []grpc.DialOption {
		return append(append(clientInterceptors(p), theirs), clientHandler(p)...)
	},
}

// cameTo returns the metadata of call 1 as it reaches a server with otelgrpc and the propagator. With our propagator
// there are no repeated lines, because otelgrpc's carrier returns only the first line.
func cameTo(propagator string) metadata.MD {
	md := inbound(1)
	for name, lines := range md {
		if propagator == ours {
			md[name] = lines[:1]
		}
	}
	return md
}

// The spans of the caller, the server and the client are one chain that ends in the received headers, and every format
// agrees. Without an SDK, all headers arrive unchanged.
func TestOtelgrpcInTheRightOrder(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for serverOrder, serverOptions := range serverOrders {
		for clientOrder, dialOptions := range rightOrders {
			t.Run("server "+serverOrder+"/client "+clientOrder, func(t *testing.T) {
				eachOtelgrpc(t, p, func(t *testing.T, i instrumented, propagator string) {
					next := dial(t, back, dialOptions(p, i.client())...)
					conn := dial(t, serve(t, forward(next), serverOptions(p, i.server())...))
					came := cameTo(propagator)
					for _, call := range callers {
						got := arrived(t, sending(t, came), call, conn)
						if i.spans == nil {
							checkVerbatim(t, got, came)
							continue
						}
						server, client := i.ended(t)
						// An otelgrpc without a propagator begins a new trace, unless our handler has put the caller's span into the context.
						begun := propagator == none && (serverOrder == "options" || serverOrder == "handler after")
						checkChain(t, server, client, begun)
						checkSpan(t, got, came, client.span)
					}
				})
			})
		}
	}
}

func checkChain(t *testing.T, server, client spanAndParent, begun bool) {
	t.Helper()
	caller := spanContextOf(callersSpan(1)).WithRemote(true)
	switch {
	case begun && server.parent.IsValid():
		t.Errorf("the server's parent is %s, want none", server.parent.SpanID())
	case !begun && (server.parent.SpanID() != caller.SpanID() || server.parent.TraceID() != caller.TraceID()):
		t.Errorf("the server's parent is %s of %s, want the caller's", server.parent.SpanID(), server.parent.TraceID())
	}
	if client.parent.SpanID() != server.span.SpanID() {
		t.Errorf("the client's parent is %s, want the server's span %s", client.parent.SpanID(), server.span.SpanID())
	}
}

// If an otelgrpc before ours has our propagator, its carrier returns only the first line of a name. Our handler then
// reads the other lines, too.
func TestOtelgrpcRepeatedLines(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	theirs := instrumented{opts: []otelgrpc.Option{otelgrpc.WithPropagators(p)}}
	for _, order := range []string{"options", "handler after"} {
		for clientOrder, dialOptions := range rightOrders {
			t.Run("server "+order+"/client "+clientOrder, func(t *testing.T) {
				next := dial(t, back, dialOptions(p, theirs.client())...)
				conn := dial(t, serve(t, forward(next), serverOrders[order](p, theirs.server())...))
				for _, call := range callers {
					checkVerbatim(t, arrived(t, sending(t, inbound(1)), call, conn), inbound(1))
				}
			})
		}
	}
}

// wrongOrders are the orders of a client's handlers that this package cannot correct.
var wrongOrders = map[string]func(*propagation.Propagator, grpc.DialOption) []grpc.DialOption{
	"handler before": func(p *propagation.Propagator, theirs grpc.DialOption) []grpc.DialOption {
		return append(clientHandler(p), theirs)
	},
	"interceptors": func(p *propagation.Propagator, theirs grpc.DialOption) []grpc.DialOption {
		return append(clientInterceptors(p), theirs)
	},
}

// In the wrong order, formats that otelgrpc does not write name the span around the call. No format is sent twice.
// Without an SDK, all headers arrive unchanged.
func TestOtelgrpcInTheWrongOrder(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for order, dialOptions := range wrongOrders {
		t.Run(order, func(t *testing.T) {
			eachOtelgrpc(t, p, func(t *testing.T, i instrumented, propagator string) {
				next := dial(t, back, dialOptions(p, i.client())...)
				conn := dial(t, serve(t, forward(next), append(serverHandler(p), i.server())...))
				came := cameTo(ours) // otelgrpc has read the headers that it writes
				for _, call := range callers {
					got := arrived(t, sending(t, came), call, conn)
					if i.spans == nil {
						checkVerbatim(t, got, came)
						continue
					}
					server, client := i.ended(t)
					checkChain(t, server, client, false)
					for f, sc := range spansNamed(got) {
						want := server.span
						if theirs := propagator == ours && f != propagation.GRPCTraceBin || propagator == traceContext && f == propagation.W3C; theirs {
							want = client.span
						}
						if !sameSpan(f, sc, want) {
							t.Errorf("%s names %s, want %s; the server's span is %s and the client's %s", f, sc.SpanID, want.SpanID(), server.span.SpanID(), client.span.SpanID())
						}
					}
				}
			})
		})
	}
}
