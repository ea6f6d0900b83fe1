package propagation_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestObserverContext: an observer gets the same context as the caller of Extract. The observer may keep the context, and
// other goroutines may read it at the same time (run with -race).
func TestObserverContext(t *testing.T) {
	local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, TraceFlags: trace.FlagsSampled})
	remote := otelprop.TraceContext{}.Extract(context.Background(), otelprop.MapCarrier{"traceparent": otherW3C})
	tell := func(ctx context.Context) string {
		sc, ok := propagation.RemoteFromContext(ctx)
		untrusted, was := propagation.UntrustedFromContext(ctx)
		return fmt.Sprint(sc, ok, untrusted, was, trace.SpanContextFromContext(ctx), baggage.FromContext(ctx), captures(ctx))
	}
	in := carrier("Traceparent", "garbage", "B3", callerB3, "B3", callerB3, "Uber-Trace-Id", "1:2:0:1", "Baggage", "user=one", "X-Request-Id", string(make([]byte, 9000)))
	for name, before := range map[string]context.Context{
		"nothing": context.Background(), "local": trace.ContextWithSpanContext(context.Background(), local), "remote": remote,
		"outer": received(compile(t, propagation.Config{}), "Traceparent", callerW3C, "Baggage", "user=two"),
	} {
		for _, trust := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.DistrustSampling, propagation.DistrustBaggage} {
			t.Run(fmt.Sprint(name, "/", trust), func(t *testing.T) {
				var kept []context.Context
				var said []string
				var asked sync.WaitGroup
				var mu sync.Mutex
				see := func(ctx context.Context) {
					asked.Go(func() { tell(ctx) })
					words := tell(ctx)
					mu.Lock()
					defer mu.Unlock()
					kept, said = append(kept, ctx), append(said, words)
				}
				p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Observer: &propagation.Observer{
					Outcome:   func(ctx context.Context, _ propagation.Format, _ propagation.Outcome) { see(ctx) },
					Extracted: func(ctx context.Context, _ []propagation.Format) { see(ctx) },
				}})
				check := func(way string, ctx context.Context) {
					t.Helper()
					asked.Wait()
					if len(said) == 0 {
						t.Errorf("%s: the observer was not called", way)
					}
					want := tell(ctx)
					asked.Wait()
					for i := range said {
						if said[i] != want || kept[i] != ctx {
							t.Errorf("%s: the observer's context has\n%s\nwant the context of Extract with\n%s", way, said[i], want)
						}
					}
					kept, said = nil, nil
				}
				check("ExtractHTTP", p.ExtractHTTPTrust(before, in, trust))
				check("ExtractMetadata", p.ExtractMetadataTrust(before, lowered(in), trust))
				if trust == propagation.Continue {
					check("HeaderCarrier", p.Extract(before, otelprop.HeaderCarrier(in)))
					check("carrier", p.Extract(before, valuesCarrier(lowered(in))))
					return
				}
				ctx := p.ExtractHTTPTrust(before, in, trust)
				kept, said = nil, nil
				check("Promote", propagation.Promote(ctx))
			})
		}
	}
}

// TestPanickingFunctions: a panic in a function of the Config is recovered and counted, and changes nothing else.
func TestPanickingFunctions(t *testing.T) {
	var p *propagation.Propagator
	config := propagation.Config{
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { panic("a span") },
		Observer: &propagation.Observer{
			Outcome:   func(context.Context, propagation.Format, propagation.Outcome) { panic("an outcome") },
			Extracted: func(context.Context, []propagation.Format) { panic("extracted") },
		},
	}
	p = compile(t, config)
	in := []string{"Traceparent", callerW3C, "B3", "garbage"}
	ctx := received(p, in...)
	expect(t, sent(p, ctx), carrier(in...))
	expectCounts(t, p, map[string]uint64{"b3 malformed": 1, "headers panicked": 3})
	engine(p).CloneHTTP(context.Background(), nil)
	if got := p.Stats().Total(propagation.Panicked); got != 5 {
		t.Errorf("%d panics counted, want 5", got)
	}
}
