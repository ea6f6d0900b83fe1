package grpctrace

import (
	"runtime"
	"sync"
	"weak"

	"github.com/traceferry/traceferry/internal/grpctarget"
	"google.golang.org/grpc"
)

// endpoints keeps the endpoints of connections that share an interceptor, because each call of CanonicalTarget builds
// the canonical target again. The key is the connection: the same target means something else to a connection
// with resolvers of its own (grpc.WithResolvers).
var endpoints = endpointCache{known: map[weak.Pointer[grpc.ClientConn]]grpctarget.Endpoint{}}

// endpointCache keeps the endpoint of a connection until the connection is garbage.
type endpointCache struct {
	mu    sync.RWMutex
	known map[weak.Pointer[grpc.ClientConn]]grpctarget.Endpoint
}

func (c *endpointCache) of(cc *grpc.ClientConn) grpctarget.Endpoint {
	key := weak.Make(cc)
	c.mu.RLock()
	e, ok := c.known[key]
	c.mu.RUnlock()
	if ok {
		return e
	}
	e = grpctarget.Parse(cc.CanonicalTarget())
	c.mu.Lock()
	_, ok = c.known[key]
	c.known[key] = e
	c.mu.Unlock()
	if !ok {
		runtime.AddCleanup(cc, c.forget, key)
	}
	return e
}

func (c *endpointCache) forget(key weak.Pointer[grpc.ClientConn]) {
	c.mu.Lock()
	delete(c.known, key)
	c.mu.Unlock()
}
