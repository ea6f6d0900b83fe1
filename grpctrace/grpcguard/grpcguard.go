// Package grpcguard finds gRPC calls of connections without the options of package grpctrace. It is for development and
// tests. Import it there only, because the import alone changes how grpc-go makes connections; see below.
//
//	grpcguard.Enable(p)
//
// Then p's Observer.Lost gets each call that leaves with none of the headers that its context carries
// (propagation.LostClient). It also gets each call whose context is not that of an inbound request
// (propagation.LostContext), and restarted traces. Each report has the line of the program that made the call. Package
// grpctrace examines the calls of connections that have its options; grpcguard ignores them.
//
// # How it works
//
// grpc-go has no public way to add an option to all connections. It has one to replace a balancer. The import registers a
// balancer under the name pick_first: grpc-go's own, with a function that looks at each call and its metadata. Connections
// use pick_first by default, and as a part of round_robin, weighted_round_robin, least_request and ring_hash. Connections
// with other balancers are not seen, such as those of go-zero and Kratos. Package balancer of grpc-go is experimental. A
// test holds that grpc-go still works in this way.
//
// # Limits
//
// Each attempt of a retried call is reported. A call whose context has ended never gets a connection, so
// propagation.LostTime is not reported. Calls that libraries make in goroutines of their own, such as those of
// OpenTelemetry's exporters, are not reported.
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

// Enable reports the losses of all connections of the process to p's Observer.Lost. A later call of Enable replaces p.
// Enable(nil) ends the reports, and so does a Propagator without Observer.Lost.
//
// It changes no call. It costs some microseconds a call, and some more for a loss. It is safe for concurrent use.
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
