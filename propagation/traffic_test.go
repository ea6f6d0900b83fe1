package propagation_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// traffic are the counts of Stats that are not outcomes.
type traffic struct{ captured, uncarried, carried uint64 }

func trafficOf(p *propagation.Propagator) traffic {
	s := p.Stats()
	return traffic{s.Captured(), s.Uncarried(), s.Carried()}
}

// TestTraffic: each request and each call is counted once, for each function, and only if it has headers.
func TestTraffic(t *testing.T) {
	p := compile(t, propagation.Config{Destinations: []propagation.Destination{{Hosts: []string{"silent"}, Formats: []propagation.Format{}}}})
	in := carrier("Traceparent", callerW3C, "X-Request-Id", "r1")
	ctx, bg := p.ExtractHTTP(context.Background(), in), context.Background()
	wrap := func(md map[string][]string) any { return md }
	to := func(host string) *url.URL { return &url.URL{Scheme: "http", Host: host} }
	for _, row := range []struct {
		name string
		want traffic
		run  func()
	}{
		{"the same request again", traffic{}, func() { p.ExtractHTTP(ctx, in) }},
		{"another Extract of it", traffic{}, func() { p.ExtractHTTP(ctx, carrier("B3", callerB3)) }},
		{"a message of a connection", traffic{captured: 1}, func() { p.ExtractHTTP(propagation.WithoutCapture(ctx), in) }},
		{"a request without headers", traffic{}, func() { p.ExtractHTTP(bg, carrier("Accept", "x")) }},
		{"an untrusted request", traffic{}, func() { p.ExtractHTTPTrust(bg, in, propagation.Restart) }},
		{"metadata", traffic{captured: 1}, func() { p.ExtractMetadata(bg, metadataOf("b3", "0")) }},
		{"a carrier", traffic{captured: 1}, func() { p.Extract(bg, valuesCarrier(lowered(in))) }},
		{"many lines", traffic{captured: 1}, func() {
			p.ExtractHTTP(bg, http.Header{"Tracestate": strings.Split("a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1", " "), "Traceparent": {callerW3C}})
		}},
		{"a copy", traffic{}, func() { propagation.Copy(bg, ctx) }},

		{"CloneHTTP", traffic{carried: 1}, func() { engine(p).CloneHTTP(ctx, nil) }},
		{"CloneHTTP, derived", traffic{carried: 1}, func() { engine(p).CloneHTTP(context.WithValue(ctx, t, 1), nil) }},
		{"CloneHTTP, a copy", traffic{carried: 1}, func() { engine(p).CloneHTTP(propagation.Copy(bg, ctx), nil) }},
		{"CloneHTTP, nothing", traffic{}, func() { engine(p).CloneHTTP(bg, nil) }},
		{"InjectHTTPTo", traffic{carried: 1}, func() { p.InjectHTTPTo(ctx, to("reviews"), http.Header{}) }},
		{"InjectHTTPTo, to a host that may get nothing", traffic{}, func() { p.InjectHTTPTo(ctx, to("silent"), http.Header{}) }},
		{"ContextWithMetadata", traffic{carried: 3}, func() {
			for range 3 {
				engine(p).ContextWithMetadata(ctx, nil, 1, wrap)
			}
		}},
		{"ContextWithMetadata, derived", traffic{carried: 2}, func() {
			for range 2 {
				engine(p).ContextWithMetadata(context.WithValue(ctx, t, 1), nil, 1, wrap)
			}
		}},
		{"CloneMetadata", traffic{carried: 1}, func() { engine(p).CloneMetadata(ctx, nil, nil) }},
		{"InjectHTTP, InjectMetadata, Inject", traffic{}, func() {
			sent(p, ctx)
			sentMetadata(p, ctx)
			p.Inject(ctx, valuesCarrier{})
		}},
	} {
		before := trafficOf(p)
		row.run()
		now := trafficOf(p)
		got := traffic{now.captured - before.captured, now.uncarried - before.uncarried, now.carried - before.carried}
		if got != row.want {
			t.Errorf("%s: counted %+v, want %+v", row.name, got, row.want)
		}
	}
	var none *propagation.Propagator
	if trafficOf(none) != (traffic{}) {
		t.Error("the nil Propagator has counts, want none")
	}
}

// TestUncarried: a request is counted at its end if it made calls and none of them carried a header.
func TestUncarried(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.RequestID}, Destinations: []propagation.Destination{
		{Hosts: []string{"silent"}, Formats: []propagation.Format{}}, {Hosts: []string{"*"}},
	}})
	reviews, silent := &url.URL{Scheme: "http", Host: "reviews"}, &url.URL{Scheme: "http", Host: "silent"}
	fine, odd := carrier("X-Request-Id", "r1"), carrier("X-Request-Id", "a\tb") // gRPC does not accept a tab
	for _, row := range []struct {
		name  string
		in    http.Header
		calls func(context.Context)
		want  uint64
	}{
		{"no calls", fine, func(context.Context) {}, 0},
		{"a call that carries", fine, func(ctx context.Context) { engine(p).CloneHTTP(ctx, nil) }, 0},
		{"a call that does not", odd, func(ctx context.Context) { engine(p).CloneMetadata(ctx, nil, nil) }, 1},
		{"two calls that do not", odd, func(ctx context.Context) {
			engine(p).CloneMetadata(ctx, nil, nil)
			engine(p).CloneMetadata(context.WithValue(ctx, t, 1), nil, nil)
		}, 1},
		{"one of two calls", odd, func(ctx context.Context) {
			engine(p).CloneMetadata(ctx, nil, nil)
			p.InjectHTTPTo(ctx, reviews, http.Header{})
		}, 0},
		{"a host that may get nothing", fine, func(ctx context.Context) { p.InjectHTTPTo(ctx, silent, http.Header{}) }, 0},
		{"a call with another context", fine, func(context.Context) { engine(p).CloneHTTP(context.Background(), nil) }, 0},
	} {
		before := p.Stats().Uncarried()
		ctx, captured := engine(p).ExtractHTTP(context.Background(), row.in, 0)
		row.calls(ctx)
		for range 3 { // several middlewares may end one request
			captured.End(false)
		}
		if got := p.Stats().Uncarried() - before; got != row.want {
			t.Errorf("%s: %d requests counted, want %d", row.name, got, row.want)
		}
	}
}

// TestTrafficConcurrent: no count is lost if many requests are counted at the same time.
func TestTrafficConcurrent(t *testing.T) {
	p := compile(t, propagation.Config{})
	const requests, calls = 500, 5
	var all sync.WaitGroup
	for range requests {
		all.Go(func() {
			ctx, captured := engine(p).ExtractHTTP(context.Background(), carrier("Traceparent", callerW3C), 0)
			var made sync.WaitGroup
			for range calls {
				made.Go(func() { engine(p).CloneHTTP(ctx, nil) })
			}
			captured.End(true)
			made.Wait()
		})
	}
	all.Wait()
	if got := trafficOf(p); got != (traffic{captured: requests, carried: requests * calls}) {
		t.Errorf("counted %+v, want %d requests and %d calls", got, requests, requests*calls)
	}
}

// TestTrafficAllocatesNothing: counting does not allocate.
func TestTrafficAllocatesNothing(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx, captured := engine(p).ExtractHTTP(context.Background(), carrier("Traceparent", callerW3C), 0)
	h := http.Header{}
	reviews := &url.URL{Scheme: "http", Host: "reviews"}
	if n := testing.AllocsPerRun(100, func() {
		p.InjectHTTPTo(ctx, reviews, h)
		captured.End(false)
		captured.End(true)
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

// TestLossString: String of a Loss has the parts that are known.
func TestLossString(t *testing.T) {
	for want, l := range map[string]propagation.Loss{
		"no context: GET reviews:9080 at /src/shop/cart.go:41": {Method: "GET", Destination: "reviews:9080", File: "/src/shop/cart.go", Line: 41},
		"restarted trace: /shop.Cart/Total at cart.go:1":       {Reason: propagation.LostTrace, Method: "/shop.Cart/Total", File: "cart.go", Line: 1},
		"client without traceferry: GET reviews":               {Reason: propagation.LostClient, Method: "GET", Destination: "reviews"},
		"request over:":                                        {Reason: propagation.LostTime},
		"overwritten: reviews":                                 {Reason: propagation.LostOrder, Destination: "reviews"},
		"LossReason(9):":                                       {Reason: 9},
	} {
		if got := l.String(); got != want {
			t.Errorf("prints %q, want %q", got, want)
		}
	}
}
