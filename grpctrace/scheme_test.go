package grpctrace_test

import (
	"context"
	"net"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// resolving returns options with resolvers for a single connection. They handle any scheme and return one address.
func resolving(address string, schemes ...string) []grpc.DialOption {
	options := []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	})}
	for _, scheme := range schemes {
		b := manual.NewBuilderWithScheme(scheme)
		b.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: address}}})
		options = append(options, grpc.WithResolvers(b))
	}
	return options
}

// registries are the schemes of resolvers that ask a registry.
var registries = []string{"etcd", "discov", "consul", "k8s", "kubernetes", "discovery", "nacos", "zookeeper", "polaris", "static"}

// TestRegistryTargets: with a scheme that asks a registry, the endpoint is not the destination's host, even if it looks
// internal.
func TestRegistryTargets(t *testing.T) {
	p, back := withRules(partners), serve(t, echo())
	ctx := p.ExtractMetadata(t.Context(), laden)
	eachCall(t, func(t *testing.T, wire func(*propagation.Propagator, string) []grpc.DialOption, call caller) {
		for _, target := range []string{
			"etcd:///10.0.0.5:2379?key=partner.rpc", "etcd:///localhost:2379,localhost:2380?key=user.rpc", // go-zero
			"discov://10.0.0.5:2379,10.0.0.6:2379/user.rpc", "etcd://etcd/user.rpc", "k8s://default/user:9000", "kubernetes://user.default:8080/", // go-zero
			"discovery:///user", "discovery:///user.service.grpc", // Kratos
			"consul://127.0.0.1:8500/user?wait=14s", "consul:///user", "consul:user", "nacos:///user", "zookeeper://zk:2181/user", "polaris:///user",
			"etcd:///unix:///run/a.sock", "static:unix:a", "static:///unix:a", "k8s:///unix-abstract:a", "static:///reviews.default.svc:80", "static:///api.partner.example:443",
		} {
			got := arrived(t, ctx, call, dial(t, target, append(wire(p, target), resolving(back, registries...)...)...))
			if checkVerbatim(t, got, bare); t.Failed() {
				t.Fatal(target)
			}
		}
	})
}

// TestUnknownCalleesRuled: if the target does not name the destination, a rule for all hosts or WithTarget decides
// which headers are sent.
func TestUnknownCalleesRuled(t *testing.T) {
	back := serve(t, echo())
	const target = "etcd:///10.0.0.5:2379?key=user.rpc"
	for name, row := range map[string]struct {
		p    *propagation.Propagator
		told string
		want metadata.MD
	}{
		"rule for all":       {withRules(propagation.Destination{Hosts: []string{"*"}, Baggage: []string{"*"}, Headers: []string{"*"}}), "", laden},
		"rule for internal":  {withRules(propagation.Destination{Hosts: []string{"<internal>", "10.0.0.0/8", "10.0.0.5:2379"}, Baggage: []string{"*"}, Headers: []string{"*"}}), "", bare},
		"told it is inside":  {withRules(partners), "user.default.svc", laden},
		"told a partner":     {withRules(partners), "dns:///api.partner.example", forPartner},
		"told it is outside": {withRules(partners), "evil.example:443", bare},
		"told a list":        {withRules(partners), "direct:///10.0.0.1:1,10.0.0.2:1", laden},
		"told a registry":    {withRules(partners), target, bare},
	} {
		var options []grpctrace.Option
		if row.told != "" {
			options = append(options, grpctrace.WithTarget(row.told))
		}
		ctx := row.p.ExtractMetadata(t.Context(), laden)
		for wiring, wired := range map[string][]grpc.DialOption{
			"options": grpctrace.DialOptions(row.p, options...),
			"interceptors": {
				grpc.WithUnaryInterceptor(grpctrace.UnaryClientInterceptor(row.p, options...)), grpc.WithStreamInterceptor(grpctrace.StreamClientInterceptor(row.p, options...)),
			},
		} {
			for kind, call := range callers {
				t.Run(name+"/"+wiring+"/"+kind, func(t *testing.T) {
					want := row.want
					if name == "rule for all" {
						want = want.Copy()
						delete(want, "x-envoy-force-trace") // to internal hosts only, where a rule lists no formats
					}
					checkVerbatim(t, arrived(t, ctx, call, dial(t, target, append(wired, resolving(back, "etcd")...)...)), want)
				})
			}
		}
	}
}

// TestListTargets: a list of addresses is internal if all of them are. A socket is a destination only with the schemes
// passthrough and unix.
func TestListTargets(t *testing.T) {
	p, back := withRules(partners), serve(t, echo())
	ctx := p.ExtractMetadata(t.Context(), laden)
	eachCall(t, func(t *testing.T, wire func(*propagation.Propagator, string) []grpc.DialOption, call caller) {
		for target, want := range map[string]metadata.MD{
			"direct:///10.0.0.1:1,10.0.0.2:1":                laden,
			"direct:///10.0.0.1:1":                           laden,
			"direct://namespace/reviews:1,details.svc:http":  laden,
			"direct:///[::1]:1,[fd00::1]:2":                  laden,
			"ipv4:10.0.0.1:1,127.0.0.1:2":                    laden,
			"ipv6:[::1]:1,[fd00::1]":                         laden,
			"passthrough:///10.0.0.1:1,reviews:2":            laden,
			"direct:///10.0.0.1:1,8.8.8.8:1":                 bare,
			"direct:///8.8.8.8:1,10.0.0.1:1":                 bare,
			"direct:///10.0.0.1:1,evil.example:1":            bare,
			"direct:///10.0.0.1:1,,10.0.0.2:1":               bare,
			"direct:///10.0.0.1:1,":                          bare,
			"direct:///":                                     bare,
			"direct:///10.0.0.1:1;evil.example:1":            bare,
			"direct:///10.0.0.1:1,unix:///run/a.sock":        bare,
			"direct:///unix:///run/a.sock":                   bare,
			"ipv4:10.0.0.1:1,8.8.8.8:2":                      bare,
			"passthrough:///10.0.0.1:1,8.8.8.8:2":            bare,
			"passthrough:///unix-abstract:a":                 bare,
			"dns:///unix:///run/a.sock":                      bare,
			"xds:///unix:a":                                  bare,
			"direct:///api.partner.example:443":              forPartner,
			"direct:///api.partner.example:443,10.0.0.1:443": forPartner,
			"direct:///api.partner.example:443,8.8.8.8:443":  {"x-request-id": {"r1"}},
		} {
			options := append(wire(p, target), resolving(back, "direct", "ipv4", "ipv6", "xds", "dns", "passthrough")...)
			if checkVerbatim(t, arrived(t, ctx, call, dial(t, target, options...)), want); t.Failed() {
				t.Fatal(target)
			}
		}
	})
}

// TestOwnResolvers: each connection interprets the same target by its own resolvers, whichever connection calls first.
func TestOwnResolvers(t *testing.T) {
	p, back := withRules(partners), serve(t, echo())
	ctx := p.ExtractMetadata(t.Context(), laden)
	for _, first := range []int{0, 1} {
		target := []string{"reviews:9080", "details:9080"}[first] // a scheme and its endpoint, or a host and its port
		for name, wire := range knowing {
			if name == "told" {
				continue
			}
			scheme, _, _ := strings.Cut(target, ":")
			shared := wire(p, "")
			for _, wired := range [][2][]grpc.DialOption{{wire(p, ""), wire(p, "")}, {shared, shared}} {
				conns := []*grpc.ClientConn{
					dial(t, target, slices.Concat(wired[0], resolving(back, "dns"))...), dial(t, target, slices.Concat(wired[1], resolving(back, scheme))...),
				}
				for i := range 6 {
					at := (i + first) % 2
					if checkVerbatim(t, arrived(t, ctx, callUnary, conns[at]), []metadata.MD{laden, bare}[at]); t.Failed() {
						t.Fatalf("%s: the target %s got other metadata than expected on connection %d at call %d", name, target, at, i)
					}
				}
			}
		}
	}
}

// TestConnectionsAreForgotten: the stored data of a connection is freed with the connection.
func TestConnectionsAreForgotten(t *testing.T) {
	p := withRules(partners)
	ctx := p.ExtractMetadata(t.Context(), laden)
	call := grpctrace.UnaryClientInterceptor(p)
	before := grpctrace.KnownConnections()
	func() {
		for range 100 {
			conn, err := grpc.NewClient("dns:///reviews.svc:1", grpc.WithTransportCredentials(insecure.NewCredentials()))
			if err != nil {
				t.Fatal(err)
			}
			call(ctx, "", nil, nil, conn, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil })
			conn.Close()
		}
	}()
	for deadline := time.Now().Add(5 * time.Second); grpctrace.KnownConnections() > before+10; {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are stored, want at most %d as before", grpctrace.KnownConnections(), before)
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}
