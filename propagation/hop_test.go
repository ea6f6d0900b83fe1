package propagation_test

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestConnection: a header that Connection lists is not sent. If it belongs to a format, the whole format is not sent.
func TestConnection(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"X-Tenant"}})
	in := carrier("Traceparent", callerW3C, "Tracestate", "a=1", "B3", callerB3, "X-B3-Traceid", "463ac35c9f6413ad48485a3953bb6124", "X-B3-Spanid", "a2fb4a1d1a96d312",
		"X-Request-Id", "r", "Baggage", "k=v", "X-Tenant", "acme", "Uberctx-A", "1", "Uberctx-B", "2", "Uber-Trace-Id", "1:2:0:1", "Sw8", "s")
	for connection, gone := range map[string][]string{
		"close":                            nil,
		"keep-alive, Upgrade":              nil,
		"":                                 nil,
		",, ,":                             nil,
		"b3-not":                           nil,
		"traceparent":                      {"Traceparent", "Tracestate"},
		"TRACESTATE":                       {"Traceparent", "Tracestate"},
		"close, B3":                        {"B3"},
		"X-B3-TraceId":                     {"X-B3-Traceid", "X-B3-Spanid"},
		"\t x-request-id\t,x-tenant ":      {"X-Request-Id", "X-Tenant"},
		"baggage":                          {"Baggage"},
		"uberctx-a":                        {"Uberctx-A"},
		"uber-trace-id":                    {"Uber-Trace-Id", "Uberctx-A", "Uberctx-B"},
		"Sw8|X-Tenant, close":              {"Sw8", "X-Tenant"},
		strings.Repeat("close,", 5) + "b3": {"B3"},
	} {
		lines := strings.Split(connection, "|")
		h := without(in, gone...)
		for way, ctx := range map[string]context.Context{
			"HTTP":            p.ExtractHTTP(context.Background(), with(in, "Connection", lines...)),
			"gRPC":            p.ExtractMetadata(context.Background(), lowered(with(in, "Connection", lines...))),
			"OpenTelemetry's": p.Extract(context.Background(), otelprop.HeaderCarrier(with(in, "Connection", lines...))),
			"map":             p.Extract(context.Background(), lend(lowered(with(in, "Connection", lines...)))),
			"map, canonical":  p.Extract(context.Background(), lend(with(in, "Connection", lines...))),
			"twice":           p.ExtractHTTP(p.ExtractHTTP(context.Background(), with(in, "Connection", lines...)), with(in, "Connection", lines...)),
		} {
			t.Run(connection+"/"+way, func(t *testing.T) { expect(t, sent(p, ctx), h) })
		}
	}
}

// TestConnectionOfBlankLines: a header without content is not counted if Connection lists it.
func TestConnectionOfBlankLines(t *testing.T) {
	for _, besides := range [][]string{nil, {"Traceparent", callerW3C}, {"Traceparent", callerW3C, "Uberctx-A", "1"}} {
		p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
		received(p, append(besides, "B3", " ", "Connection", "b3")...)
		expectCounts(t, p, nil)
	}
}

// TestConnectionIsCounted: a format that Connection lists is counted, and it is not read.
func TestConnectionIsCounted(t *testing.T) {
	for name, p := range map[string]*propagation.Propagator{"usual": compile(t, preset.Istio()), "all": compile(t, carryTestHeaders())} {
		ctx := p.ExtractHTTP(context.Background(), carrier("Traceparent", callerW3C, "X-Request-Id", "r", "Connection", "traceparent,x-request-id"))
		if ctx != context.Background() || trace.SpanContextFromContext(ctx).IsValid() {
			t.Errorf("%s: Extract returns %v, want its argument", name, ctx)
		}
		for _, f := range []propagation.Format{propagation.W3C, propagation.RequestID} {
			if n := p.Stats().Count(f, propagation.Unsendable); n != 1 {
				t.Errorf("%s: %v is counted %d times, want once", name, f, n)
			}
		}
	}
}

// TestConnectionUntrusted: an untrusted header that Connection lists is not sent if the application copies it by hand.
func TestConnectionUntrusted(t *testing.T) {
	p := compile(t, carryTestHeaders())
	in := carrier("X-Tenant", "t", "Baggage", "k=v", "Connection", "x-tenant,baggage")
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
	for call, got := range byHandOf(t, p, ctx, without(in, "Connection")) {
		if len(got) > 0 {
			t.Errorf("%s carries %q, want nothing", call, got)
		}
	}
	expect(t, sent(p, propagation.Promote(ctx)), http.Header{})
}

// TestConnectionCost: an ordinary Connection header costs no allocation.
func TestConnectionCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	for name, p := range map[string]*propagation.Propagator{"Istio": compile(t, preset.Istio()), "zero": compile(t, propagation.Config{})} {
		in := istio()
		in["Connection"] = []string{"keep-alive, Upgrade, close"}
		if n := testing.AllocsPerRun(100, func() { sink = p.ExtractHTTP(context.Background(), in) }); n != 1 {
			t.Errorf("%s: %v allocations, want 1", name, n)
		}
	}
}

// with returns a copy of headers with one more name.
func with(h http.Header, name string, lines ...string) http.Header {
	h = maps.Clone(h)
	h[name] = lines
	return h
}
