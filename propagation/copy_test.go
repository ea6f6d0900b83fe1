package propagation_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// copied returns two contexts. src is the context of a request, with values that Copy must not copy. dst is the context of
// work that outlives the request.
func copied(t *testing.T, p *propagation.Propagator) (src, dst context.Context, cancel func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(received(p, "Traceparent", callerW3C, "Tracestate", "a=1", "Baggage", "k=v",
		"Uberctx-A", "1", "X-Tenant", "acme", "Jwt", "secret"), time.Hour)
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID}))
	bag, err := baggage.Parse("k=changed,l=added")
	if err != nil {
		t.Fatal(err)
	}
	return baggage.ContextWithBaggage(ctx, bag), context.Background(), cancel
}

func copyPropagator(t *testing.T) *propagation.Propagator {
	return compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, UnsafeHeaders: []string{"jwt"}})
}

// TestCopy: Copy copies the capture of the source and nothing else.
func TestCopy(t *testing.T) {
	p := copyPropagator(t)
	type key struct{}
	src, dst, cancel := copied(t, p)
	src = context.WithValue(src, key{}, "source")
	ctx := propagation.Copy(dst, src)
	cancel()

	if _, has := ctx.Deadline(); has || ctx.Err() != nil || ctx.Done() != nil || ctx.Value(key{}) != nil {
		t.Error("the copy has the deadline, the cancellation or a value of the source, want none of them")
	}
	expect(t, sent(p, ctx), carrier("Traceparent", callerW3C, "Tracestate", "a=1", "Baggage", "k=v", "Uberctx-A", "1", "X-Tenant", "acme", "Jwt", "secret"))
	if sc := trace.SpanContextFromContext(ctx); !sc.IsRemote() || sc.SpanID().String() != callerSpan {
		t.Errorf("the active span is %v, want the caller's", sc)
	}
	if bag := baggage.FromContext(ctx); bag.String() != "k=v" {
		t.Errorf("the baggage is %q, want the received k=v", bag)
	}
	if sc, ok := propagation.RemoteFromContext(ctx); !ok || sc.SpanID.String() != callerSpan {
		t.Errorf("the remote span is %v, %v, want the caller's", sc, ok)
	}
	if slices.Contains(captures(ctx), "jwt: secret") {
		t.Error("CapturedFromContext returns a header of UnsafeHeaders")
	}
}

// TestCopyKeepsDestination: Copy keeps the values, the cancellation and the local span of its destination context.
func TestCopyKeepsDestination(t *testing.T) {
	p := copyPropagator(t)
	type key struct{}
	src, dst, cancel := copied(t, p)
	defer cancel()
	dst, stop := context.WithCancel(context.WithValue(dst, key{}, "destination"))
	ctx := propagation.Copy(dst, src)
	if ctx.Value(key{}) != "destination" {
		t.Error("the copy lost a value of the destination context")
	}
	stop()
	if ctx.Err() == nil {
		t.Error("the copy lost the cancellation of the destination context")
	}

	local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})
	ctx = propagation.Copy(trace.ContextWithSpanContext(context.Background(), local), src)
	if sc := trace.SpanContextFromContext(ctx); !sc.Equal(local) {
		t.Errorf("the active span is %v, want the span of the destination context", sc)
	}
	if out := sent(p, ctx); out.Get("Traceparent") != "00-01000000000000000000000000000000-0100000000000000-00" {
		t.Errorf("sent %q, want the span of the destination context", out)
	}

	other := received(p, "B3", "0", "X-Request-Id", "other")
	expect(t, sent(p, propagation.Copy(other, src)), sent(p, propagation.Copy(context.Background(), src)))
}

// TestCopyNothing: if the source has no capture, Copy returns the destination context.
func TestCopyNothing(t *testing.T) {
	p := copyPropagator(t)
	dst := received(p, "B3", "0")
	if propagation.Copy(dst, context.Background()) != dst || propagation.Copy(dst, nil) != dst {
		t.Error("Copy of a context without a capture returned another context, want the destination")
	}
	var none context.Context
	expect(t, sent(p, propagation.Copy(none, dst)), carrier("B3", "0"))
}

// TestCopyCountsOnce: a malformed header of a request is counted once, also if the context is copied.
func TestCopyCountsOnce(t *testing.T) {
	p := copyPropagator(t)
	src := received(p, "Traceparent", "garbage", "B3", callerB3)
	propagation.RemoteFromContext(src)
	ctx := propagation.Copy(context.Background(), src)
	propagation.RemoteFromContext(ctx)
	expectCounts(t, p, map[string]uint64{"tracecontext malformed": 1})
}

// TestCopyReleasesRequest: a copy does not keep the request's context in memory, whatever was read from that context before.
func TestCopyReleasesRequest(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Emit: []propagation.Format{propagation.B3Multi}})
	type key struct{}
	request := &struct{ body [1 << 20]byte }{}
	alive := weak.Make(request)
	ctx := func() context.Context {
		parent := context.WithValue(context.Background(), key{}, request)
		src := p.ExtractHTTP(parent, carrier("Traceparent", callerW3C, "B3", callerB3, "Baggage", "k=v", "Uberctx-A", "1"))
		// Call every function that computes a result once and keeps it.
		propagation.RemoteFromContext(src)
		trace.SpanContextFromContext(src)
		baggage.FromContext(src)
		sent(p, src)
		p.Inject(src, otelprop.MapCarrier{})
		engine(p).ContextWithMetadata(src, nil, key{}, func(md map[string][]string) any { return md })
		return propagation.Copy(context.Background(), src)
	}()
	request = nil
	for range 10 {
		runtime.GC()
		if alive.Value() == nil {
			break
		}
	}
	if alive.Value() != nil {
		t.Error("the copy keeps the request's context in memory")
	}
	expect(t, sent(p, ctx), carrier("Traceparent", callerW3C, "B3", callerB3, "Baggage", "k=v", "Uberctx-A", "1",
		"X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1"))
}

// TestExtractReleasesHeader: a capture does not keep the slices of the request's header in memory.
func TestExtractReleasesHeader(t *testing.T) {
	p := compile(t, propagation.Config{})
	values := &[2]string{callerW3C, "spare"}
	alive := weak.Make(values)
	ctx := p.ExtractHTTP(context.Background(), map[string][]string{"Traceparent": values[:1]})
	values = nil
	for range 10 {
		runtime.GC()
		if alive.Value() == nil {
			break
		}
	}
	if alive.Value() != nil {
		t.Error("the capture keeps the slices of the header in memory")
	}
	expect(t, sent(p, ctx), carrier("Traceparent", callerW3C))
}
