// Package grpctrace is a stub.
package grpctrace

import (
	"google.golang.org/grpc"

	"github.com/traceferry/traceferry/propagation"
)

func DialOptions(p *propagation.Propagator) []grpc.DialOption   { return nil }
func ClientHandler(p *propagation.Propagator) grpc.StatsHandler { return nil }
