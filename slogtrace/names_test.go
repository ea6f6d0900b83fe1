package slogtrace_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/slogtrace"
)

// TestApplicationsNames: if the application logs one of the names at the top level, its value stays, and the name
// occurs once. The ids and the decision are one unit.
func TestApplicationsNames(t *testing.T) {
	const (
		request = `"request_id":"` + callerID + `"`
		ids     = `"trace_id":"` + callerTrace + `","span_id":"` + callerSpan + `","sampled":true`
		tenant  = `"baggage.tenant":"acme"`
		all     = ids + "," + request + "," + tenant
	)
	for _, row := range []struct {
		what string
		log  func(*slog.Logger, context.Context)
		want string
	}{
		{"trace id", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "m", "trace_id", "own") }, `"trace_id":"own",` + request + "," + tenant},
		{"span id", func(l *slog.Logger, ctx context.Context) { l.With("span_id", "own").InfoContext(ctx, "m") }, `"span_id":"own",` + request + "," + tenant},
		{"sampled, With twice", func(l *slog.Logger, ctx context.Context) { l.With("sampled", 1).With("a", 2).InfoContext(ctx, "m") }, `"sampled":1,"a":2,` + request + "," + tenant},
		{"request id", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "m", "a", 1, "request_id", "own") }, `"a":1,"request_id":"own",` + ids + "," + tenant},
		{"baggage", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "m", "baggage.tenant", "own") }, `"baggage.tenant":"own",` + ids + "," + request},
		{"baggage that is not listed", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "m", "baggage.user", "own") }, `"baggage.user":"own",` + all},
		{"an inlined group", func(l *slog.Logger, ctx context.Context) {
			l.InfoContext(ctx, "m", slog.Group("", slog.Group("", "request_id", "own")))
		}, `"request_id":"own",` + ids + "," + tenant},
		{"a group's name", func(l *slog.Logger, ctx context.Context) { l.WithGroup("request_id").InfoContext(ctx, "m", "a", 1) }, `"request_id":{"a":1},` + ids + "," + tenant},
		{"With, then a group", func(l *slog.Logger, ctx context.Context) {
			l.With("request_id", "own").WithGroup("G").InfoContext(ctx, "m", "a", 1)
		}, `"request_id":"own","G":{"a":1},` + ids + "," + tenant},
		{"in a group", func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "m", slog.Group("G", "trace_id", "own")) }, `"G":{"trace_id":"own"},` + all},
		{"in an open group", func(l *slog.Logger, ctx context.Context) {
			l.WithGroup("G").With("trace_id", "own").InfoContext(ctx, "m", "request_id", "own")
		}, `"G":{"trace_id":"own","request_id":"own"},` + all},
		{"the second group's name", func(l *slog.Logger, ctx context.Context) {
			l.WithGroup("G").WithGroup("request_id").InfoContext(ctx, "m", "a", 1)
		}, `"G":{"request_id":{"a":1}},` + all},
		{"all", func(l *slog.Logger, ctx context.Context) {
			l.InfoContext(ctx, "m", "trace_id", 1, "request_id", 2, "baggage.tenant", 3)
		}, `"trace_id":1,"request_id":2,"baggage.tenant":3`},
	} {
		var o output
		row.log(o.logger(t, slogtrace.WithBaggage("tenant")), received())
		check(t, row.what, o.String(), `{"level":"INFO","msg":"m",`+row.want+"}\n")
	}
}

// TestTwoHandlers: a Handler inside of a Handler adds each field once.
func TestTwoHandlers(t *testing.T) {
	var o output
	l := slog.New(slogtrace.MustNew(slogtrace.MustNew(o.handler(), slogtrace.WithBaggage("tenant"))))
	l.InfoContext(received(), "m")
	l.WithGroup("G").InfoContext(received(), "m", "a", 1)
	for _, name := range []string{"trace_id", "span_id", "sampled", "request_id", "baggage.tenant"} {
		if n := strings.Count(o.String(), `"`+name+`"`); n != 2 {
			t.Errorf("%s occurs %d times in two lines, want 2: %s", name, n, o.String())
		}
	}
}
