package propagation_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestExtractAmongOthers: Extract looks up each carried name, or ranges over all received names, whichever is shorter. The
// result is the same.
func TestExtractAmongOthers(t *testing.T) {
	ours := map[string]map[string][]string{
		"nothing": {},
		"one":     {"b3": {callerB3}},
		"several": {"traceparent": {callerW3C}, "tracestate": {"a=1", "b=2"}, "x-request-id": {"r1"}, "x-tenant": {"acme"}},
		"many":    {"traceparent": {callerW3C}, "tracestate": {"a=1", "b=2", "c=3", "d=4", "e=5", "f=6"}, "baggage": {"k=v", "l=w"}, "x-request-id": {"r1"}, "x-tenant": {"acme"}},
		"blank":   {"b3": {" ", "\t", ""}, "x-tenant": {""}, "traceparent": nil},
	}
	for name, in := range ours {
		for _, formats := range [][]propagation.Format{nil, propagation.AllFormats(), {propagation.B3Single}} {
			p := compile(t, propagation.Config{Formats: formats, Headers: []string{"X-Tenant"}})
			want := map[string][]string{}
			for _, key := range p.Fields() {
				for _, line := range in[key] {
					if len(line) > 1 {
						want[key] = append(want[key], line)
					}
				}
			}
			for _, others := range []int{0, 1, 4, 10, 30, 200} {
				carrier := map[string][]string{"accept": {"*/*"}, "x-tenants": {"none"}}
				for i := range others {
					carrier[fmt.Sprintf("x-other-%d", i)] = []string{"v"}
				}
				for key, lines := range in {
					carrier[key] = lines
				}
				for way, extract := range extracts {
					t.Run(fmt.Sprintf("%s of %d names among %d/%s", name, len(p.Fields()), others, way), func(t *testing.T) {
						ctx := extract(context.Background(), p, carrier)
						expect(t, sentMetadata(p, ctx), want)
						if len(want) == 0 && ctx != context.Background() {
							t.Errorf("without headers to carry, Extract returns %v, want its argument", ctx)
						}
					})
				}
			}
		}
	}
}

// TestExtractKeepsNothing: a change of the received header after Extract does not change the capture.
func TestExtractKeepsNothing(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	for way, extract := range extracts {
		in := metadataOf("traceparent", callerW3C, "tracestate", "a=1", "tracestate", "b=2", "uberctx-a", "1")
		ctx := extract(context.Background(), p, in)
		for key, lines := range in {
			clear(lines)
			delete(in, key)
		}
		t.Run(way, func(t *testing.T) {
			expect(t, sent(p, ctx), carrier("Traceparent", callerW3C, "Tracestate", "a=1", "Tracestate", "b=2", "Uberctx-A", "1"))
		})
	}
}

// TestExtractNil: Extract of the nil Propagator returns its argument, and its Inject changes nothing.
func TestExtractNil(t *testing.T) {
	var none *propagation.Propagator
	for way, extract := range extracts {
		if ctx := extract(context.Background(), none, metadataOf("b3", callerB3)); ctx != context.Background() {
			t.Errorf("%s: the nil Propagator returns %v, want its argument", way, ctx)
		}
		p := compile(t, propagation.Config{})
		if ctx := extract(context.Background(), p, nil); ctx != context.Background() {
			t.Errorf("%s: without headers, Extract returns %v, want its argument", way, ctx)
		}
	}
	out := carrier("B3", "mine")
	none.InjectHTTP(received(compile(t, propagation.Config{}), "B3", callerB3), out)
	none.InjectMetadata(context.Background(), out)
	expect(t, out, carrier("B3", "mine"))
}

// TestExtractIntoNil: Extract takes a nil context for context.Background().
func TestExtractIntoNil(t *testing.T) {
	var none context.Context
	for way, extract := range extracts {
		for _, came := range []map[string][]string{metadataOf("b3", callerB3), metadataOf("b3", callerB3, "baggage", "a=1")} {
			ctx := extract(none, compile(t, propagation.Config{}), came)
			if _, has := ctx.Deadline(); has || ctx.Done() != nil || ctx.Err() != nil || ctx.Value(came["b3"][0]) != nil {
				t.Errorf("%s: %v is not derived from the background", way, ctx)
			}
		}
	}
}
