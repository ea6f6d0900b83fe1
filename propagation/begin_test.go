package propagation_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// TestBegin: all calls of one piece of work carry one random UUID, over every carrier, and nothing else.
func TestBegin(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
	ctx := p.Begin(context.Background())
	id := propagation.RequestIDFromContext(ctx)
	if parsed, err := uuid.Parse(id); err != nil || parsed.Version() != 4 || parsed.String() != id {
		t.Errorf("the request id is %q (%v), want a random UUID", id, err)
	}
	derived, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, ctx := range []context.Context{ctx, derived, propagation.Copy(context.Background(), ctx)} {
		expect(t, sent(p, ctx), http.Header{"X-Request-Id": {id}})
		expect(t, sentMetadata(p, ctx), map[string][]string{"x-request-id": {id}})
	}
	lines := map[string][]string{}
	for name, line := range p.Lines(ctx, "kafka:orders") {
		lines[name] = append(lines[name], line)
	}
	expect(t, lines, map[string][]string{"x-request-id": {id}})
	if other := propagation.RequestIDFromContext(p.Begin(context.Background())); other == id || other == "" {
		t.Errorf("other work has the id %q, want another id", other)
	}
}

// TestBeginKeepsCapture: a context that has a capture stays as it is, also if the capture has no request id.
func TestBeginKeepsCapture(t *testing.T) {
	p := compile(t, propagation.Config{})
	for name, ctx := range map[string]context.Context{
		"a request":            received(p, "B3", "0"),
		"a request with an id": received(p, "X-Request-Id", "r1"),
		"an outer Begin":       p.Begin(context.Background()),
		"an untrusted caller":  p.ExtractHTTPTrust(context.Background(), nil, propagation.Restart),
	} {
		if again := p.Begin(ctx); again != ctx {
			t.Errorf("%s: Begin returns %v, want its argument", name, again)
		}
	}
}

// TestBeginThenExtract: an Extract with the context of Begin replaces the id.
func TestBeginThenExtract(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := p.ExtractHTTP(p.Begin(context.Background()), carrier("B3", "0"))
	expect(t, sent(p, ctx), carrier("B3", "0"))
}

// TestBeginSpan: a local span is sent together with the id, whether it started before or after Begin.
func TestBeginSpan(t *testing.T) {
	p := compile(t, propagation.Config{})
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	before := p.Begin(trace.ContextWithSpanContext(context.Background(), span))
	after := trace.ContextWithSpanContext(p.Begin(context.Background()), span)
	for name, ctx := range map[string]context.Context{"before": before, "after": after} {
		if got := trace.SpanContextFromContext(ctx); !got.Equal(span) {
			t.Errorf("%s: the active span is %v, want %v", name, got, span)
		}
		expect(t, sent(p, ctx), carrier(
			"X-Request-Id", propagation.RequestIDFromContext(ctx),
			"Traceparent", "00-01000000000000000000000000000000-0200000000000000-01"))
	}
}

// TestBeginBaggage: baggage that the application has set is sent.
func TestBeginBaggage(t *testing.T) {
	p := compile(t, propagation.Config{})
	bag, err := baggage.Parse("job=clean-up")
	if err != nil {
		t.Fatal(err)
	}
	ctx := p.Begin(baggage.ContextWithBaggage(context.Background(), bag))
	expect(t, sent(p, ctx), carrier("X-Request-Id", propagation.RequestIDFromContext(ctx), "Baggage", "job=clean-up"))
}

// TestBeginNothing: a nil and a zero Propagator return the context.
func TestBeginNothing(t *testing.T) {
	var none *propagation.Propagator
	for _, p := range []*propagation.Propagator{none, new(propagation.Propagator)} {
		if ctx := p.Begin(context.Background()); ctx != context.Background() {
			t.Errorf("Begin returns %v, want its argument", ctx)
		}
	}
	var no context.Context
	if id := propagation.RequestIDFromContext(compile(t, propagation.Config{}).Begin(no)); id == "" {
		t.Error("Begin with a nil context makes no id, want one")
	}
}

// TestBeginStats: the work is counted as a request, and its calls as calls that carry headers. No call is reported as
// lost, also if the Config carries no request ids.
func TestBeginStats(t *testing.T) {
	lost := 0
	observer := &propagation.Observer{Lost: func(context.Context, propagation.Loss) { lost++ }}
	for _, row := range []struct {
		formats                    []propagation.Format
		captured, carried, nothing uint64
	}{
		{nil, 1, 1, 0},
		{[]propagation.Format{propagation.W3C}, 0, 0, 1},
	} {
		p := compile(t, propagation.Config{Formats: row.formats, Observer: observer})
		ctx := p.Begin(context.Background())
		p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "cart"}, http.Header{})
		s := p.Stats()
		if s.Captured() != row.captured || s.Carried() != row.carried || s.Count(0, propagation.NothingReceived) != row.nothing || s.Total(propagation.NoContext) != 0 {
			t.Errorf("%v: the counts are %s, want captured %d, carried %d, nothing received %d", row.formats, s, row.captured, row.carried, row.nothing)
		}
		if again := p.Begin(ctx); again != ctx {
			t.Errorf("%v: a second Begin returns %v, want its argument", row.formats, again)
		}
	}
	if lost != 0 {
		t.Errorf("%d calls are reported as lost, want 0", lost)
	}
}

// TestBeginCost: Begin allocates the node of the context and the id. Without request ids, it allocates only the node.
func TestBeginCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	p := compile(t, propagation.Config{})
	began := p.Begin(context.Background())
	for name, row := range map[string]struct {
		p    *propagation.Propagator
		ctx  context.Context
		want float64
	}{
		"Begin":                         {p, context.Background(), 2},
		"Begin with a capture":          {p, began, 0},
		"Begin without RequestID":       {compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}}), context.Background(), 1},
		"Begin with the nil Propagator": {nil, context.Background(), 0},
	} {
		run := func() { sink = row.p.Begin(row.ctx) }
		run()
		if got := testing.AllocsPerRun(200, run); got != row.want {
			t.Errorf("%s: %v allocations, want %v", name, got, row.want)
		}
	}
}
