package slogtrace_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/traceferry/traceferry/slogtrace"
)

// withContext passes its context to each record, because slogtest uses context.Background.
type withContext struct {
	slog.Handler
	ctx context.Context
}

func (h withContext) Handle(_ context.Context, r slog.Record) error {
	return h.Handler.Handle(h.ctx, r)
}
func (h withContext) WithAttrs(a []slog.Attr) slog.Handler {
	return withContext{h.Handler.WithAttrs(a), h.ctx}
}
func (h withContext) WithGroup(n string) slog.Handler {
	return withContext{h.Handler.WithGroup(n), h.ctx}
}

// TestSlogtest: the Handler is a correct slog.Handler, with and without a trace context. That is true with few fields,
// and with more fields than a record has space for.
func TestSlogtest(t *testing.T) {
	for name, ctx := range map[string]context.Context{"nothing received": context.Background(), "received": received()} {
		for fields, opts := range map[string][]slogtrace.Option{
			"plain":   nil,
			"one":     {slogtrace.WithFields(slogtrace.Fields{TraceID: "t"})},
			"baggage": {slogtrace.WithBaggage("tenant", "user")},
		} {
			t.Run(name+"/"+fields, func(t *testing.T) {
				var buf bytes.Buffer
				slogtest.Run(t, func(t *testing.T) slog.Handler {
					buf.Reset()
					return withContext{slogtrace.MustNew(slog.NewJSONHandler(&buf, nil), opts...), ctx}
				}, func(t *testing.T) map[string]any {
					var line map[string]any
					if err := json.Unmarshal(buf.Bytes(), &line); err != nil {
						t.Fatal(err)
					}
					_, plain := line["trace_id"]
					_, one := line["t"]
					if (plain || one) != (name == "received") {
						t.Errorf("logged %s", buf.Bytes())
					}
					return line
				})
			})
		}
	}
}
