package propagation

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// TestLearnedKeys pins that OpenTelemetry's context keys are still learned, and are the
// ones under which it looks for its values.
func TestLearnedKeys(t *testing.T) {
	if !learnedKey(otelKeys.span) || !learnedKey(otelKeys.baggage) || otelKeys.span == otelKeys.baggage {
		t.Fatalf("learned %T and %T", otelKeys.span, otelKeys.baggage)
	}
	span := trace.SpanFromContext(context.Background())
	if got := trace.ContextWithSpan(context.Background(), span).Value(otelKeys.span); got != span {
		t.Errorf("under the key of the active span is %v", got)
	}
	bag, err := baggage.Parse("k=v")
	if err != nil {
		t.Fatal(err)
	}
	value := baggage.ContextWithBaggage(context.Background(), bag).Value(otelKeys.baggage)
	if got := baggage.FromContext(context.WithValue(context.Background(), otelKeys.baggage, value)); got.String() != "k=v" {
		t.Errorf("under the key of the baggage is %v", value)
	}
}

// TestLearnKeyUnsure: a function that asks for none, for several, or for nil teaches nothing.
func TestLearnKeyUnsure(t *testing.T) {
	type key struct{ n int }
	for name, ask := range map[string]func(context.Context){
		"none":    func(context.Context) {},
		"several": func(ctx context.Context) { ctx.Value(key{1}); ctx.Value(key{2}) },
		"nil":     func(ctx context.Context) { ctx.Value(nil) },
	} {
		got := learnKey(ask)
		if learnedKey(got) || got == learnKey(ask) {
			t.Errorf("%s: learned %v", name, got)
		}
	}
	if got := learnKey(func(ctx context.Context) { ctx.Value(key{1}) }); got != (key{1}) || !learnedKey(got) {
		t.Errorf("one: learned %v", got)
	}
}
