package grpctrace_test

import (
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// routing is a balancer that adds metadata to each call, as balancers of a control plane may do. It otherwise picks any
// connection.
const routing = "traceferry_test_routing"

func init() { balancer.Register(base.NewBalancerBuilder(routing, pickers{}, base.Config{})) }

type pickers struct{}

func (pickers) Build(ready base.PickerBuildInfo) balancer.Picker {
	for conn := range ready.ReadySCs {
		return picker{conn}
	}
	return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
}

type picker struct{ conn balancer.SubConn }

func (p picker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	return balancer.PickResult{SubConn: p.conn, Metadata: metadata.Pairs("route", "1")}, nil
}

// The headers are sent to a server however it was found, together with a balancer's metadata.
func TestEveryNameResolution(t *testing.T) {
	p := withRules(propagation.Destination{Hosts: []string{"*"}, Baggage: []string{"*"}, Headers: []string{"*"}}) // the destination of "list" is unknown
	addresses := []string{serve(t, echo()), serve(t, echo())}
	list := manual.NewBuilderWithScheme("list")
	list.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: addresses[0]}, {Addr: addresses[1]}}})
	balanced := func(policy string) grpc.DialOption {
		return grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"` + policy + `": {}}]}`)
	}
	for name, target := range map[string]struct {
		target  string
		options []grpc.DialOption
		route   []string
	}{
		"DNS":         {"dns:///" + addresses[0], nil, nil},
		"passthrough": {"passthrough:///" + addresses[0], nil, nil},
		"round robin": {"list:///both", []grpc.DialOption{grpc.WithResolvers(list), balanced("round_robin")}, nil},
		"routing":     {"list:///both", []grpc.DialOption{grpc.WithResolvers(list), balanced(routing)}, []string{"1"}},
	} {
		t.Run(name, func(t *testing.T) {
			eachWiring(t, func(t *testing.T, w wiring, call caller) {
				conn := dial(t, target.target, append(w.client(p), target.options...)...)
				ctx := received(t.Context(), p, 1)
				for range 8 {
					got := arrived(t, ctx, call, conn)
					checkVerbatim(t, got, inbound(1))
					checkSame(t, only(got, "route"), metadata.MD{"route": target.route})
				}
			})
		})
	}
}
