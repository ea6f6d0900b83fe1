package grpctrace_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
)

// FuzzPolicies sends any metadata through the server side and the client side, in memory. No header of an untrusted
// caller is forwarded. An external host gets no baggage, no Config.Headers and no headers that control the mesh.
// grpc-go accepts all sent metadata.
func FuzzPolicies(f *testing.F) {
	for _, attack := range attacks {
		if len(attack.md) < 100 {
			f.Add(textOf(attack.md), true, byte(0))
		}
	}
	for target := range targets {
		f.Add(textOf(inbound(1)), target%2 == 0, byte(target))
	}
	p := propagation.MustNew(everything())
	connections := make([]*grpc.ClientConn, len(targets))
	for i, target := range targets {
		connections[i] = dialNobody(f, target.name)
	}
	f.Fuzz(func(t *testing.T, text string, edge bool, which byte) {
		target := targets[int(which)%len(targets)]
		cc := connections[int(which)%len(targets)]
		var opts []grpctrace.Option
		if edge {
			opts = append(opts, grpctrace.Edge())
		}
		for way, sent := range sentInMemory(p, opts, cc, target.name, parsed(text)) {
			size := 0
			for name, values := range sent {
				switch {
				case edge:
					t.Fatalf("%s: %s of an untrusted caller is sent, want nothing: %q", way, name, values)
				case !target.internal && slices.ContainsFunc(userNames, func(n string) bool { return strings.HasPrefix(name, n) }):
					t.Fatalf("%s: the external target %s gets %s, want no user data: %q", way, target.name, name, values)
				case len(carriedOf(metadata.MD{name: nil})) == 0:
					t.Fatalf("%s: %s is sent, but no Propagator here carries it: %q", way, name, values)
				}
				for _, v := range values {
					size += len(name) + len(v) + 32
					if !strings.HasSuffix(name, "-bin") && strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
						t.Fatalf("%s: grpc-go refuses %s: %q", way, name, v)
					}
				}
			}
			if size > 4096 {
				t.Fatalf("%s: %d bytes are sent, want at most 4096", way, size)
			}
		}
	})
}

// targets are the targets of clients, and whether they are internal.
var targets = []struct {
	name     string
	internal bool
}{
	{"dns:///api.example.com:443", false}, {"dns:///reviews.default.svc:9080", true}, {"api.example.com", false}, {"passthrough:///8.8.8.8:443", false},
	{"passthrough:///[::ffff:8.8.8.8]:443", false}, {"dns://10.0.0.1/api.example.com", false}, {"127.0.0.1:80", true}, {"unix:///run/socket", true},
}

// userNames are names with user data, and names that control the mesh.
var userNames = []string{"baggage", "jaeger-baggage", "uberctx-", "ot-baggage-", "sw8-correlation", "correlation-context", "end-user", "user-bin", "x-envoy-force-trace"}

// dialNobody makes a client that never calls.
func dialNobody(f *testing.F, target string) *grpc.ClientConn {
	cc, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { cc.Close() })
	return cc
}

// sentInMemory runs a call through interceptors, and through handlers. It returns the metadata that each one sends.
func sentInMemory(p *propagation.Propagator, opts []grpctrace.Option, cc *grpc.ClientConn, target string, came metadata.MD) map[string]metadata.MD {
	sent := map[string]metadata.MD{}
	incoming := metadata.NewIncomingContext(context.Background(), came)
	note := func(way string, ctx context.Context) { sent[way], _ = metadata.FromOutgoingContext(ctx) }
	grpctrace.UnaryServerInterceptor(p, opts...)(incoming, nil, &grpc.UnaryServerInfo{FullMethod: unaryMethod}, func(ctx context.Context, _ any) (any, error) {
		askAll(ctx)
		return nil, grpctrace.UnaryClientInterceptor(p)(ctx, unaryMethod, nil, nil, cc,
			func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
				note("interceptors", ctx)
				return nil
			})
	})
	ctx := grpctrace.ServerHandler(p, opts...).TagRPC(incoming, &stats.RPCTagInfo{FullMethodName: unaryMethod})
	note("handlers", grpctrace.ClientHandler(p, grpctrace.WithTarget(target)).TagRPC(ctx, &stats.RPCTagInfo{FullMethodName: unaryMethod}))
	return sent
}

// textOf writes metadata as lines. parsed reads them.
func textOf(md metadata.MD) string {
	var text strings.Builder
	for name, values := range md {
		for _, v := range values {
			text.WriteString(name + ": " + v + "\n")
		}
	}
	return text.String()
}

func parsed(text string) metadata.MD {
	md := metadata.MD{}
	for line := range strings.SplitSeq(text, "\n") {
		if name, value, ok := strings.Cut(line, ": "); ok && name != "" {
			name = strings.ToLower(name)
			md[name] = append(md[name], value)
		}
	}
	return md
}
