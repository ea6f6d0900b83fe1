package grpctrace_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/metadata"
)

// If a call's context is a child of another request's context, such as a connection's or a message's, the call carries
// none of that request's headers.
func TestIncomingOnAnothersContext(t *testing.T) {
	p := propagation.MustNew(everything())
	for how, receive := range receivers {
		for name, md := range map[string]metadata.MD{"nothing": nil, "not ours": metadata.Pairs(":authority", "x"), "a decision": metadata.Pairs("b3", "0")} {
			t.Run(how+"/"+name, func(t *testing.T) {
				ctx := metadata.NewIncomingContext(received(t.Context(), p, 1), md)
				got, want := metadata.MD{}, metadata.MD{}
				p.InjectMetadata(receive(ctx, p), got)
				p.InjectMetadata(receive(metadata.NewIncomingContext(context.Background(), md), p), want)
				checkVerbatim(t, got, want)
			})
		}
	}
}
