package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// pointerCallee is a user's Callee. Its method panics on nil.
type pointerCallee struct{ host string }

func (c *pointerCallee) Host() (string, uint16) { return c.host, 80 }

// pointerCarrier is a user's carrier. Its methods panic on nil.
type pointerCarrier struct{ values map[string]string }

func (c *pointerCarrier) Get(key string) string { return c.values[key] }
func (c *pointerCarrier) Set(key, value string) { c.values[key] = value }
func (c *pointerCarrier) Keys() []string        { return nil }

// TestNothingPanics: no combination of nil and zero values makes a function panic.
func TestNothingPanics(t *testing.T) {
	type key struct{}
	var none context.Context
	whole := compile(t, propagation.Config{Formats: propagation.AllFormats(), GenerateRequestID: true, Headers: []string{"x-tenant"},
		Also: []otelprop.TextMapPropagator{otelprop.Baggage{}}})
	received := received(whole, "Traceparent", callerW3C, "Baggage", "user=one", "X-Tenant", "acme")
	wrap := func(md map[string][]string) any { return md }
	for name, p := range map[string]*propagation.Propagator{"nil": nil, "zero": {}, "new": new(propagation.Propagator), "whole": whole} {
		for _, ctx := range []context.Context{none, context.Background(), received} {
			t.Run(fmt.Sprint(name, "/", ctx), func(t *testing.T) {
				same := ctx
				if same == nil {
					same = context.Background()
				}
				for _, trust := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.Ignore, 255} {
					for _, h := range []http.Header{nil, {}, carrier("Traceparent", callerW3C), {"": nil, "traceparent": nil}} {
						for _, got := range []context.Context{p.ExtractHTTPTrust(ctx, h, trust), p.ExtractMetadataTrust(ctx, h, trust)} {
							if got == nil || name != "whole" && trust == propagation.Continue && got != same {
								t.Errorf("%v: Extract with %v returns %v, want a context that is not nil, and the same one without a Config and a Trust", trust, ctx, got)
							}
						}
						p.ExtractHTTP(ctx, h)
						p.ExtractMetadata(ctx, h)
						p.InjectHTTP(ctx, h)
						p.InjectMetadata(ctx, h)
						engine(p).StripHTTP(ctx, h)
						engine(p).CloneHTTP(ctx, h)
						for _, to := range []plan.Callee{nil, (*pointerCallee)(nil), &pointerCallee{}, &pointerCallee{"reviews"}} {
							engine(p).CloneMetadata(ctx, to, h)
							engine(p).ContextWithMetadata(ctx, to, key{}, wrap)
							to := plan.ContextWithCallee(ctx, to)
							plan.CalleeFromContext(to)
							p.InjectHTTP(to, h)
							p.InjectMetadata(to, h)
						}
						for _, r := range []*http.Request{nil, {}, {Header: h}, {Header: h, Response: &http.Response{}}} {
							engine(p).CloneRequest(r)
							engine(p).ContextForRequest(r)
						}
					}
				}
				for _, c := range []otelprop.TextMapCarrier{
					nil, otelprop.MapCarrier(nil), otelprop.HeaderCarrier(nil), valuesCarrier(nil), (*pointerCarrier)(nil), (*lendingCarrier)(nil), otelprop.MapCarrier{"": ""},
				} {
					if got := p.Extract(ctx, c); got == nil || name != "whole" && got != same {
						t.Errorf("%T: Extract with %v returns %v, want a context that is not nil, and the same one without a Config", c, ctx, got)
					}
					p.Inject(ctx, c)
				}
				p.Fields()
				_, _ = p.Explain(ctx, ""), p.Explain(ctx, "://").String()
				_, _, _ = p.ExplainRequest(nil, ""), p.ExplainRequest(&http.Request{Header: http.Header{"": nil, "traceparent": nil}}, ""), p.Config()
				if p.Stats(); name != "whole" && p.Stats() != (propagation.Stats{}) {
					t.Error("a Propagator without a Config has counts, want none")
				}
			})
		}
	}
	for _, ctx := range []context.Context{none, context.Background(), received} {
		propagation.RemoteFromContext(ctx)
		propagation.UntrustedFromContext(ctx)
		propagation.RequestIDFromContext(ctx)
		propagation.CapturedFromContext(ctx)(func(string, string) bool { return false })
		plan.CalleeFromContext(ctx)
		_ = propagation.Explain(ctx, "").String()
		for _, got := range []context.Context{
			propagation.Copy(ctx, none), propagation.Copy(none, ctx), propagation.Promote(ctx), propagation.Demote(ctx), propagation.WithoutCapture(ctx),
		} {
			if got == nil {
				t.Errorf("a function that takes %v returns nil, want a context", ctx)
			}
		}
	}
	var also *propagation.Propagator
	if _, err := propagation.New(propagation.Config{Also: []otelprop.TextMapPropagator{also}}); err == nil {
		t.Error("New accepts a nil pointer in Also, want an error")
	}
}

// TestPanickingCallee: a Callee that panics is an unknown destination, so user data is not sent.
func TestPanickingCallee(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := received(p, "Traceparent", callerW3C, "Baggage", "user=one")
	md, _ := engine(p).CloneMetadata(ctx, (*pointerCallee)(nil), nil)
	expect(t, md, metadataOf("traceparent", callerW3C))
}
