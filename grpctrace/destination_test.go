package grpctrace_test

import (
	"context"
	"maps"
	"net"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// laden is metadata with headers that external hosts may get, and headers that they may not get.
var laden = metadata.MD{
	"traceparent": inbound(1)["traceparent"], "x-request-id": {"r1"}, "baggage": {"user=bob,tenant=7"}, "uberctx-user": {"bob"},
	"x-envoy-force-trace": {"1"}, "end-user": {"bob"}, "user-bin": {"\x00\xff"},
}

// bare is the part of laden that external hosts may get by default.
var bare = metadata.MD{"traceparent": laden["traceparent"], "x-request-id": {"r1"}}

// partners is a rule for one host and port. It allows no trace format, and one key of baggage.
var partners = propagation.Destination{
	Hosts: []string{"api.partner.example:443"}, Formats: []propagation.Format{propagation.RequestID}, Baggage: []string{"tenant"},
}

var forPartner = metadata.MD{"x-request-id": {"r1"}, "baggage": {"tenant=7"}}

func withRules(rules ...propagation.Destination) *propagation.Propagator {
	c := everything()
	c.Destinations = rules
	return propagation.MustNew(c)
}

// knowing are the wirings that know the destination of a connection.
var knowing = map[string]func(p *propagation.Propagator, target string) []grpc.DialOption{
	"interceptors": func(p *propagation.Propagator, _ string) []grpc.DialOption { return clientInterceptors(p) },
	"options":      func(p *propagation.Propagator, _ string) []grpc.DialOption { return grpctrace.DialOptions(p) },
	"told": func(p *propagation.Propagator, target string) []grpc.DialOption {
		return []grpc.DialOption{grpc.WithStatsHandler(grpctrace.ClientHandler(p, grpctrace.WithTarget(target)))}
	},
}

// leadingTo returns options that make every name resolve to one address, with any resolver.
func leadingTo(address string) []grpc.DialOption {
	dns, xds := manual.NewBuilderWithScheme("dns"), manual.NewBuilderWithScheme("xds")
	for _, b := range []*manual.Resolver{dns, xds} {
		b.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: address}}})
	}
	return []grpc.DialOption{grpc.WithResolvers(dns, xds), grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", address)
	})}
}

// eachCall runs a check for each wiring that knows the target, and for both kinds of call.
func eachCall(t *testing.T, check func(t *testing.T, wire func(*propagation.Propagator, string) []grpc.DialOption, call caller)) {
	for name, wire := range knowing {
		for kind, call := range callers {
			t.Run(name+"/"+kind, func(t *testing.T) { check(t, wire, call) })
		}
	}
}

// TestTargets: in every form of target, the target's endpoint is the destination. The authority is not.
func TestTargets(t *testing.T) {
	p, back := withRules(partners), serve(t, echo())
	ctx := p.ExtractMetadata(t.Context(), laden)
	targets := map[string]metadata.MD{
		"dns:///reviews.default.svc:9080":     laden,
		"dns:///Reviews.SVC.:9080":            laden,
		"dns:///10.1.2.3:443":                 laden,
		"dns:///[::1]:443":                    laden,
		"dns:///[::ffff:10.1.2.3]:443":        laden,
		"dns:reviews:9080":                    laden,
		"reviews:9080":                        laden,
		"dns://8.8.8.8/reviews.svc:443":       laden, // the name server is not the destination
		"passthrough:///reviews:9080":         laden,
		"xds:///reviews.default.svc:9080":     laden,
		"xds://authority.example/reviews.svc": laden,

		"dns:///evil.example:443":                 bare,
		"evil.example:443":                        bare,
		"evil.example":                            bare,
		"dns:///reviews.default:9080":             bare,
		"dns:///[::ffff:8.8.8.8]:443":             bare,
		"dns://reviews.svc/evil.example:443":      bare,
		"dns://10.1.2.3:53/evil.example":          bare,
		"passthrough:///evil.example:443":         bare,
		"passthrough://reviews/evil.example:443":  bare,
		"passthrough:///127.1:443":                bare,
		"xds:///evil.example":                     bare,
		"xds://reviews.svc/evil.example:443":      bare,
		"passthrough:///reviews.svc@evil.example": bare,
		"xds:///reviews.svc/evil.example":         bare,

		"dns:///api.partner.example":              forPartner, // 443 is the default port of the scheme dns
		"api.partner.example":                     forPartner,
		"dns:///API.Partner.Example.:443":         forPartner,
		"passthrough:///api.partner.example:443":  forPartner,
		"xds:///api.partner.example:443":          forPartner,
		"xds:///api.partner.example":              bare, // the port is unknown
		"passthrough:///api.partner.example:8443": bare,
	}
	eachCall(t, func(t *testing.T, wire func(*propagation.Propagator, string) []grpc.DialOption, call caller) {
		for target, want := range targets {
			for _, authority := range []string{"", "reviews.svc", "evil.example", "api.partner.example:443"} {
				options := append(wire(p, target), leadingTo(back)...)
				if authority != "" {
					options = append(options, grpc.WithAuthority(authority))
				}
				got := arrived(t, ctx, call, dial(t, target, options...))
				if authority != "" && !slices.Equal(got[":authority"], []string{authority}) {
					t.Errorf("the authority is %q, want %q", got[":authority"], authority)
				}
				if checkVerbatim(t, got, want); t.Failed() {
					t.Fatalf("the target %s with authority %q got other metadata than expected", target, authority)
				}
			}
		}
	})
}

// TestTargetSpellings: grpc-go's parsing of a target determines the destination.
func TestTargetSpellings(t *testing.T) {
	p, back := withRules(partners), serve(t, echo())
	ctx := p.ExtractMetadata(t.Context(), laden)
	for target, want := range map[string]metadata.MD{
		"DNS:///api.partner.example": forPartner, "dns:api.partner.example": forPartner, "dns:///api.p%61rtner.example:443": forPartner,
		"passthrough:reviews:9080": laden, "passthrough:evil.example:443": bare, "XDS:reviews.svc": laden, "dns:///evil.example%2f.svc:443": bare,
	} {
		for _, name := range []string{"interceptors", "options"} {
			conn := dial(t, target, append(knowing[name](p, ""), leadingTo(back)...)...)
			if checkVerbatim(t, arrived(t, ctx, callUnary, conn), want); t.Failed() {
				t.Fatalf("the target %s got other metadata than expected with %s", target, name)
			}
		}
	}
}

// TestSocketTargets: a socket on this machine is internal.
func TestSocketTargets(t *testing.T) {
	p := withRules(partners)
	ctx := p.ExtractMetadata(t.Context(), laden)
	path := filepath.Join(t.TempDir(), "s")
	targets := map[string]string{"unix:" + path: path, "unix://" + path: path, "passthrough:///unix://" + path: path}
	if runtime.GOOS == "linux" {
		targets["unix-abstract:"+path] = "@" + path
	}
	for _, address := range slices.Compact(slices.Sorted(maps.Values(targets))) {
		listener, err := net.Listen("unix", address)
		if err != nil {
			t.Fatal(err)
		}
		server := grpc.NewServer()
		server.RegisterService(&description, echo())
		go server.Serve(listener)
		t.Cleanup(server.Stop)
	}
	eachCall(t, func(t *testing.T, wire func(*propagation.Propagator, string) []grpc.DialOption, call caller) {
		for target := range targets {
			if checkVerbatim(t, arrived(t, ctx, call, dial(t, target, wire(p, target)...)), laden); t.Failed() {
				t.Fatal(target)
			}
		}
	})
}

// TestSharedMetadataStays: the calls of one inbound request share metadata, and each target gets only the part that it
// may get. The order, the context, shared interceptors and concurrency do not matter.
func TestSharedMetadataStays(t *testing.T) {
	p, back := withRules(partners), serve(t, echo())
	wants := map[string]metadata.MD{
		"dns:///reviews.svc:9080": laden, "passthrough:///details:9080": laden, "dns:///evil.example:443": bare, "passthrough:///other.example:443": bare,
		"dns:///api.partner.example:443": forPartner,
	}
	orders := [][]string{
		{"dns:///reviews.svc:9080", "dns:///evil.example:443", "passthrough:///details:9080", "dns:///api.partner.example:443", "dns:///reviews.svc:9080"},
		{"dns:///evil.example:443", "dns:///reviews.svc:9080", "passthrough:///other.example:443", "dns:///reviews.svc:9080", "dns:///api.partner.example:443"},
		{"dns:///api.partner.example:443", "passthrough:///details:9080", "dns:///api.partner.example:443", "dns:///evil.example:443"},
	}
	for name, wire := range knowing {
		if name == "told" { // one handler knows only one target
			continue
		}
		shared := wire(p, "")
		conns := map[string]*grpc.ClientConn{}
		for target := range wants {
			conns[target] = dial(t, target, append(slices.Clone(shared), leadingTo(back)...)...)
		}
		for kind, call := range callers {
			t.Run(name+"/"+kind, func(t *testing.T) {
				for _, order := range orders {
					for _, derive := range []func(context.Context) context.Context{
						func(ctx context.Context) context.Context { return ctx },
						func(ctx context.Context) context.Context { return context.WithValue(ctx, t, 1) },
						func(ctx context.Context) context.Context { return metadata.AppendToOutgoingContext(ctx, "own", "1") },
					} {
						ctx := derive(p.ExtractMetadata(t.Context(), laden))
						for i, target := range order {
							if checkVerbatim(t, arrived(t, ctx, call, conns[target]), wants[target]); t.Failed() {
								t.Fatalf("call %d in the order %q got other metadata than expected", i, order)
							}
						}
					}
				}
				ctx := p.ExtractMetadata(t.Context(), laden)
				atOnce(15, func(i int) {
					target := orders[i%3][i/3%4]
					answer, err := call(ctx, conns[target], nil)
					if err != nil {
						t.Error(err)
						return
					}
					checkVerbatim(t, decode(t, answer), wants[target])
				})
			})
		}
	}
}

// TestSpanToTarget: each attempt sends the local span in the formats that the target may get.
func TestSpanToTarget(t *testing.T) {
	c := everything()
	c.LocalSpan = spanOf
	c.Destinations = []propagation.Destination{{Hosts: []string{"b3.example"}, Formats: []propagation.Format{propagation.B3Single}}}
	p, back := propagation.MustNew(c), serve(t, echo())
	ctx := withSpan(p.ExtractMetadata(t.Context(), inbound(1)), callersSpan(3))
	eachCall(t, func(t *testing.T, wire func(*propagation.Propagator, string) []grpc.DialOption, call caller) {
		const target = "dns:///b3.example:443"
		got := arrived(t, ctx, call, dial(t, target, append(wire(p, target), leadingTo(back)...)...))
		sc := callersSpan(3)
		checkVerbatim(t, got, metadata.MD{"b3": {sc.TraceID.String() + "-" + sc.SpanID.String() + "-1"}})
	})
}

// TestUntoldHandler: a handler without WithTarget does not know the destination, and sends everything.
func TestUntoldHandler(t *testing.T) {
	p, back := withRules(partners), serve(t, echo())
	ctx := p.ExtractMetadata(t.Context(), laden)
	conn := dial(t, "dns:///evil.example:443", append(clientHandler(p), leadingTo(back)...)...)
	checkVerbatim(t, arrived(t, ctx, callUnary, conn), laden)
}

// TestTargetsReportOnly: calls are unchanged, and headers that the rules would withhold are counted.
func TestTargetsReportOnly(t *testing.T) {
	c := everything()
	c.Destinations, c.DestinationsReportOnly = []propagation.Destination{partners}, true
	p, back := propagation.MustNew(c), serve(t, echo())
	ctx := p.ExtractMetadata(t.Context(), laden)
	eachCall(t, func(t *testing.T, wire func(*propagation.Propagator, string) []grpc.DialOption, call caller) {
		for target, counted := range map[string]uint64{"dns:///reviews.svc:1": 0, "dns:///evil.example:443": 1, "dns:///api.partner.example": 1} {
			before := p.Stats().Count(propagation.Baggage, propagation.Disallowed)
			checkVerbatim(t, arrived(t, ctx, call, dial(t, target, append(wire(p, target), leadingTo(back)...)...)), laden)
			if got := p.Stats().Count(propagation.Baggage, propagation.Disallowed) - before; got != counted {
				t.Errorf("%s: %d disallowed headers were counted, want %d", target, got, counted)
			}
		}
	})
}

// TestTargetsCost: a call to a target that may get everything has the cost of a call without rules.
func TestTargetsCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	var rules []propagation.Destination
	for _, name := range strings.Fields("a b c d e f g h i j") {
		rules = append(rules, propagation.Destination{Hosts: []string{"*." + name + ".example"}})
	}
	invoke := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	plain := metadata.MD{"traceparent": laden["traceparent"], "x-request-id": {"r1"}}
	for _, row := range []struct {
		name, target string
		p            *propagation.Propagator
		came         metadata.MD
		want         float64
	}{
		{"internal", "dns:///reviews.svc:1", withRules(), laden, 1},
		{"internal, no scheme", "reviews.svc:1", withRules(), laden, 1},
		{"internal, rules", "dns:///reviews.svc:1", withRules(rules...), laden, 1},
		{"an external host, nothing private", "dns:///evil.example:1", withRules(), plain, 1},
	} {
		call, conn := grpctrace.UnaryClientInterceptor(row.p), dial(t, row.target)
		ctx := row.p.ExtractMetadata(context.Background(), row.came)
		run := func() { call(ctx, "", nil, nil, conn, invoke) }
		run()
		if got := testing.AllocsPerRun(200, run); got != row.want {
			t.Errorf("%s: %v allocations, want %v", row.name, got, row.want)
		}
	}
}
