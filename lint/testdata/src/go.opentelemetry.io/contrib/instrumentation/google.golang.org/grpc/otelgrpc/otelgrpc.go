// Package otelgrpc is a stub.
package otelgrpc

import "google.golang.org/grpc"

func NewClientHandler() grpc.StatsHandler { return nil }
