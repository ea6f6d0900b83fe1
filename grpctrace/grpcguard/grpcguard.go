// Package grpcguard finds gRPC calls of connections without the options of package grpctrace. It is for development and
// tests. Import it there only, because the import alone changes how grpc-go makes connections; see below.
//
//	grpcguard.Enable(p)
//
// Then p's Observer.Lost gets each call that leaves with none of the headers that its context carries
// (propagation.LostClient). It also gets each call whose context is not that of an inbound request
// (propagation.LostContext), and each call whose trace was restarted (propagation.LostTrace). Each report has the line of
// the program that made the call. Package grpctrace examines the calls of connections that have its options; grpcguard
// ignores those calls.
//
// # How it works
//
// grpc-go has no public way to add an option to all connections. But a program can replace a balancer. The import
// registers a balancer under the name pick_first. It is grpc-go's own balancer, with a function that looks at each call
// and its metadata. Connections use pick_first by default, and as a part of round_robin, weighted_round_robin,
// least_request and ring_hash. Package balancer of grpc-go is experimental. A test checks that grpc-go still works in
// this way.
//
// # Limits
//
// grpcguard does not see connections with other balancers, such as those of go-zero and Kratos. It reports each attempt of
// a retried call. It does not report propagation.LostTime, because a call whose context has ended never gets a
// connection. It does not report calls that libraries make in goroutines of their own, such as those of OpenTelemetry's
// exporters.
package grpcguard

import (
	"context"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/grpctarget"
	"github.com/traceferry/traceferry/internal/pickguard"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
)

// incomingKey is the context key with which grpc-go marks a server's calls.
var incomingKey = ctxkey.Learn(func(ctx context.Context) { metadata.FromIncomingContext(ctx) })

// Enable reports the losses of all connections of the process to Observer.Lost of p's Config. Call it once, when the
// program or the test starts. A later call of Enable replaces p. Enable(nil) ends the reports, and so does Enable with a
// Propagator that has no Observer.Lost.
//
// It does not change calls. It costs some microseconds a call, and some more for a loss. It is safe for concurrent use.
func Enable(p *propagation.Propagator) {
	engine := (*plan.Engine)(p)
	if !engine.Watches() {
		pickguard.Set(nil)
		return
	}
	ctxkey.MarkServed(incomingKey)
	pickguard.Set(func(target resolver.Target, call balancer.PickInfo) {
		md, _ := metadata.FromOutgoingContext(call.Ctx)
		engine.GuardMetadata(call.Ctx, grpctarget.Parse(target.String()), call.FullMethodName, md)
	})
}
