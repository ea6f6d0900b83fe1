package grpctrace_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/metadata"
)

// copyingByHand are ways in which services without this library copy metadata.
var copyingByHand = map[string]func(md metadata.MD) metadata.MD{
	"Copy": metadata.MD.Copy,
	"the first lines": func(md metadata.MD) metadata.MD {
		to := metadata.MD{}
		for k := range md {
			to.Set(k, md[k][0])
		}
		return to
	},
	"the last lines": func(md metadata.MD) metadata.MD {
		to := metadata.MD{}
		for k, lines := range md {
			to.Set(k, lines[len(lines)-1])
		}
		return to
	},
	"joined": func(md metadata.MD) metadata.MD {
		to := metadata.MD{}
		for k, lines := range md {
			to.Set(k, strings.Join(lines, ","))
		}
		return to
	},
}

// repeated is metadata of an untrusted caller that repeats lines to pass a comparison of whole headers, or that exceeds
// the limits.
func repeated() map[string]metadata.MD {
	twice, large, many := inbound(1), inbound(1), inbound(1)
	for k, lines := range inbound(1) {
		twice[k] = append(slices.Clone(lines), strings.ReplaceAll(lines[0], "1", "2"))
		large[k] = []string{lines[0] + strings.Repeat("0", 8500)}
		for i := range 70 {
			many[k] = append(many[k], fmt.Sprintf("k%d=v", i))
		}
	}
	keep := func(md metadata.MD, names ...string) metadata.MD { // a server accepts a limited size
		kept := metadata.MD{}
		for _, k := range names {
			kept[k] = md[k]
		}
		return kept
	}
	return map[string]metadata.MD{
		"once": inbound(1), "twice": twice,
		"large": keep(large, "baggage", "x-request-id", "sw8", "uberctx-user", "end-user"),
		"many":  keep(many, "baggage", "x-request-id", "sw8", "uberctx-user", "end-user"),
	}
}

// If a service copies metadata by hand and also uses our client options, it sends no line of an untrusted caller.
func TestEdgeBesideCopiesByHand(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for name, copied := range copyingByHand {
		for _, w := range wirings {
			t.Run(name+"/"+w.name, func(t *testing.T) {
				conn := dial(t, back, w.client(p)...)
				s := service{unary: func(ctx context.Context, msg []byte) ([]byte, error) {
					md, _ := metadata.FromIncomingContext(ctx)
					return callUnary(metadata.NewOutgoingContext(ctx, copied(carriedOf(md))), conn, msg)
				}}
				front := dial(t, serve(t, s, grpctrace.ServerOptions(p, grpctrace.Edge())...))
				for kind, sent := range repeated() {
					for name, lines := range carriedOf(arrived(t, sending(t, sent), callUnary, front)) {
						t.Errorf("%s: %s of an untrusted caller arrived as %.60q, want nothing", kind, name, lines)
					}
				}
			})
		}
	}
}

// A server with the nil Propagator carries nothing. Its trust decision also applies to an inner server of ours.
func TestNilPropagatorDecides(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for name, server := range deciders {
		t.Run(name, func(t *testing.T) {
			opts := append(server(nil, grpctrace.Edge()), grpctrace.ServerOptions(p)...)
			front := dial(t, serve(t, forward(dial(t, back, grpctrace.DialOptions(p)...)), opts...))
			for kind, call := range callers {
				if got := carriedOf(arrived(t, sending(t, inbound(1)), call, front)); len(got) > 0 {
					t.Errorf("%s: %q arrived, want nothing", kind, got)
				}
			}
		})
	}
}
