package grpctrace

import (
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/grpctarget"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// Option changes what the functions of this package do besides carrying metadata. [WithTrust] and [Decider] are for the
// server's side, and so are [WithTraceResponse], [WithServerTiming], [WithResponseTraceID] and [WithResponseTo].
// [WithTarget] is for the client's side. An Option for the other side is ignored.
type Option interface{ apply(*options) }

type options struct {
	trust   Decider     // nil: every caller is trusted
	answers *answers    // nil: no metadata for the caller
	target  plan.Callee // nil: not set
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// WithTarget sets the destination of a connection, for the rules of propagation.Destination. Use it if the connection's
// own target does not contain the host that is called:
//
//	opts := grpctrace.DialOptions(p, grpctrace.WithTarget("user.default.svc"))
//	conn, err := grpc.NewClient("etcd:///10.0.0.5:2379?key=user.rpc", opts...)
//
// A target of etcd, consul, k8s, discovery or another registry contains the registry or a key in it. Without WithTarget
// the destination of such a connection is unknown. It gets no baggage and no Config.Headers, unless a rule for "*" allows
// them. A [ClientHandler] without [DialOptions] and without a client interceptor always needs WithTarget.
//
// The target has the grammar of grpc.NewClient, such as "dns:///api.example.com:443". The known schemes are dns,
// passthrough, unix, unix-abstract, ipv4, ipv6, xds (the name of the service) and direct (a list of addresses, in go-zero
// and Kratos). A target without a scheme means dns. In dns, ipv4 and ipv6 the default port is 443. A list of addresses is
// an internal host if all its addresses are internal. A target of another scheme is an unknown destination.
func WithTarget(target string) Option {
	to := grpctarget.Parse(grpctarget.Canonical(target))
	return optionFunc(func(o *options) { o.target = to })
}

// collect applies the options of a function of this package. It also marks grpc-go's server contexts, so that
// propagation.NothingReceived is counted for them.
func collect(opts []Option) (o options) {
	ctxkey.MarkServed(incomingKey, streamKey)
	for _, opt := range opts {
		if opt != nil {
			opt.apply(&o)
		}
	}
	return o
}

// ServerOptions returns the options of a server: [UnaryServerInterceptor] and [StreamServerInterceptor]. They are
// chained, so that you can add other interceptors.
//
//	grpc.NewServer(grpctrace.ServerOptions(p)...)
func ServerOptions(p *propagation.Propagator, opts ...Option) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(UnaryServerInterceptor(p, opts...)),
		grpc.ChainStreamInterceptor(StreamServerInterceptor(p, opts...)),
	}
}

// DialOptions returns the options of a client: [ClientHandler], and interceptors that record the connection's
// destination for it. With otelgrpc, register otelgrpc's handler first:
//
//	opts := []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())}
//	opts = append(opts, grpctrace.DialOptions(p)...)
//	conn, err := grpc.NewClient(target, opts...)
func DialOptions(p *propagation.Propagator, opts ...Option) []grpc.DialOption {
	to := &callees{told: collect(opts).target}
	unary, stream := to.noteUnary, to.noteStream
	if (*plan.Engine)(p).Watches() {
		unary, stream = watchedUnary(p, to, noteCallee), watchedStream(p, to, noteCallee)
	}
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(unary),
		grpc.WithChainStreamInterceptor(stream),
		grpc.WithStatsHandler(ClientHandler(p, opts...)),
	}
}
