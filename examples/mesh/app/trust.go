package app

import (
	"context"
	"net/http"
	"net/netip"
	"sync/atomic"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// SetCallers sets which workloads may call each service, by their SPIFFE ids. A service then starts a new trace for
// every other caller. It takes the caller's id from x-forwarded-client-cert, which its sidecar writes.
func (a *App) SetCallers(ids map[string][]string) {
	for service, of := range ids {
		a.trust.of(service).Store(&deciders{
			http: httptrace.PeersForwardedBy(loopback, of...),
			grpc: grpctrace.PeersForwardedBy(loopback, of...),
		})
	}
}

// loopback is the network of the sidecars.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

type deciders struct {
	http httptrace.Decider
	grpc grpctrace.Decider
}

// trust holds the deciders of each service, once they are set. Without deciders, a service trusts every caller. A nil
// trust has none.
type trust map[string]*atomic.Pointer[deciders]

// of returns the deciders of a service. Only Start may ask before they are set.
func (t trust) of(service string) *atomic.Pointer[deciders] {
	if t == nil {
		return new(atomic.Pointer[deciders])
	}
	if t[service] == nil {
		t[service] = new(atomic.Pointer[deciders])
	}
	return t[service]
}

func (t trust) http(service string) httptrace.Decider {
	at := t.of(service)
	return func(r *http.Request) propagation.Trust {
		if d := at.Load(); d != nil {
			return d.http(r)
		}
		return propagation.Continue
	}
}

func (t trust) grpc(service string) grpctrace.Decider {
	at := t.of(service)
	return func(ctx context.Context, method string) propagation.Trust {
		if d := at.Load(); d != nil {
			return d.grpc(ctx, method)
		}
		return propagation.Continue
	}
}
