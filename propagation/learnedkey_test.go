package propagation

import (
	"context"
	"net/http"
	"strconv"
	"testing"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestLearnedKeys: the package finds OpenTelemetry's context keys. OpenTelemetry stores its values under these keys.
func TestLearnedKeys(t *testing.T) {
	if !ctxkey.Learned(capture.OtelKeys.Span) || !ctxkey.Learned(capture.OtelKeys.Baggage) || capture.OtelKeys.Span == capture.OtelKeys.Baggage {
		t.Fatalf("found the keys %T and %T, want two different keys of OpenTelemetry", capture.OtelKeys.Span, capture.OtelKeys.Baggage)
	}
	span := trace.SpanFromContext(context.Background())
	if got := trace.ContextWithSpan(context.Background(), span).Value(capture.OtelKeys.Span); got != span {
		t.Errorf("the value under the key of the active span is %v, want %v", got, span)
	}
	bag, err := baggage.Parse("k=v")
	if err != nil {
		t.Fatal(err)
	}
	value := baggage.ContextWithBaggage(context.Background(), bag).Value(capture.OtelKeys.Baggage)
	if got := baggage.FromContext(context.WithValue(context.Background(), capture.OtelKeys.Baggage, value)); got.String() != "k=v" {
		t.Errorf("the value under the key of the baggage is %v, want the baggage k=v", value)
	}
}

// TestUnlearnedKeys: if the package does not find OpenTelemetry's keys, it puts the remote span and the baggage into the
// context with OpenTelemetry's own functions.
func TestUnlearnedKeys(t *testing.T) {
	learned := capture.OtelKeys
	t.Cleanup(func() { capture.OtelKeys = learned })
	capture.OtelKeys.Span, capture.OtelKeys.Baggage = new(ctxkey.Unlearned), new(ctxkey.Unlearned)

	const (
		traceparent = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
		child       = "00-463ac35c9f6413ad48485a3953bb6124-00000000000000cc-00"
	)
	p := MustNew(Config{})
	sent := func(ctx context.Context) string {
		h := http.Header{}
		p.InjectHTTP(ctx, h)
		return h.Get("Traceparent") + " " + h.Get("Baggage") + " " + strconv.Itoa(len(h))
	}
	in := http.Header{"Traceparent": {traceparent}, "Baggage": {"k=v ,l=w"}}
	ctx := p.ExtractHTTP(context.Background(), in)
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsRemote() || sc.SpanID().String() != "a2fb4a1d1a96d312" {
		t.Errorf("the active span is %v, want the caller's", sc)
	}
	if bag := baggage.FromContext(ctx); bag.Len() != 2 {
		t.Errorf("the baggage is %q, want two members", bag)
	}
	bag, err := baggage.Parse("k=v")
	if err != nil {
		t.Fatal(err)
	}
	local := func(ctx context.Context) context.Context {
		return trace.ContextWithSpanContext(ctx, sc.WithRemote(false).WithSpanID(trace.SpanID{7: 0xCC}).WithTraceFlags(0))
	}
	for name, test := range map[string]struct {
		change func(context.Context) context.Context
		want   string
	}{
		"verbatim":        {func(ctx context.Context) context.Context { return ctx }, traceparent + " k=v ,l=w 2"},
		"a copy":          {func(ctx context.Context) context.Context { return Copy(context.Background(), local(ctx)) }, traceparent + " k=v ,l=w 2"},
		"a local span":    {local, child + " k=v ,l=w 2"},
		"hidden":          {func(ctx context.Context) context.Context { return p.Extract(local(ctx), propagation.HeaderCarrier(in)) }, traceparent + " k=v ,l=w 2"},
		"not hidden":      {func(ctx context.Context) context.Context { return p.ExtractHTTP(local(ctx), in) }, child + " k=v ,l=w 2"},
		"the same, again": {func(ctx context.Context) context.Context { return p.ExtractHTTP(ctx, in) }, traceparent + " k=v ,l=w 2"},
		"changed baggage": {func(ctx context.Context) context.Context { return baggage.ContextWithBaggage(ctx, bag) }, traceparent + " k=v 2"},
		"without baggage": {baggage.ContextWithoutBaggage, traceparent + "  1"},
		"baggage before": {func(context.Context) context.Context {
			return p.ExtractHTTP(baggage.ContextWithBaggage(context.Background(), bag), http.Header{"Traceparent": {traceparent}})
		}, traceparent + " k=v 2"},
		"nothing captured": {func(context.Context) context.Context { return baggage.ContextWithBaggage(context.Background(), bag) }, " k=v 1"},
	} {
		if got := sent(test.change(p.ExtractHTTP(context.Background(), in))); got != test.want {
			t.Errorf("%s: sent %q, want %q", name, got, test.want)
		}
	}
}
