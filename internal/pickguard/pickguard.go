// Package pickguard shows the calls of all gRPC connections that use grpc-go's balancer pick_first. Connections use it by
// default, and as a part of round_robin, weighted_round_robin, least_request and ring_hash.
//
// The import registers a balancer under that name. It is grpc-go's own balancer, with pickers that call a function.
//
// grpc-go looks up the balancer for connections without a service config when its package grpc is initialized. So this
// package must be initialized before package grpc. It must not import google.golang.org/grpc, or a package that does. Then
// Go initializes this package first, because its import path sorts first (The Go Programming Language Specification,
// "Package initialization"). A test checks that.
package pickguard

import (
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/pickfirst"
	"google.golang.org/grpc/resolver"
)

// Picked is called for each attempt of a call that has got a connection. It runs on the goroutine of the call, after its
// interceptors and stats handlers. It is called again if the connection is lost before the call is sent.
type Picked func(target resolver.Target, call balancer.PickInfo)

// Set sets the function that is called. nil means none.
func Set(f Picked) { picked.Store(&f) }

var picked atomic.Pointer[Picked]

func init() {
	inner := balancer.Get(pickfirst.Name)
	if parser, ok := inner.(balancer.ConfigParser); ok {
		balancer.Register(builder{inner, parser})
	}
}

type builder struct {
	balancer.Builder
	balancer.ConfigParser
}

func (b builder) Build(cc balancer.ClientConn, opts balancer.BuildOptions) balancer.Balancer {
	return b.Builder.Build(&conn{cc, opts.Target}, opts)
}

// conn passes the balancer's pickers on to the connection, each in a picker.
type conn struct {
	balancer.ClientConn
	target resolver.Target
}

func (c *conn) UpdateState(s balancer.State) {
	if s.Picker != nil {
		s.Picker = &picker{s.Picker, c.target}
	}
	c.ClientConn.UpdateState(s)
}

type picker struct {
	balancer.Picker
	target resolver.Target
}

func (p *picker) Pick(call balancer.PickInfo) (balancer.PickResult, error) {
	result, err := p.Picker.Pick(call)
	if f := picked.Load(); err == nil && f != nil && *f != nil {
		(*f)(p.target, call)
	}
	return result, err
}
