package grpctrace

import (
	"context"
	"sync/atomic"

	"github.com/traceferry/traceferry/internal/grpctarget"
	"github.com/traceferry/traceferry/internal/plan"
	"google.golang.org/grpc"
)

// callees finds the destinations of an interceptor's calls.
type callees struct {
	told  plan.Callee // from WithTarget; may be nil
	first atomic.Pointer[firstConnection]
}

// firstConnection is the first connection that an interceptor was called for, most often its only one.
type firstConnection struct {
	grpctarget.Endpoint
	cc *grpc.ClientConn
}

// connection is another *grpc.ClientConn: the endpoint of its target, whatever its authority.
type connection struct{ cc *grpc.ClientConn }

func (c connection) Host() (string, uint16) { return endpoints.of(c.cc).Host() }

// of returns the destination of a call: WithTarget's if it is set, else the connection's target, else nil.
func (c *callees) of(cc *grpc.ClientConn) plan.Callee {
	if c.told != nil {
		return c.told
	}
	if cc == nil {
		return nil
	}
	first := c.first.Load()
	if first == nil {
		first = &firstConnection{grpctarget.Parse(cc.CanonicalTarget()), cc}
		c.first.CompareAndSwap(nil, first)
	}
	if first.cc == cc {
		return first
	}
	return connection{cc}
}

// noteUnary and noteStream record the destination in the context for the stats handler, because grpc-go does not pass
// it the connection.
func (c *callees) noteUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(plan.ContextWithCallee(ctx, c.of(cc)), method, req, reply, cc, opts...)
}

func (c *callees) noteStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, begin grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return begin(plan.ContextWithCallee(ctx, c.of(cc)), desc, cc, method, opts...)
}
