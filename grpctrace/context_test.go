package grpctrace_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// valuesContext is a context type whose values Go cannot compare.
type valuesContext struct {
	context.Context
	values map[string]string
}

// oddStream is a stream with such a context.
type oddStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s oddStream) Context() context.Context { return s.ctx }

// A context may be of a type that cannot be compared.
func TestPromise6_UncomparableContext(t *testing.T) {
	p := propagation.MustNew(everything())
	for name, md := range map[string]metadata.MD{"much": laden, "nothing": {}} {
		ctx := valuesContext{metadata.NewIncomingContext(t.Context(), md), map[string]string{}}
		var got string
		err := grpctrace.StreamServerInterceptor(p)(nil, oddStream{ctx: ctx}, &grpc.StreamServerInfo{}, func(_ any, s grpc.ServerStream) error {
			got = propagation.RequestIDFromContext(s.Context())
			return nil
		})
		if want := append(md.Get("x-request-id"), "")[0]; err != nil || got != want {
			t.Errorf("%s: the handler has request id %q, want %q; error %v", name, got, want, err)
		}
	}
}

// An interceptor may first call another service, such as the issuer of a token. The rules for the issuer apply to that
// call.
func TestDestinationsOfCallInside(t *testing.T) {
	p, back := withRules(propagation.Destination{Hosts: []string{"evil.example"}, Formats: []propagation.Format{}}), serve(t, echo())
	ours := grpc.WithChainUnaryInterceptor(grpctrace.UnaryClientInterceptor(p))
	for name, options := range map[string][]grpc.DialOption{
		"options": grpctrace.DialOptions(p), "interceptor": {ours}, "interceptor and handler": append(clientHandler(p), ours),
	} {
		issuer := dial(t, "dns:///auth.svc:443", append(options, leadingTo(back)...)...)
		var token metadata.MD
		asking := grpc.WithChainUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			token = arrived(t, ctx, callUnary, issuer)
			return invoke(ctx, method, req, reply, cc, opts...)
		})
		for outer, options := range map[string][]grpc.DialOption{"options": append(grpctrace.DialOptions(p), asking), "interceptor": {ours, asking}} {
			conn := dial(t, "dns:///evil.example:443", append(options, leadingTo(back)...)...)
			got := arrived(t, p.ExtractMetadata(t.Context(), laden), callUnary, conn)
			if len(carriedOf(got)) > 0 {
				t.Errorf("%s inside %s: the external host got %q, want nothing", name, outer, got)
			}
			if len(token["traceparent"]) == 0 || len(token["baggage"]) == 0 || len(token["end-user"]) == 0 {
				t.Errorf("%s inside %s: the issuer got %q, want traceparent, baggage and end-user", name, outer, token)
			}
		}
	}
}
