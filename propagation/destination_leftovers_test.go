package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestAlsoBaggageOverGRPC: a propagator of Config.Also writes a header that the Propagator also carries. The destination
// rules apply to it.
func TestAlsoBaggageOverGRPC(t *testing.T) {
	p := compile(t, propagation.Config{Also: []otelprop.TextMapPropagator{otelprop.Baggage{}}})
	md := metadataTo(t, p, received(p, "Baggage", "user=bob", "B3", "1"), "evil.example")
	expect(t, md, metadataOf("b3", "1"))
}

// TestUnreadableItems: traceferry cannot read an x-ot-span-context with wrong padding. Another reader could find items in
// it, so an external host does not get it as received.
func TestUnreadableItems(t *testing.T) {
	p := compile(t, propagation.Config{})
	for _, line := range []string{strings.TrimRight(otSpanContextWithItems[:len(otSpanContextWithItems)-2], "="), otSpanContextWithItems + "=", "Ei4J!" + otSpanContextWithItems, callerTrace[16:] + ";" + callerSpan + ";0;user=bob"} {
		got := sentTo(t, p, received(p, "X-Ot-Span-Context", line), "http://evil.example").Get("X-Ot-Span-Context")
		if got == line {
			t.Errorf("%q is sent to an external host as received, want it left out or changed", line)
		}
	}
}

// TestAlsoWrittenBefore: if a rule lists formats, the headers that a propagator of Config.Also wrote in an outer Inject are
// not sent.
func TestAlsoWrittenBefore(t *testing.T) {
	p := compile(t, propagation.Config{
		Also:         []otelprop.TextMapPropagator{ownPropagator{}},
		Destinations: []propagation.Destination{{Hosts: []string{"api.example"}, Formats: []propagation.Format{propagation.B3Single}}},
	})
	for url, want := range map[string]string{"http://api.example": "", "http://reviews": "user-data"} {
		r := requestTo(t, received(p, "B3", "1"), url)
		p.Inject(r.Context(), otelprop.HeaderCarrier(r.Header))
		sent, _ := engine(p).CloneRequest(r)
		if got := sent.Get("X-Mine"); got != want {
			t.Errorf("%s gets %q, want %q", url, got, want)
		}
	}
}

// ownPropagator is a user's propagator with one header.
type ownPropagator struct{}

func (ownPropagator) Inject(_ context.Context, c otelprop.TextMapCarrier) {
	c.Set("x-mine", "user-data")
}
func (ownPropagator) Extract(ctx context.Context, _ otelprop.TextMapCarrier) context.Context {
	return ctx
}
func (ownPropagator) Fields() []string { return []string{"x-mine"} }

// TestCalleeInContext: Inject, InjectHTTP and InjectMetadata take the destination from the context.
func TestCalleeInContext(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := plan.ContextWithCallee(received(p, "B3", "1", "Baggage", "user=bob"), calling("api.example"))
	md, text := map[string][]string{}, otelprop.MapCarrier{}
	p.InjectMetadata(ctx, md)
	p.Inject(ctx, text)
	if md["baggage"] != nil || text["baggage"] != "" || md["b3"] == nil || text["b3"] == "" {
		t.Errorf("an external host gets %q and %q, want b3 and no baggage in both", md, text)
	}
	also := compile(t, propagation.Config{
		Also:         []otelprop.TextMapPropagator{ownPropagator{}},
		Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{propagation.B3Single}}},
	})
	for name, p := range map[string]*propagation.Propagator{"the default": p, "a rule": also} {
		expect(t, sent(p, ctx), carrier("B3", "1"))
		if t.Failed() {
			t.Fatalf("failed for %s", name)
		}
	}
	if plan.CalleeFromContext(ctx) != calling("api.example") || plan.CalleeFromContext(context.Background()) != nil {
		t.Error("CalleeFromContext does not return the destination of ContextWithCallee")
	}
}

// TestCalleeOfLocalSpan: if the destination in the context is an external host, a rewritten x-ot-span-context has the local
// span's ids, and not the received items.
func TestCalleeOfLocalSpan(t *testing.T) {
	const items = "EkYJJGG7UzlaSEgREtOWGh1K+6IYASIZCgZ0ZW5hbnQSD2xpZ2h0c3RlcHRlbmFudCIVCgR1c2VyEg1saWdodHN0ZXB1c2Vy"
	p := compile(t, propagation.Config{})
	ctx, _ := tracer(t, sdktrace.AlwaysSample()).Start(received(p, "X-Ot-Span-Context", items), "child")
	external := plan.ContextWithCallee(ctx, calling("api.example"))
	for what, out := range map[string][2]string{
		"InjectHTTP":     {sent(p, external).Get("X-Ot-Span-Context"), sent(p, ctx).Get("X-Ot-Span-Context")},
		"InjectMetadata": {sentMetadata(p, external)["x-ot-span-context"][0], sentMetadata(p, ctx)["x-ot-span-context"][0]},
	} {
		if len(out[0]) == 0 || len(out[1]) < len(out[0])+50 {
			t.Errorf("%s: an external host gets %q and an unknown host %q, want the items only in the second", what, out[0], out[1])
		}
	}
}

// TestAlsoWritesTheSame: a propagator of Config.Also writes the same format as the Propagator. The format is sent if the
// rules allow it.
func TestAlsoWritesTheSame(t *testing.T) {
	p := compile(t, propagation.Config{
		Also:         []otelprop.TextMapPropagator{otelprop.TraceContext{}},
		Destinations: []propagation.Destination{{Hosts: []string{"api.example"}, Formats: []propagation.Format{propagation.W3C}}},
	})
	expect(t, sentTo(t, p, received(p, "Traceparent", callerW3C), "http://api.example/"), carrier("Traceparent", callerW3C))
}

// TestMetadataBytesOfForeignHeader: a header that only an outer Propagator carries does not count for Limits.MetadataBytes.
func TestMetadataBytesOfForeignHeader(t *testing.T) {
	outer, p := compile(t, propagation.Config{Headers: []string{"x-big"}}), compile(t, propagation.Config{})
	in := carrier("X-Big", strings.Repeat("x", 4000), "Baggage", "k=v", "Traceparent", callerW3C)
	ctx := p.ExtractHTTP(outer.ExtractHTTP(context.Background(), in), in)
	expect(t, sentMetadata(p, ctx), metadataOf("baggage", "k=v", "traceparent", callerW3C))
	expectCounts(t, p, nil)
}

// TestContextForRequest: ContextForRequest records the destination in the context only if the destination may not get all
// headers.
func TestContextForRequest(t *testing.T) {
	p, bag := compile(t, propagation.Config{}), received(compile(t, propagation.Config{}), "Baggage", "user=bob")
	for url, told := range map[string]bool{"http://reviews/": false, "http://api.example:81/": true} {
		r := requestTo(t, bag, url)
		ctx, changed := engine(p).ContextForRequest(r)
		if to := plan.CalleeFromContext(ctx); (to != nil) != told || changed != told || (ctx != bag) != told {
			t.Errorf("%s: the context has the destination %v, want one: %v", url, to, told)
		} else if told {
			if host, port := to.Host(); host != "api.example:81" || port != 80 {
				t.Errorf("%s: the destination is %s, %d, want api.example:81, 80", url, host, port)
			}
		}
	}
	for what, q := range map[string]struct {
		p *propagation.Propagator
		r *http.Request
	}{
		"nothing private": {p, requestTo(t, received(p, "B3", "1"), "http://api.example/")},
		"nil Propagator":  {nil, requestTo(t, bag, "http://api.example/")},
		"no URL":          {p, new(http.Request).WithContext(bag)},
	} {
		if ctx, changed := engine(q.p).ContextForRequest(q.r); changed || ctx != q.r.Context() {
			t.Errorf("%s: ContextForRequest changed the context, want it unchanged", what)
		}
	}
	// The context has the destination of another call, for which this call is made.
	inner := requestTo(t, plan.ContextWithCallee(bag, calling("api.example")), "http://reviews/")
	ctx, _ := engine(p).ContextForRequest(inner)
	if host, _ := plan.CalleeFromContext(ctx).Host(); host != "reviews" {
		t.Errorf("the destination is %q, want reviews", host)
	}
	if to := plan.CalleeFromContext(p.ExtractHTTP(inner.Context(), carrier("B3", "1"))); to != nil {
		t.Errorf("after an Extract, the context has the destination %v, want none", to)
	}
}

type calling string

func (c calling) Host() (string, uint16) { return string(c), 443 }
