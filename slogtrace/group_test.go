package slogtrace_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/slogtrace"
)

// chains are ways to log with attributes and groups.
var chains = map[string]func(*slog.Logger, context.Context){
	"no attributes": func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "m") },
	"one":           func(l *slog.Logger, ctx context.Context) { l.InfoContext(ctx, "m", "a", 1) },
	"as many as fit": func(l *slog.Logger, ctx context.Context) {
		l.InfoContext(ctx, "m", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5)
	},
	"more than fit": func(l *slog.Logger, ctx context.Context) {
		l.InfoContext(ctx, "m", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5, "f", 6, "g", 7)
	},
	"With":               func(l *slog.Logger, ctx context.Context) { l.With("w", 1).InfoContext(ctx, "m", "a", 1) },
	"With twice":         func(l *slog.Logger, ctx context.Context) { l.With("w", 1).With("v", 2).InfoContext(ctx, "m") },
	"WithGroup":          func(l *slog.Logger, ctx context.Context) { l.WithGroup("G").InfoContext(ctx, "m", "a", 1) },
	"WithGroup, empty":   func(l *slog.Logger, ctx context.Context) { l.WithGroup("G").InfoContext(ctx, "m") },
	"WithGroup, no name": func(l *slog.Logger, ctx context.Context) { l.WithGroup("").InfoContext(ctx, "m", "a", 1) },
	"With nothing": func(l *slog.Logger, ctx context.Context) {
		l.With().WithGroup("G").With().InfoContext(ctx, "m", "a", 1)
	},
	"With, WithGroup": func(l *slog.Logger, ctx context.Context) { l.With("w", 1).WithGroup("G").InfoContext(ctx, "m", "a", 1) },
	"WithGroup, With": func(l *slog.Logger, ctx context.Context) { l.WithGroup("G").With("w", 1).InfoContext(ctx, "m", "a", 1) },
	"WithGroup and With": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").With("w", 1).With("v", 2).InfoContext(ctx, "m")
	},
	"groups": func(l *slog.Logger, ctx context.Context) {
		l.With("u", 0).WithGroup("G").With("w", 1).WithGroup("H").With("v", 2).InfoContext(ctx, "m", "a", 1)
	},
	"groups, empty": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").WithGroup("H").WithGroup("I").InfoContext(ctx, "m")
	},
	"groups, empty end": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").With("w", 1).WithGroup("H").WithGroup("I").InfoContext(ctx, "m")
	},
	"groups, empty start": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").WithGroup("H").InfoContext(ctx, "m", "a", 1)
	},
	"group attributes": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").With(slog.Group("H", "b", 1), slog.Group("", "c", 2), slog.Group("I")).InfoContext(ctx, "m", slog.Group("J", "d", 3), slog.Group("K"))
	},
	"duplicate keys": func(l *slog.Logger, ctx context.Context) {
		l.With("a", 1).With("a", 2).WithGroup("a").With("a", 3).InfoContext(ctx, "m", "a", 4, "a", 5)
	},
	"names in a group": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").With("trace_id", 1).InfoContext(ctx, "m", "span_id", 2, slog.Group("H", "sampled", 3))
	},
	"a valuer": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").With("w", valuer{}).InfoContext(ctx, "m", "a", valuer{})
	},
	"empty attribute": func(l *slog.Logger, ctx context.Context) {
		l.WithGroup("G").With(slog.Attr{}).InfoContext(ctx, "m", slog.Attr{}, "a", nil)
	},
}

// valuer is a slog.LogValuer whose value is a group that contains another LogValuer.
type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.Any("inner", inner(7))) }

type inner int

func (i inner) LogValue() slog.Value { return slog.IntValue(int(i)) }

// TestTopLevel: with a Handler, each line is the line of the other handler, followed by the fields at the top level. If
// there are no fields to add, the line is the same.
func TestTopLevel(t *testing.T) {
	for name, chain := range chains {
		t.Run(name, func(t *testing.T) {
			var bare, ours output
			for ctx, end := range map[context.Context]string{context.Background(): "}\n", received(): "," + fromCaller + "}\n"} {
				bare.Reset()
				chain(slog.New(bare.handler()), ctx)
				ours.Reset()
				chain(ours.logger(t), ctx)
				check(t, "JSON", ours.String(), strings.TrimSuffix(bare.String(), "}\n")+end)

				ours.Reset()
				chain(ours.logger(t, slogtrace.WithBaggage("tenant", "user")), ctx)
				if end != "}\n" {
					end = "," + fromCaller + `,"baggage.tenant":"acme","baggage.user":"u1"}` + "\n"
				}
				check(t, "JSON with baggage", ours.String(), strings.TrimSuffix(bare.String(), "}\n")+end)
			}
		})
	}
}

// TestTextHandler: the same with slog's TextHandler.
func TestTextHandler(t *testing.T) {
	for name, chain := range chains {
		var bare, ours bytes.Buffer
		options := &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey || a.Key == "v" {
				return slog.Attr{}
			}
			return slog.Attr{Key: strings.ToUpper(a.Key) + strings.Join(groups, "/"), Value: a.Value}
		}}
		chain(slog.New(slog.NewTextHandler(&bare, options)), received())
		chain(slog.New(slogtrace.MustNew(slog.NewTextHandler(&ours, options))), received())
		check(t, name, ours.String(), strings.TrimSuffix(bare.String(), "\n")+" TRACE_ID="+callerTrace+" SPAN_ID="+callerSpan+" SAMPLED=true REQUEST_ID="+callerID+"\n")
	}
}

// TestSiblings: Handlers that are made from one Handler do not share attributes.
func TestSiblings(t *testing.T) {
	var o output
	outer := o.logger(t).WithGroup("E").WithGroup("F").WithGroup("G") // three groups, so that a slice would have spare capacity
	parent := outer.With("a", 1, "b", 2, "c", 3).With("d", 4)
	left, right := parent.With("side", "left"), parent.With("side", "right")
	first, second := outer.WithGroup("first"), outer.WithGroup("second")
	for _, l := range []*slog.Logger{left, right, parent, first, second} {
		l.InfoContext(received(), "m", "e", 5)
	}
	const open = `{"level":"INFO","msg":"m","E":{"F":{"G":{`
	const start = open + `"a":1,"b":2,"c":3,"d":4`
	check(t, "siblings", o.String(), strings.Join([]string{
		start + `,"side":"left","e":5}}},`, start + `,"side":"right","e":5}}},`, start + `,"e":5}}},`, open + `"first":{"e":5}}}},`, open + `"second":{"e":5}}}},`, "",
	}, fromCaller+"}\n"))
}

// TestAttrsAreNotShared: the other handler owns the slice that WithAttrs passes to it, and may change it.
func TestAttrsAreNotShared(t *testing.T) {
	var o output
	h := slogtrace.MustNew(grabbing{o.handler()}).WithGroup("G").WithAttrs([]slog.Attr{slog.Int("a", 1)})
	slog.New(h).InfoContext(received(), "m")
	check(t, "changed", o.String(), `{"level":"INFO","msg":"m","G":{"a":1},`+fromCaller+"}\n")
}

// grabbing is a handler that changes its attributes.
type grabbing struct{ slog.Handler }

func (g grabbing) WithGroup(name string) slog.Handler { return grabbing{g.Handler.WithGroup(name)} }
func (g grabbing) WithAttrs(attrs []slog.Attr) slog.Handler {
	h := g.Handler.WithAttrs(attrs)
	attrs[0] = slog.String("a", "changed")
	return grabbing{h}
}

// TestRecordIsNotChanged: a record belongs to the caller of Handle, and several handlers may get it.
func TestRecordIsNotChanged(t *testing.T) {
	var o output
	h := slogtrace.MustNew(o.handler())
	var r slog.Record
	r.Message = "m"
	for i := range 20 { // the record's own slice then has spare capacity
		r.AddAttrs(slog.Int("a", i))
		before := r.NumAttrs()
		for range 2 {
			if err := h.Handle(received(), r); err != nil {
				t.Fatal(err)
			}
		}
		if r.NumAttrs() != before || strings.Contains(o.String(), "!BUG") {
			t.Fatalf("a record with %d attributes was changed: %s", before, o.String())
		}
	}
	r.AddAttrs(slog.Int("b", 1))
	if err := o.handler().Handle(context.Background(), r); err != nil || strings.Contains(o.String(), "!BUG") {
		t.Errorf("Handle returns %v and logs %s, want no error and no !BUG", err, o.String())
	}
}

// TestNothingToDo: with no attributes or an empty name, the Handler returns itself, as log/slog requires.
func TestNothingToDo(t *testing.T) {
	h := slogtrace.MustNew(slog.DiscardHandler)
	if h.WithGroup("") != slog.Handler(h) || h.WithAttrs(nil) != slog.Handler(h) {
		t.Error("WithGroup or WithAttrs returns another Handler, want the same")
	}
}

// TestPassesOn: Enabled, the error, the level and the source come from the other handler.
func TestPassesOn(t *testing.T) {
	var buf bytes.Buffer
	h := slogtrace.MustNew(slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: slog.LevelWarn, AddSource: true}))
	for _, h := range []slog.Handler{h, h.WithGroup("G"), h.WithAttrs([]slog.Attr{slog.Int("a", 1)})} {
		if h.Enabled(received(), slog.LevelInfo) || !h.Enabled(received(), slog.LevelWarn) {
			t.Error("Enabled differs from that of the other handler")
		}
		buf.Reset()
		slog.New(h).WarnContext(received(), "m", "b", 1)
		if got := buf.String(); !strings.Contains(got, "group_test.go:") || !strings.Contains(got, "level=WARN") || !strings.Contains(got, "time=") {
			t.Errorf("logged %s, want the source line, the level and the time", got)
		}
	}
	failing := slogtrace.MustNew(broken{slog.DiscardHandler})
	for _, h := range []slog.Handler{failing, failing.WithGroup("G")} {
		if err := h.Handle(received(), slog.Record{}); !errors.Is(err, errBroken) {
			t.Errorf("the error is %v, want the other handler's", err)
		}
	}
}

var errBroken = errors.New("broken")

type broken struct{ slog.Handler }

func (broken) Handle(context.Context, slog.Record) error { return errBroken }
func (b broken) WithGroup(string) slog.Handler           { return b }
