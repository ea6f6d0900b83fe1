package grpctrace_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// receivers are all ways to extract incoming metadata into a context, in the way in which grpc-go calls them.
var receivers = map[string]func(context.Context, *propagation.Propagator) context.Context{
	"unary": func(ctx context.Context, p *propagation.Propagator) (got context.Context) {
		grpctrace.UnaryServerInterceptor(p)(ctx, nil, nil, func(ctx context.Context, _ any) (any, error) {
			got = ctx
			return nil, nil
		})
		return got
	},
	"stream": func(ctx context.Context, p *propagation.Propagator) (got context.Context) {
		grpctrace.StreamServerInterceptor(p)(nil, streamIn{ctx: ctx}, nil, func(_ any, s grpc.ServerStream) error {
			got = s.Context()
			return nil
		})
		return got
	},
	"handler": func(ctx context.Context, p *propagation.Propagator) context.Context {
		return grpctrace.ServerHandler(p).TagRPC(ctx, &stats.RPCTagInfo{})
	},
}

type streamIn struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streamIn) Context() context.Context { return s.ctx }

// received returns the context of a handler that serves call n.
func received(ctx context.Context, p *propagation.Propagator, n uint64) context.Context {
	return receivers["unary"](metadata.NewIncomingContext(ctx, inbound(n)), p)
}

// Keys of metadata that an application or a test makes by hand may have any case.
func TestIncomingMetadataInAnyCase(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for spelling, spell := range map[string]func(string) string{
		"canonical": func(name string) string {
			for h := range overHTTP(metadata.MD{name: {""}}) {
				name = h
			}
			return name
		},
		"upper": strings.ToUpper,
		"lower": strings.ToLower,
	} {
		came := metadata.MD{}
		for name, values := range inbound(1) {
			came[spell(name)] = values
		}
		for how, receive := range receivers {
			t.Run(spelling+"/"+how, func(t *testing.T) {
				ctx := receive(metadata.NewIncomingContext(t.Context(), came), p)
				for _, w := range wirings {
					got := arrived(t, ctx, callUnary, dial(t, back, w.client(p)...))
					checkVerbatim(t, got, inbound(1))
				}
			})
		}
	}
}

// A capture shares no memory with the received metadata, because the application may change that.
func TestPromise4_IncomingMetadataMayChange(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for how, receive := range receivers {
		t.Run(how, func(t *testing.T) {
			came := inbound(1)
			ctx := receive(metadata.NewIncomingContext(t.Context(), came), p)
			for name, values := range came {
				values[0] = "overwritten"
				delete(came, name)
			}
			checkVerbatim(t, arrived(t, ctx, callUnary, dial(t, back, clientHandler(p)...)), inbound(1))
		})
	}
}

// A call with nothing to carry costs nothing: the context is not changed.
func TestNothingCameIn(t *testing.T) {
	for name, p := range map[string]*propagation.Propagator{"nil": nil, "everything": propagation.MustNew(everything())} {
		for how, receive := range receivers {
			for _, md := range []metadata.MD{nil, {}, metadata.Pairs(":authority", "x", "user-agent", "y")} {
				ctx := t.Context()
				if md != nil {
					ctx = metadata.NewIncomingContext(ctx, md)
				}
				if got := receive(ctx, p); got != ctx {
					t.Errorf("%s, %s Propagator: the context %v became %v, want it unchanged", how, name, ctx, got)
				}
			}
		}
	}
}

// Formats that this Propagator does not read stay as an outer capture has them. All others are replaced.
func TestIncomingInherited(t *testing.T) {
	p := propagation.MustNew(everything())
	narrow := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.B3Single}})
	ctx := received(t.Context(), p, 1)
	want := inbound(1)
	want["b3"] = []string{"0"}
	for how, receive := range receivers {
		t.Run(how, func(t *testing.T) {
			again := receive(metadata.NewIncomingContext(ctx, metadata.Pairs("b3", "0")), narrow)
			got := metadata.MD{}
			p.InjectMetadata(again, got)
			checkVerbatim(t, got, want)

			again = receive(metadata.NewIncomingContext(ctx, metadata.Pairs("b3", "0")), p)
			got = metadata.MD{}
			p.InjectMetadata(again, got)
			checkVerbatim(t, got, metadata.Pairs("b3", "0"))
		})
	}
}
