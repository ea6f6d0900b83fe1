package benchmarks

import (
	"context"
	"io"
	"log/slog"

	ddslog "github.com/DataDog/dd-trace-go/contrib/log/slog/v2"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/mocktracer"
	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	goslog "github.com/go-slog/otelslog"
	slogotel "github.com/remychantenay/slog-otel"
	"github.com/traceferry/traceferry/slogtrace"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var (
	bareSlog = Library{Name: "bare", Title: "slog's JSON handler alone"}
	otelSlog = Library{
		Name: "otelslog", Title: "otelslog, with a log SDK that drops records",
		Modules: []string{"go.opentelemetry.io/contrib/bridges/otelslog", "go.opentelemetry.io/otel/sdk/log"},
	}
	goSlog = Library{
		Name: "go-slog-otelslog", Title: "go-slog's otelslog",
		Modules: []string{"github.com/go-slog/otelslog"},
	}
	slogOtel = Library{
		Name: "slog-otel", Title: "slog-otel, without events of the span",
		Modules: []string{"github.com/remychantenay/slog-otel"},
	}
	ddSlog = Library{
		Name: "dd-trace-go-slog", Title: "dd-trace-go's handler",
		Modules: []string{"github.com/DataDog/dd-trace-go/contrib/log/slog/v2"},
	}
	handSlog = Library{Name: "hand", Title: "hand-written handler"}
)

// handHandler is the handler that programs write by hand. In a group its ids are in the group.
type handHandler struct{ slog.Handler }

func (h handHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h handHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handHandler{h.Handler.WithAttrs(attrs)}
}

func (h handHandler) WithGroup(name string) slog.Handler {
	return handHandler{h.Handler.WithGroup(name)}
}

// dropped is a processor of OpenTelemetry's log SDK. It stands for an exporter that costs nothing.
type dropped struct{ last func(*sdklog.Record) }

func (dropped) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (d dropped) OnEmit(_ context.Context, r *sdklog.Record) error {
	if d.last != nil {
		d.last(r)
	}
	return nil
}
func (dropped) Shutdown(context.Context) error   { return nil }
func (dropped) ForceFlush(context.Context) error { return nil }

// logged is a library's handler, and the context of a record with a local span of the library's.
type logged struct {
	library Library
	handler slog.Handler
	ctx     context.Context
}

// loggers returns the handlers. All handlers except otelslog's write JSON to w.
func loggers(w io.Writer, emitted func(*sdklog.Record)) []logged {
	ctx := istioConfig().p.ExtractHTTP(localSpan(), sidecarHeaders())
	json := slog.NewJSONHandler(w, nil)
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(dropped{emitted}))
	datadog := mocktracer.Start()
	defer datadog.Stop()
	recorded, _ := sdktrace.NewTracerProvider().Tracer("bench").Start(context.Background(), "bench") // slog-otel logs no other spans
	return []logged{
		{traceferry, slogtrace.MustNew(json), ctx},
		{bareSlog, json, ctx},
		{handSlog, handHandler{json}, localSpan()},
		{otelSlog, otelslog.NewHandler("bench", otelslog.WithLoggerProvider(provider)), localSpan()},
		{goSlog, goslog.NewHandler(json), localSpan()},
		{slogOtel, slogotel.New(json, slogotel.WithNoTraceEvents(true)), recorded},
		{ddSlog, ddslog.WrapHandler(json), tracer.ContextWithSpan(context.Background(), tracer.StartSpan("bench"))},
	}
}

func logTasks() []Task {
	three := []slog.Attr{slog.String("method", "GET"), slog.Int("status", 200), slog.Int("bytes", 1200)}
	alone := func(h slog.Handler) slog.Handler { return h }
	return []Task{
		logTask("attributes=1", "a record with 1 attribute", three[:1], alone, &Goal{Allocs: 0}),
		logTask("attributes=3", "a record with 3 attributes", three, alone, &Goal{Allocs: 1}),
		logTask("attributes=3/group=open", "a record with 3 attributes in a group", three, func(h slog.Handler) slog.Handler {
			return h.WithGroup("request").WithAttrs(three[:1])
		}, &Goal{Allocs: 1}),
	}
}

func logTask(input, title string, attrs []slog.Attr, with func(slog.Handler) slog.Handler, goal *Goal) Task {
	t := Task{Section: "log/slog", Name: "Log", Input: input, Title: title}
	for _, l := range loggers(io.Discard, nil) {
		log := slog.New(with(l.handler))
		e := Entry{Library: l.library, Config: "json", Op: func() { log.LogAttrs(l.ctx, slog.LevelInfo, "served", attrs...) }}
		if e.Ours() {
			e.Title, e.Goal = "`slogtrace.Plain()`", goal
		}
		t.Entries = append(t.Entries, e)
	}
	return t
}
