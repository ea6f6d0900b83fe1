package propagation_test

import (
	"context"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestWhichSpan runs each row of the table in the comment of type Propagator, over HTTP and gRPC.
func TestWhichSpan(t *testing.T) {
	for _, row := range whichSpan {
		t.Run(row.context, func(t *testing.T) {
			c, in := row.c, row.in
			if in == nil {
				c.Formats, in = propagation.AllFormats(), callersTrace
			}
			p := compile(t, c)
			for way, ctx := range map[string]context.Context{
				"HTTP": p.ExtractHTTP(context.Background(), in),
				"gRPC": p.ExtractMetadata(context.Background(), lowered(in)),
			} {
				ctx, span := row.start(t, ctx)
				want := row.want(t, in, span.SpanContext())
				t.Run(way, func(t *testing.T) {
					expect(t, sent(p, ctx), want)
					expect(t, sentMetadata(p, ctx), lowered(want))
					if row.isLocal() != named(sent(p, ctx), span.SpanContext()) {
						t.Errorf("the active span is %v and %q is sent, want a local span in it: %v", span.SpanContext(), sent(p, ctx), row.isLocal())
					}
				})
				span.End()
			}
		})
	}
}

// isLocal reports whether the row says that a local span is sent.
func (r spanRow) isLocal() bool { return strings.HasPrefix(r.out, "the span") }

// named reports whether the sent headers name a span that the test started.
func named(out http.Header, now trace.SpanContext) bool {
	id := now.SpanID().String()
	return !now.IsRemote() && id != callerSpan && (strings.Contains(out.Get("Traceparent"), id) || strings.Contains(out.Get("B3"), id))
}

// TestWhichSpanDocumented: the table in the comment of type Propagator and the rows above are the same.
func TestWhichSpanDocumented(t *testing.T) {
	doc, err := os.ReadFile("propagator.go")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "// # Which span is local\n")
	section, _, _ = strings.Cut(section, "// # ")
	var got []string
	columns := regexp.MustCompile(` {2,}`)
	for line := range strings.Lines(section) {
		if row, ok := strings.CutPrefix(line, "//\t"); ok {
			got = append(got, columns.ReplaceAllString(strings.TrimSpace(row), " | "))
		}
	}
	want := []string{"active in the context | local | outgoing headers"}
	for _, row := range whichSpan {
		local := "no"
		if row.isLocal() {
			local = "yes"
		}
		want = append(want, row.context+" | "+local+" | "+row.out)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the table of type Propagator is\n%s\nthe rows that are tested are\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestRemoteSpanOfAnotherPropagator: without a capture, Inject writes nothing for a remote span of another propagator, and does not
// change the outgoing request.
func TestRemoteSpanOfAnotherPropagator(t *testing.T) {
	p := compile(t, propagation.Config{Emit: []propagation.Format{propagation.B3Single}})
	ctx := otelprop.TraceContext{}.Extract(context.Background(), otelprop.MapCarrier{"traceparent": otherW3C})
	if !trace.SpanContextFromContext(ctx).IsRemote() {
		t.Fatal("OpenTelemetry's propagator has read no span")
	}
	out := carrier("Traceparent", "the caller's own")
	p.InjectHTTP(ctx, out)
	expect(t, out, carrier("Traceparent", "the caller's own"))
}

// recordingOnly is a sampler that records every span and samples none.
type recordingOnly struct{}

func (recordingOnly) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	return sdktrace.SamplingResult{
		Decision:   sdktrace.RecordOnly,
		Tracestate: trace.SpanContextFromContext(p.ParentContext).TraceState(),
	}
}

func (recordingOnly) Description() string { return "recordingOnly" }

// startingNothing is an application that starts no span.
func startingNothing(_ *testing.T, ctx context.Context) (context.Context, trace.Span) {
	return ctx, trace.SpanFromContext(ctx)
}

func sampledBy(s sdktrace.Sampler) func(*testing.T) trace.Tracer {
	return func(t *testing.T) trace.Tracer { return tracer(t, s) }
}

func starting(tracer func(*testing.T) trace.Tracer, opts ...trace.SpanStartOption) func(*testing.T, context.Context) (context.Context, trace.Span) {
	return func(t *testing.T, ctx context.Context) (context.Context, trace.Span) {
		return tracer(t).Start(ctx, "local", opts...)
	}
}

// asReceived returns the received headers.
func asReceived(_ *testing.T, in http.Header, _ trace.SpanContext) http.Header { return in }

// childOfCaller returns the headers of callersTrace with a child of the caller's span.
func childOfCaller(flags, b3, sampled string) func(*testing.T, http.Header, trace.SpanContext) http.Header {
	return func(t *testing.T, _ http.Header, now trace.SpanContext) http.Header {
		id := now.SpanID().String()
		if id == callerSpan || now.TraceID().String() != callerTrace {
			t.Errorf("the active span is %v, want a child of the caller's span", now)
		}
		return carrier(
			"Traceparent", "00-"+callerTrace+"-"+id+"-"+flags, "Tracestate", "a=1,foo@=x",
			"B3", callerTrace+"-"+id+b3,
			"X-Amzn-Trace-Id", callerRoot+";Parent="+id+";Sampled="+sampled+";"+elbSelf+";"+lineage,
		)
	}
}
