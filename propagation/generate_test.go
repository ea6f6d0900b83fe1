package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
)

func generating(t *testing.T) *propagation.Propagator {
	return compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, GenerateRequestID: true})
}

// TestGenerateRequestID: Extract makes a random UUID if no x-request-id was received, over every carrier and with any other
// headers.
func TestGenerateRequestID(t *testing.T) {
	seen := map[string]bool{}
	for name, in := range map[string]map[string][]string{
		"nothing":     {},
		"white space": {"x-request-id": {" ", ""}},
		"before it":   {"traceparent": {callerW3C}},
		"behind it":   {"baggage": {"k=v"}, "uberctx-a": {"1"}, "x-tenant": {"acme"}},
		"around it":   {"traceparent": {callerW3C}, "tracestate": {"a=1", "b=2", "c=3"}, "sw8": {"s"}, "b3": {"0"}, "baggage": {"k=v"}, "x-tenant": {"acme"}},
	} {
		for way, extract := range extracts {
			t.Run(name+"/"+way, func(t *testing.T) {
				p := generating(t)
				ctx := extract(context.Background(), p, in)
				id := propagation.RequestIDFromContext(ctx)
				parsed, err := uuid.Parse(id)
				if err != nil || parsed.Version() != 4 || parsed.Variant() != uuid.RFC4122 || parsed.String() != id {
					t.Errorf("the request id is %q (%v), want a random UUID", id, err)
				}
				if propagation.TraceReasonOf(id) != propagation.NotTraced {
					t.Errorf("the request id %q has a trace reason, want none", id)
				}
				if seen[id] {
					t.Errorf("the request id %q was made twice", id)
				}
				seen[id] = true

				want := http.Header{"X-Request-Id": {id}}
				for key, vals := range in {
					if key != "x-request-id" {
						want[http.CanonicalHeaderKey(key)] = vals
					}
				}
				expect(t, sent(p, ctx), want)
			})
		}
	}
}

// TestGenerateRequestIDOnce: a second Extract of the same request keeps the id. Another request gets an id of its own. The
// exception is a carrier that may show only part of a request.
func TestGenerateRequestIDOnce(t *testing.T) {
	for way, extract := range extracts {
		t.Run(way, func(t *testing.T) {
			p := generating(t)
			plain := compile(t, propagation.Config{})
			id := func(ctx context.Context) string { return propagation.RequestIDFromContext(ctx) }

			came := extract(context.Background(), p, metadataOf("x-request-id", "r1", "b3", "0"))
			if id(came) != "r1" {
				t.Errorf("the id is %q, want the received r1", id(came))
			}
			strange := extract(context.Background(), p, metadataOf("x-request-id", "not safe/to print"))
			if out := sent(p, strange); out.Get("X-Request-Id") != "not safe/to print" {
				t.Errorf("sent %q, want the received id", out)
			}
			if ctx := extract(came, p, nil); (id(ctx) == "r1") != (way == "text") || id(ctx) == "" {
				t.Errorf("another request has the id %q, want r1 over text and another id otherwise", id(ctx))
			}

			some := metadataOf("b3", "0")
			made, beside := extract(context.Background(), p, nil), extract(context.Background(), p, some)
			for name, row := range map[string]struct {
				before, now context.Context
				same        bool
			}{
				"nothing twice":      {made, extract(made, p, nil), true},
				"the same":           {beside, extract(beside, p, some), true},
				"another Propagator": {beside, extract(beside, plain, some), true},
				"and back":           {beside, extract(extract(beside, plain, some), p, some), true},
				"more":               {made, extract(made, p, some), way == "text"},
				"less":               {beside, extract(beside, p, nil), way == "text"},
			} {
				if (id(row.before) == id(row.now)) != row.same {
					t.Errorf("%s: the id was %q and is now %q, want the same id: %v", name, id(row.before), id(row.now), row.same)
				}
			}
			if ctx := extract(made, p, metadataOf("x-request-id", "r2")); id(ctx) != "r2" {
				t.Errorf("the id is %q, want r2 of the second Extract", id(ctx))
			}
			if ctx := extract(extract(context.Background(), plain, metadataOf("x-request-id", "r1")), p, nil); (id(ctx) == "r1") != (way == "text") {
				t.Errorf("the id is %q, want r1 of the outer Extract over text, and another id otherwise", id(ctx))
			}
		})
	}
}

// TestGenerateRequestIDOff: without GenerateRequestID, Extract makes no id.
func TestGenerateRequestIDOff(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	if ctx := received(p, "Accept", "*/*"); ctx != context.Background() {
		t.Errorf("without headers to carry, Extract returns %v, want its argument", ctx)
	}
	if id := propagation.RequestIDFromContext(received(p, "B3", "0")); id != "" {
		t.Errorf("the request id is %q, want none", id)
	}
}

// TestGenerateRequestIDAllocations: Extract allocates the node of the context and the id.
func TestGenerateRequestIDAllocations(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	ctx := context.Background()
	for name, in := range map[string]http.Header{
		"nothing else": carrier("Accept", "*/*"),
		"headers":      carrier("Accept", "*/*", "Traceparent", callerW3C, "B3", callerB3),
	} {
		p := compile(t, propagation.Config{GenerateRequestID: true})
		if n := testing.AllocsPerRun(100, func() { p.ExtractHTTP(ctx, in) }); n != 2 {
			t.Errorf("%s: %v allocations, want 2", name, n)
		}
		in.Set("X-Request-Id", "r1")
		if n := testing.AllocsPerRun(100, func() { p.ExtractHTTP(ctx, in) }); n != 1 {
			t.Errorf("%s and an id: %v allocations, want 1", name, n)
		}
	}
}
