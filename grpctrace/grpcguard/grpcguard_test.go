package grpcguard_test

import (
	"context"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/grpctrace/grpcguard"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
)

// book stores the losses that Observer.Lost gets.
type book struct {
	mu  sync.Mutex
	all []propagation.Loss
}

func (b *book) lose(_ context.Context, l propagation.Loss) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = append(b.all, l)
}

func (b *book) take() []propagation.Loss {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.all
	b.all = nil
	return all
}

// enabled returns a Propagator that grpcguard reports to until the test ends.
func enabled(t *testing.T) (*propagation.Propagator, *book) {
	b := new(book)
	p := propagation.MustNew(propagation.Config{
		Observer:     &propagation.Observer{Lost: b.lose},
		Destinations: []propagation.Destination{{Hosts: []string{"silent"}, Formats: []propagation.Format{}}},
	})
	grpcguard.Enable(p)
	t.Cleanup(func() { grpcguard.Enable(nil) })
	return p, b
}

// serve starts a health server and returns its address.
func serve(t *testing.T, opts ...grpc.ServerOption) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(opts...)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func dial(t *testing.T, target string, opts ...grpc.DialOption) grpc_health_v1.HealthClient {
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return grpc_health_v1.NewHealthClient(conn)
}

const traceparent = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"

// received returns the context of a call with a traceparent.
func received(p *propagation.Propagator) context.Context {
	return p.ExtractMetadata(metadata.NewIncomingContext(context.Background(), metadata.MD{}), metadata.Pairs("traceparent", traceparent))
}

// TestConnections: each call on a connection without the options is reported once, however the connection is made. This
// test fails if pickguard is initialized after package grpc, because calls on default connections are then not
// reported.
func TestConnections(t *testing.T) {
	p, losses := enabled(t)
	address := serve(t)
	several := manual.NewBuilderWithScheme("several")
	several.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: address}, {Addr: serve(t)}}})
	unknown := map[string]bool{"several addresses": true, "round_robin": true} // the scheme does not name the host
	for name, conn := range map[string]grpc_health_v1.HealthClient{
		"default":                dial(t, address),
		"passthrough":            dial(t, "passthrough:///"+address),
		"several addresses":      dial(t, "several:///ratings", grpc.WithResolvers(several)),
		"without service config": dial(t, address, grpc.WithDisableServiceConfig()),
		"pick_first":             dial(t, address, grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"pick_first":{"shuffleAddressList":true}}]}`)),
		"round_robin":            dial(t, "several:///ratings", grpc.WithResolvers(several), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`)),
		"methods only":           dial(t, address, grpc.WithDefaultServiceConfig(`{"methodConfig":[{"name":[{}],"waitForReady":true}]}`)),
	} {
		t.Run(name, func(t *testing.T) {
			for range 3 {
				if _, err := conn.Check(received(p), nil); err != nil {
					t.Fatal(err)
				}
			}
			got := losses.take()
			for _, l := range got {
				if l.Reason != propagation.LostClient || l.Method != "/grpc.health.v1.Health/Check" ||
					(l.Destination == "") != unknown[name] ||
					!strings.HasSuffix(l.File, "grpcguard_test.go") || !strings.Contains(l.Function, "TestConnections") {
					t.Errorf("reported %+v, want LostClient of Check in this test", l)
				}
			}
			if len(got) != 3 {
				t.Errorf("%d losses were reported for 3 calls, want 3", len(got))
			}
		})
	}
}

// TestCalls: which calls on a connection without the options are losses.
func TestCalls(t *testing.T) {
	p, losses := enabled(t)
	address := serve(t)
	plain := dial(t, address)
	silent := manual.NewBuilderWithScheme("dns") // the host of the target is the destination, not the address
	silent.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: address}}})
	ctx := received(p)
	byHand := metadata.AppendToOutgoingContext(ctx, "traceparent", traceparent)
	inbound := metadata.NewIncomingContext(context.Background(), metadata.MD{})
	type reasons = []propagation.LossReason
	for name, test := range map[string]struct {
		conn grpc_health_v1.HealthClient
		ctx  context.Context
		want reasons
	}{
		"a handler's context":         {plain, ctx, reasons{propagation.LostClient}},
		"headers by hand":             {plain, byHand, nil},
		"nothing received":            {plain, inbound, nil},
		"no context":                  {plain, context.Background(), reasons{propagation.LostContext}},
		"a host that may have none":   {dial(t, "dns:///silent:80", grpc.WithResolvers(silent)), ctx, nil},
		"with the options":            {dial(t, address, grpctrace.DialOptions(p)...), ctx, nil},
		"no context, the options":     {dial(t, address, grpctrace.DialOptions(p)...), context.Background(), reasons{propagation.LostContext}},
		"with the interceptor":        {dial(t, address, grpc.WithUnaryInterceptor(grpctrace.UnaryClientInterceptor(p))), ctx, nil},
		"no context, the interceptor": {dial(t, address, grpc.WithUnaryInterceptor(grpctrace.UnaryClientInterceptor(p))), context.Background(), reasons{propagation.LostContext}},
		"with the handler":            {dial(t, address, grpc.WithStatsHandler(grpctrace.ClientHandler(p))), ctx, nil},
		"no context, the handler":     {dial(t, address, grpc.WithStatsHandler(grpctrace.ClientHandler(p))), context.Background(), reasons{propagation.LostContext}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := test.conn.Check(test.ctx, nil); err != nil {
				t.Fatal(err)
			}
			var got reasons
			all := losses.take()
			for _, l := range all {
				got = append(got, l.Reason)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("reported %v, want %v", all, test.want)
			}
		})
	}
}

// TestEnable: the last call decides, and Enable(nil) ends it.
func TestEnable(t *testing.T) {
	conn := dial(t, serve(t))
	check := func() {
		if _, err := conn.Check(context.Background(), nil); err != nil {
			t.Error(err)
		}
	}
	_, first := enabled(t)
	check()
	_, second := enabled(t)
	check()
	grpcguard.Enable(nil)
	check()
	grpcguard.Enable(propagation.MustNew(propagation.Config{})) // has no Observer.Lost
	check()
	if a, b := len(first.take()), len(second.take()); a != 1 || b != 1 {
		t.Errorf("%d and %d losses were reported, want 1 each", a, b)
	}
}

// TestAtOnce: calls and Enable may run concurrently. Run this test with -race.
func TestAtOnce(t *testing.T) {
	p, losses := enabled(t)
	conn := dial(t, serve(t))
	var calls sync.WaitGroup
	for range 20 {
		calls.Go(func() { conn.Check(received(p), nil) })
		calls.Go(func() { grpcguard.Enable(p) })
	}
	calls.Wait()
	if n := len(losses.take()); n != 20 {
		t.Errorf("%d losses were reported for 20 calls, want 20", n)
	}
}

// TestInitializedFirst: pickguard imports no package that needs package grpc, because it would then be initialized too
// late.
func TestInitializedFirst(t *testing.T) {
	const pickguard = "github.com/traceferry/traceferry/internal/pickguard"
	out, err := exec.Command("go", "list", "-deps", pickguard).Output()
	if err != nil {
		t.Fatal(err)
	}
	grpcs, err := exec.Command("go", "list", "-deps", "google.golang.org/grpc").Output()
	if err != nil {
		t.Fatal(err)
	}
	needed := strings.Fields(string(grpcs))
	for _, dep := range strings.Fields(string(out)) {
		if dep != pickguard && (!slices.Contains(needed, dep) || dep == "google.golang.org/grpc") {
			t.Errorf("pickguard imports %s, which package grpc does not need", dep)
		}
	}
}
