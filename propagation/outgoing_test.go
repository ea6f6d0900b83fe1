package propagation_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// outgoing is what a transport keeps in the context, under its own key.
type outgoing struct{ md map[string][]string }

type outgoingKey struct{}

// withMetadata counts how often the metadata were made.
func withMetadata(p *propagation.Propagator, ctx context.Context, made *int) (context.Context, bool) {
	return engine(p).ContextWithMetadata(ctx, nil, outgoingKey{}, func(md map[string][]string) any {
		*made++
		return outgoing{md}
	})
}

// TestContextWithMetadata: the metadata is made once for a request, as long as only received headers go out.
func TestContextWithMetadata(t *testing.T) {
	p := compile(t, propagation.Config{})
	type key struct{}
	ctx := context.WithValue(received(p, "Traceparent", callerW3C, "Baggage", "k=v"), key{}, "mine")
	made := 0
	for range 3 {
		out, ok := withMetadata(p, ctx, &made)
		if !ok {
			t.Fatal("nothing to inject")
		}
		expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("traceparent", callerW3C, "baggage", "k=v"))
		if out.Value(key{}) != "mine" || ctx.Value(outgoingKey{}) != nil {
			t.Error("the context's own values are lost, or written to")
		}
	}
	if made != 1 {
		t.Errorf("made %d times, want once", made)
	}

	// Whatever else goes out is made for each call, and not kept.
	child, span := tracer(t, sdktrace.AlwaysSample()).Start(ctx, "child")
	changed := putting(t, ctx, "l", "w")
	for range 2 {
		out, _ := withMetadata(p, child, &made)
		if got := out.Value(outgoingKey{}).(outgoing).md["traceparent"]; len(got) != 1 || got[0] != "00-"+callerTrace+"-"+span.SpanContext().SpanID().String()+"-01" {
			t.Errorf("with a local span %q", got)
		}
		out, _ = withMetadata(p, changed, &made)
		expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("traceparent", callerW3C, "baggage", "k=v,l=w"))
	}
	if made != 5 {
		t.Errorf("made %d times, want five", made)
	}
	out, _ := withMetadata(p, ctx, &made)
	expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("traceparent", callerW3C, "baggage", "k=v"))

	// Another Propagator, or another transport, has its own.
	other := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Baggage}})
	out, _ = withMetadata(other, ctx, &made)
	expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("baggage", "k=v"))
	out, _ = engine(other).ContextWithMetadata(ctx, nil, key{}, func(md map[string][]string) any { return len(md) })
	if out.Value(key{}) != 1 || out.Value(outgoingKey{}) != nil {
		t.Errorf("another transport got %v", out.Value(key{}))
	}
}

// TestContextWithMetadataNothing: the context itself, and the call is counted.
func TestContextWithMetadataNothing(t *testing.T) {
	p := compile(t, propagation.Config{})
	made := 0
	if ctx, ok := withMetadata(p, context.Background(), &made); ok || ctx != context.Background() || made != 0 {
		t.Errorf("made %v of nothing", ctx)
	}
	expectCounts(t, p, map[string]uint64{"headers no context": 1})
	ctx := received(p, "B3", "0")
	if got, ok := withMetadata(nil, ctx, &made); ok || got != ctx {
		t.Errorf("the nil Propagator made %v", got)
	}
	withDeadline, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	out, _ := withMetadata(p, withDeadline, &made)
	if _, has := out.Deadline(); !has || out.Done() == nil {
		t.Error("the deadline is lost")
	}
}

// TestContextWithMetadataConcurrent: many calls of one request at once.
func TestContextWithMetadataConcurrent(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := received(p, "Traceparent", callerW3C)
	var calls sync.WaitGroup
	for range 32 {
		calls.Go(func() {
			made := 0
			out, _ := withMetadata(p, ctx, &made)
			expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("traceparent", callerW3C))
		})
	}
	calls.Wait()
}
