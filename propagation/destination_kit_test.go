package propagation_test

import (
	"context"
	"maps"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
)

// ruledHeaders are received headers of every kind that destination rules can allow or forbid.
var ruledHeaders = carrier(
	"Traceparent", callerW3C, "Tracestate", "a=1",
	"B3", callerB3,
	"X-Request-Id", "r1",
	"Baggage", "user=bob;secret=1, tenant=7;ttl=5", "Baggage", "Tenant=8",
	"Uber-Trace-Id", callerTrace+":"+callerSpan+":0:1", "Jaeger-Baggage", "user=bob, Tenant=7", "Uberctx-User", "bob", "Uberctx-Tenant", "7",
	"Ot-Tracer-Traceid", callerTrace[16:], "Ot-Tracer-Spanid", callerSpan, "Ot-Tracer-Sampled", "true", "Ot-Baggage-User", "bob", "Ot-Baggage-Tenant", "7",
	"Sw8", "opaque", "Sw8-Correlation", "dXNlcg==:Ym9i,dGVuYW50:Nw==", // user:bob,tenant:7
	"X-Client-Trace-Id", "c1", "X-Envoy-Force-Trace", "1",
	"L5d-Ctx-Trace", "opaque",
	"Request-Id", "|1.2.", "Correlation-Context", "user=bob, tenant=7,Tenant=8",
	"X-Ot-Span-Context", otSpanContextWithItems,
	"End-User", "bob", "Authorization", "Bearer secret",
)

// An x-ot-span-context with two items of baggage, user and tenant, and the same x-ot-span-context without them.
const (
	otSpanContextWithItems    = "Ei4JJGG7UzlaSEgREtOWGh1K+6IYASILCgR1c2VyEgNib2IiCwoGdGVuYW50EgE3"
	otSpanContextWithoutItems = "EhQJJGG7UzlaSEgREtOWGh1K+6IYAQ=="
)

// userData are the names in ruledHeaders that only internal hosts get by default: user data, and x-envoy-force-trace.
var userData = []string{"Baggage", "Jaeger-Baggage", "Uberctx-User", "Uberctx-Tenant", "Ot-Baggage-User", "Ot-Baggage-Tenant", "Sw8-Correlation",
	"X-Envoy-Force-Trace", "Correlation-Context", "End-User", "Authorization"}

// carryingAll returns a Config that carries all headers of ruledHeaders, with some rules.
func carryingAll(rules ...propagation.Destination) propagation.Config {
	return propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"end-user"}, UnsafeHeaders: []string{"authorization"}, Destinations: rules,
	}
}

// forExternal returns the part of ruledHeaders that an external host gets by default.
func forExternal() http.Header {
	h := without(ruledHeaders, userData...)
	h.Set("X-Ot-Span-Context", otSpanContextWithoutItems)
	return h
}

// without returns headers without some names.
func without(h http.Header, names ...string) http.Header {
	h = h.Clone()
	for _, name := range names {
		h.Del(name)
	}
	return h
}

// pick returns the headers with some names.
func pick(h http.Header, names ...string) http.Header {
	some := http.Header{}
	for _, name := range names {
		some[name] = h[name]
	}
	return some
}

// requestTo returns a request to a URL with a context.
func requestTo(t testing.TB, ctx context.Context, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// sentTo returns the headers of a call to a URL.
func sentTo(t testing.TB, p *propagation.Propagator, ctx context.Context, url string) http.Header {
	t.Helper()
	h, _ := engine(p).CloneRequest(requestTo(t, ctx, url))
	return h
}

// someHost is the destination of a gRPC client.
type someHost string

func (h someHost) Host() (string, uint16) { return string(h), 443 }

// metadataKey is the context key for outgoing metadata.
type metadataKey struct{}

// metadataTo returns the metadata of a gRPC call to a host. It checks that CloneMetadata and ContextWithMetadata agree.
func metadataTo(t testing.TB, p *propagation.Propagator, ctx context.Context, host string) map[string][]string {
	t.Helper()
	cloned, _ := engine(p).CloneMetadata(ctx, someHost(host), nil)
	out, _ := engine(p).ContextWithMetadata(ctx, someHost(host), metadataKey{}, func(md map[string][]string) any { return md })
	md, _ := out.Value(metadataKey{}).(map[string][]string)
	headerdiff.Check(t, cloned, md, "to %s, by CloneMetadata and by ContextWithMetadata", host)
	return cloned
}

// disallowed returns how often the destination rules have left out headers of each format.
func disallowed(p *propagation.Propagator) map[propagation.Format]uint64 {
	counts, stats := map[propagation.Format]uint64{}, p.Stats()
	for _, f := range append(propagation.AllFormats(), 0) {
		if n := stats.Count(f, propagation.Disallowed); n > 0 {
			counts[f] = n
		}
	}
	return counts
}

// onceEach returns counts in which each format is counted once.
func onceEach(formats ...propagation.Format) map[propagation.Format]uint64 {
	counts := map[propagation.Format]uint64{}
	for _, f := range formats {
		counts[f] = 1
	}
	return counts
}

func expectDisallowed(t *testing.T, p *propagation.Propagator, want map[propagation.Format]uint64) {
	t.Helper()
	if got := disallowed(p); !maps.Equal(got, want) {
		t.Errorf("counted as disallowed %v, want %v", got, want)
	}
}
