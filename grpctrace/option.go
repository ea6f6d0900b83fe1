package grpctrace

import (
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

// Option changes what the functions of this package do besides carrying metadata: WithTrust, a
// Decider. An Option that does not concern a function's side is ignored.
type Option interface{ apply(*options) }

type options struct {
	trust  Decider     // nil: everybody is believed
	target plan.Callee // nil: not told
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// WithTarget says what the connection calls: the target as grpc.NewClient takes it, with its scheme
// (dns:///api.example.com:443); without one it means DNS, and without a port 443. A ClientHandler by itself needs it.
// DialOptions and the client interceptors need it where the connection's own target does not tell the host: a target of
// etcd, consul, k8s, discovery or another registry names the registry or a key in it. Such a callee is unknown, so baggage and
// Config.Headers stay here, unless a rule for "*" lets them go (propagation.Destination). WithTarget comes
// before the connection's target.
//
//	grpc.NewClient("etcd:///10.0.0.5:2379?key=user.rpc", grpctrace.DialOptions(p, grpctrace.WithTarget("user.default.svc"))...)
//
// Known are the schemes dns, passthrough, unix, unix-abstract, ipv4, ipv6, xds (the name of the service) and direct (a list of
// addresses, in go-zero and Kratos). A list is internal if all its addresses are.
func WithTarget(target string) Option {
	to := endpointOf(canonical(target))
	return optionFunc(func(o *options) { o.target = to })
}

// collect reads the options of a function of this package. It also marks grpc-go's server contexts, so that
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

// ServerOptions returns what a server needs: the two interceptors, chained, so that
// others may stand beside them.
//
//	grpc.NewServer(grpctrace.ServerOptions(p)...)
func ServerOptions(p *propagation.Propagator, opts ...Option) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(UnaryServerInterceptor(p, opts...)),
		grpc.ChainStreamInterceptor(StreamServerInterceptor(p, opts...)),
	}
}

// DialOptions returns what a client needs: the stats handler, and interceptors that tell it whom
// the connection calls. With otelgrpc, its handler comes first:
//
//	opts := append([]grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())}, grpctrace.DialOptions(p)...)
//	conn, err := grpc.NewClient(target, opts...)
func DialOptions(p *propagation.Propagator, opts ...Option) []grpc.DialOption {
	to := &callees{told: collect(opts).target}
	return []grpc.DialOption{
		grpc.WithChainUnaryInterceptor(to.noteUnary),
		grpc.WithChainStreamInterceptor(to.noteStream),
		grpc.WithStatsHandler(ClientHandler(p, opts...)),
	}
}
