package slogtrace_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/slogtrace"
)

// keeping keeps every record, like a handler that writes later.
type keeping struct {
	slog.Handler
	mu      *sync.Mutex
	records *[]slog.Record
}

func (k keeping) Handle(_ context.Context, r slog.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	*k.records = append(*k.records, r.Clone())
	return nil
}
func (k keeping) Enabled(context.Context, slog.Level) bool { return true }
func (k keeping) WithAttrs([]slog.Attr) slog.Handler       { return k }
func (k keeping) WithGroup(string) slog.Handler            { return k }

// TestRequestsAreApart: of many concurrent requests, each record has its own ids, also if it is read much later.
func TestRequestsAreApart(t *testing.T) {
	const callers, lines = 50, 200
	var records []slog.Record
	h := slogtrace.MustNew(keeping{slog.DiscardHandler, new(sync.Mutex), &records}, slogtrace.WithBaggage("n"))
	p := propagation.MustNew(propagation.Config{})
	var wg sync.WaitGroup
	for n := range callers {
		wg.Go(func() {
			caller := samples.New(n)
			in := everything(caller)
			in.Set("X-Request-Id", fmt.Sprint("r", n))
			in.Set("Baggage", fmt.Sprint("n=", n))
			ctx := p.ExtractHTTP(context.Background(), in)
			l := slog.New(h)
			for i := range lines {
				switch i % 3 {
				case 0:
					l.InfoContext(ctx, "m", "caller", n)
				case 1:
					l.WithGroup("G").With("x", 1).InfoContext(ctx, "m", "caller", n)
				case 2:
					l.InfoContext(ctx, "m", "caller", n, "a", 1, "b", 2, "c", 3, "d", 4, "e", 5)
				}
			}
		})
	}
	wg.Wait()
	if len(records) != callers*lines {
		t.Fatalf("there are %d records, want one for each log call", len(records))
	}
	for _, r := range records {
		got := map[string]string{}
		var flatten func(slog.Attr) bool
		flatten = func(a slog.Attr) bool {
			if a.Value.Kind() == slog.KindGroup {
				for _, inner := range a.Value.Group() {
					flatten(inner)
				}
				return true
			}
			got[a.Key] = a.Value.String()
			return true
		}
		r.Attrs(flatten)
		var n int
		fmt.Sscan(got["caller"], &n)
		caller := samples.New(n)
		if got["trace_id"] != caller.TraceID() || got["span_id"] != caller.SpanID() || got["request_id"] != fmt.Sprint("r", n) || got["baggage.n"] != fmt.Sprint(n) {
			t.Fatalf("the record of caller %d with trace %s has %v, want the caller's own ids", n, caller.TraceID(), got)
		}
	}
}

// TestLongPrefix: a prefix may be longer than a block of text.
func TestLongPrefix(t *testing.T) {
	prefix := strings.Repeat("p", 5000)
	only := slogtrace.WithFields(slogtrace.Fields{TraceID: "t", TracePrefix: prefix})
	for range 3 {
		check(t, "the trace", added(t, received(), only), `"t":"`+prefix+callerTrace+`"`)
	}
}
