package franz

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
	"github.com/twmb/franz-go/pkg/kgo"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// formats are the formats of the requests in these tests.
var formats = []propagation.Format{propagation.W3C, propagation.B3Single, propagation.RequestID, propagation.Baggage}

func newPropagator() *propagation.Propagator {
	return propagation.MustNew(propagation.Config{Formats: formats, InternalHosts: []string{"kafka:orders.*"}})
}

// received returns the headers of request n, and its context.
func received(p *propagation.Propagator, n int) (http.Header, context.Context) {
	h := samples.Headers(samples.New(n), formats)
	return h, p.ExtractHTTP(context.Background(), h)
}

// sent returns the headers of a call with ctx.
func sent(ctx context.Context, p *propagation.Propagator) http.Header {
	h := http.Header{}
	p.InjectHTTP(ctx, h)
	return h
}

// poll returns the first n records of a topic.
func (q *queue) poll(t *testing.T, topic string, n int) (batch []*kgo.Record) {
	t.Helper()
	consumer := q.connect(t, kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	for len(batch) < n && t.Context().Err() == nil {
		batch = append(batch, consumer.PollFetches(t.Context()).Records()...)
	}
	return batch
}

// TestBatch: each record of a batch has a context of its own. The span of the batch links to the span of each record. A
// call within that span carries no baggage of the records.
func TestBatch(t *testing.T) {
	const size = 20
	p, q := newPropagator(), open(t).(*queue)
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	defer provider.Shutdown(t.Context())
	tracer := provider.Tracer("test")

	var records []*kgo.Record
	for n := range size {
		_, ctx := received(p, n)
		record := &kgo.Record{Topic: trip.Orders}
		carry(ctx, p, record)
		records = append(records, record)
	}
	if err := q.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	batch, ctx := q.poll(t, trip.Orders, size), context.Background()
	for n, record := range batch {
		want, _ := received(p, n)
		headerdiff.Check(t, want, sent(extract(ctx, p, record), p), "record %d", n)
	}

	var links []trace.Link
	for _, record := range batch {
		links = append(links, trace.LinkFromContext(extract(ctx, p, record)))
	}
	ctx, span := tracer.Start(ctx, "process batch", trace.WithLinks(links...))
	if got := sent(ctx, p); len(got) != 1 || !strings.Contains(got.Get("Traceparent"), span.SpanContext().SpanID().String()) {
		t.Errorf("a call within the span of the batch carries %q, want that span alone", got)
	}
	span.End()
	for n, link := range recorder.Ended()[0].Links() {
		if want := samples.New(n); link.SpanContext.SpanID().String() != want.SpanID() || link.SpanContext.TraceID().String() != want.TraceID() {
			t.Errorf("link %d is %v, want %v of %v", n, link.SpanContext, want.SpanID(), want.TraceID())
		}
	}
	if n := len(recorder.Ended()[0].Links()); n != size {
		t.Errorf("the span has %d links, want %d", n, size)
	}
}

// TestNewTrace: a consumer's span may begin a new trace that links to the sender's span.
func TestNewTrace(t *testing.T) {
	p, q := newPropagator(), open(t).(*queue)
	provider := sdktrace.NewTracerProvider()
	defer provider.Shutdown(t.Context())
	tracer := provider.Tracer("test")

	want, ctx := received(p, 1)
	if err := q.Send(ctx, p, trip.Orders, "order"); err != nil {
		t.Fatal(err)
	}
	ctx = extract(context.Background(), p, q.poll(t, trip.Orders, 1)[0])
	ctx, span := tracer.Start(ctx, "process", trace.WithNewRoot(), trace.WithLinks(trace.LinkFromContext(ctx)))
	defer span.End()
	got := sent(ctx, p)
	if !slices.Equal(got["Baggage"], want["Baggage"]) || !slices.Equal(got["X-Request-Id"], want["X-Request-Id"]) {
		t.Errorf("a call carries %q, want the baggage and the request id of %q", got, want)
	}
	for _, name := range []string{"Traceparent", "B3"} {
		if trace := span.SpanContext().TraceID().String(); !strings.Contains(got.Get(name), trace) {
			t.Errorf("%s is %q, want the trace %s", name, got.Get(name), trace)
		}
	}
}

// TestAnyCase: names from another producer may be in any case.
func TestAnyCase(t *testing.T) {
	p, q := newPropagator(), open(t).(*queue)
	want, _ := received(p, 1)
	record := &kgo.Record{Topic: trip.Orders}
	for name, lines := range want {
		for _, line := range lines {
			record.Headers = append(record.Headers, kgo.RecordHeader{Key: strings.ToUpper(name), Value: []byte(line)})
		}
	}
	if err := q.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	headerdiff.Check(t, want, sent(extract(context.Background(), p, q.poll(t, trip.Orders, 1)[0]), p), "names in upper case")
}

// TestCarryTwice: if a record gets headers twice, it has no valid traceparent.
func TestCarryTwice(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	ctx := p.ExtractHTTP(t.Context(), samples.Headers(samples.New(1), p.Config().Formats))
	record := &kgo.Record{Topic: trip.Orders}
	carry(ctx, p, record)
	if _, ok := propagation.RemoteFromContext(extract(context.Background(), p, record)); !ok {
		t.Error("a record with headers names no span, want the caller's")
	}
	carry(ctx, p, record)
	if sc, ok := propagation.RemoteFromContext(extract(context.Background(), p, record)); ok {
		t.Errorf("a record with two lines of traceparent names the span %v, want none", sc)
	}
}

// TestNoTopic: a record without a topic has an unknown destination, so it gets no user data.
func TestNoTopic(t *testing.T) {
	p := newPropagator()
	_, ctx := received(p, 1)
	record := new(kgo.Record) // the client has kgo.DefaultProduceTopic
	carry(ctx, p, record)
	for _, h := range record.Headers {
		if h.Key == "baggage" {
			t.Errorf("a record without a topic gets baggage, want none: %s", h.Value)
		}
	}
	if len(record.Headers) == 0 {
		t.Error("a record without a topic gets no trace headers")
	}
}
