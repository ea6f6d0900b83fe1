package propagation_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// outgoing is the value that a transport keeps in the context, under outgoingKey.
type outgoing struct{ md map[string][]string }

type outgoingKey struct{}

// withMetadata calls ContextWithMetadata, and counts in made how often it makes the metadata.
func withMetadata(p *propagation.Propagator, ctx context.Context, made *int) (context.Context, bool) {
	return engine(p).ContextWithMetadata(ctx, nil, outgoingKey{}, func(md map[string][]string) any {
		*made++
		return outgoing{md}
	})
}

// TestContextWithMetadata: the metadata is made once for a request, if only received headers are sent.
func TestContextWithMetadata(t *testing.T) {
	p := compile(t, propagation.Config{})
	type key struct{}
	ctx := context.WithValue(received(p, "Traceparent", callerW3C, "Baggage", "k=v"), key{}, "mine")
	made := 0
	for range 3 {
		out, ok := withMetadata(p, ctx, &made)
		if !ok {
			t.Fatal("ContextWithMetadata injected nothing, want the received headers")
		}
		expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("traceparent", callerW3C, "baggage", "k=v"))
		if out.Value(key{}) != "mine" || ctx.Value(outgoingKey{}) != nil {
			t.Error("the new context lost a value, or the old context has the metadata")
		}
	}
	if made != 1 {
		t.Errorf("made %d times, want once", made)
	}

	// Metadata with a local span or changed baggage is made for each call and not kept.
	child, span := tracer(t, sdktrace.AlwaysSample()).Start(ctx, "child")
	changed := setMember(t, ctx, "l", "w")
	for range 2 {
		out, _ := withMetadata(p, child, &made)
		if got := out.Value(outgoingKey{}).(outgoing).md["traceparent"]; len(got) != 1 || got[0] != "00-"+callerTrace+"-"+span.SpanContext().SpanID().String()+"-01" {
			t.Errorf("with a local span, traceparent is sent as %q, want the local span", got)
		}
		out, _ = withMetadata(p, changed, &made)
		expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("traceparent", callerW3C, "baggage", "k=v,l=w"))
	}
	if made != 5 {
		t.Errorf("made %d times, want five", made)
	}
	out, _ := withMetadata(p, ctx, &made)
	expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("traceparent", callerW3C, "baggage", "k=v"))

	// Another Propagator or another transport has metadata of its own.
	other := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Baggage}})
	out, _ = withMetadata(other, ctx, &made)
	expect(t, out.Value(outgoingKey{}).(outgoing).md, metadataOf("baggage", "k=v"))
	out, _ = engine(other).ContextWithMetadata(ctx, nil, key{}, func(md map[string][]string) any { return len(md) })
	if out.Value(key{}) != 1 || out.Value(outgoingKey{}) != nil {
		t.Errorf("another transport got %v, want 1", out.Value(key{}))
	}
}

// TestContextWithMetadataNothing: if there is nothing to inject, ContextWithMetadata returns its argument, and the call is
// counted.
func TestContextWithMetadataNothing(t *testing.T) {
	p := compile(t, propagation.Config{})
	made := 0
	if ctx, ok := withMetadata(p, context.Background(), &made); ok || ctx != context.Background() || made != 0 {
		t.Errorf("ContextWithMetadata returns %v, want its argument", ctx)
	}
	expectCounts(t, p, map[string]uint64{"headers no context": 1})
	ctx := received(p, "B3", "0")
	if got, ok := withMetadata(nil, ctx, &made); ok || got != ctx {
		t.Errorf("the nil Propagator returns %v, want its argument", got)
	}
	withDeadline, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	out, _ := withMetadata(p, withDeadline, &made)
	if _, has := out.Deadline(); !has || out.Done() == nil {
		t.Error("the new context lost the deadline")
	}
}

// TestContextWithMetadataConcurrent: one request makes many calls at the same time.
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
