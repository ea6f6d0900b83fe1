package slogtrace_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/slogtrace"
	"go.opentelemetry.io/otel/baggage"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// TestPromise10_Cost: a Handler costs at most one allocation more than the other handler alone. It costs none while the
// record has space.
func TestPromise10_Cost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	provider := sdktrace.NewTracerProvider()
	request := received()
	span, _ := provider.Tracer("").Start(request, "work")
	member, _ := baggage.NewMember("tenant", "own")
	bag, _ := baggage.New(member)
	changed := baggage.ContextWithBaggage(request, bag)
	derived, cancel := context.WithCancel(span)
	defer cancel()
	untrusted := propagation.MustNew(propagation.Config{}).ExtractHTTPTrust(context.Background(), ordinary(), propagation.Restart)

	bare := slog.NewJSONHandler(io.Discard, nil)
	plain := slogtrace.MustNew(bare)
	carrying := slogtrace.MustNew(bare, slogtrace.WithFields(slogtrace.GoogleCloud("shop")), slogtrace.WithBaggage("tenant", "user"))
	one, five := []slog.Attr{slog.Int("a", 1)}, []slog.Attr{slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3), slog.Int("d", 4), slog.Int("e", 5)}
	twenty := append(append(append(five[:5:5], five...), five...), five...)
	grouped := func(h slog.Handler) slog.Handler {
		return h.WithAttrs(one).WithGroup("G").WithAttrs(five).WithGroup("H")
	}

	for _, row := range []struct {
		what  string
		h     slog.Handler
		bare  slog.Handler
		ctx   context.Context
		attrs []slog.Attr
		want  float64 // more than bare
	}{
		{"nothing to add", plain, bare, context.Background(), five, 0},
		{"nothing to add, in a group", grouped(plain), grouped(bare), context.Background(), five, 0},
		{"an untrusted caller", plain, bare, untrusted, five, 0},
		{"received, with room", plain, bare, request, one, 0},
		{"received, without room", plain, bare, request, five, 1},
		{"received, many attributes", plain, bare, request, twenty, 1},
		{"received, after WithAttrs", plain.WithAttrs(five), bare.WithAttrs(five), request, one, 0},
		{"received, in a group", grouped(plain), grouped(bare), request, five, 1},
		{"received, in an empty group", plain.WithGroup("G"), bare.WithGroup("G"), request, nil, 1},
		{"received, in a group with an empty group", grouped(plain), grouped(bare), request, nil, 1},
		{"local span, with room", plain, bare, span, one, 0},
		{"local span, without room", plain, bare, derived, five, 1},
		{"local span, in a group", grouped(plain), grouped(bare), derived, twenty, 1},
		{"more fields than a record has room for", carrying, bare, request, nil, 1},
		{"baggage, without room", carrying, bare, request, five, 1},
		{"baggage, in a group", grouped(carrying), grouped(bare), request, twenty, 1},
		{"baggage, in an empty group", carrying.WithGroup("G"), bare.WithGroup("G"), request, nil, 1},
		{"the application's baggage", carrying, bare, changed, nil, 0},
	} {
		if got := perRecord(row.h, row.ctx, row.attrs) - perRecord(row.bare, row.ctx, row.attrs); got != row.want {
			t.Errorf("%s: %v additional allocations, want %v", row.what, got, row.want)
		}
	}
}

// perRecord returns the allocations of one record.
func perRecord(h slog.Handler, ctx context.Context, attrs []slog.Attr) float64 {
	l := slog.New(h)
	return testing.AllocsPerRun(500, func() { l.LogAttrs(ctx, slog.LevelInfo, "m", attrs...) })
}

// TestTextCost: the text of the ids costs one allocation for every twenty records. TestPromise10_Cost counts the other
// allocations.
func TestTextCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	l, ctx := slog.New(slogtrace.MustNew(slog.NewJSONHandler(io.Discard, nil))), received()
	twenty := testing.AllocsPerRun(500, func() {
		for range 20 {
			l.LogAttrs(ctx, slog.LevelInfo, "m")
		}
	})
	if twenty > 1 {
		t.Errorf("twenty records cost %v allocations, want one", twenty)
	}
}
