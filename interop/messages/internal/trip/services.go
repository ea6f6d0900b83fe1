package trip

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// sender is the first service. For each request it sends a message to each topic. It answers when all messages are
// handled.
type sender struct {
	client  Client
	p       *propagation.Propagator
	tracer  trace.Tracer
	topics  []string
	last    atomic.Int64
	waiting sync.Map // a channel for each body
}

// receiver is the second service. It calls a backend for each message.
type receiver struct {
	p      *propagation.Propagator
	tracer trace.Tracer
	sender *sender
}

// services returns both services. The provider makes their spans; nil makes none.
func (tr Transport) services(t *testing.T, c propagation.Config, provider trace.TracerProvider) (*sender, *receiver) {
	if provider == nil {
		provider = noop.NewTracerProvider()
	}
	tracer := provider.Tracer("trip")
	s := &sender{client: tr.Open(t), p: propagation.MustNew(c), tracer: tracer, topics: []string{Orders}}
	return s, &receiver{p: propagation.MustNew(c), tracer: tracer, sender: s}
}

// sdk returns OpenTelemetry's SDK, which passes ended spans to a processor.
func sdk(t *testing.T, ended ...sdktrace.SpanProcessor) trace.TracerProvider {
	provider := sdktrace.NewTracerProvider()
	for _, processor := range ended {
		provider.RegisterSpanProcessor(processor)
	}
	t.Cleanup(func() { provider.Shutdown(context.Background()) })
	return provider
}

// handler returns the HTTP handler of the sender.
func (s *sender) handler() http.Handler {
	return httptrace.Middleware(s.p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.order(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
}

func (s *sender) order(ctx context.Context) error {
	ctx, span := s.tracer.Start(ctx, "send", trace.WithSpanKind(trace.SpanKindProducer))
	defer span.End()
	for _, topic := range s.topics {
		body, handled := fmt.Sprint("order ", s.last.Add(1)), make(chan error, 1)
		s.waiting.Store(body, handled)
		if err := s.client.Send(ctx, s.p, topic, body); err != nil {
			return err
		}
		select {
		case err := <-handled:
			if err != nil {
				return err
			}
		case <-ctx.Done():
			return fmt.Errorf("the message to %s was not handled: %w", topic, ctx.Err())
		}
	}
	return nil
}

// handled records the result of handling a message. It returns the error.
func (s *sender) handled(m *Message, err error) error {
	if handled, ok := s.waiting.LoadAndDelete(m.Body); ok {
		handled.(chan error) <- err
	}
	return err
}

// calls handles a message: it calls the backend within a span that links to the sender's.
func (r *receiver) calls(backend string) func(context.Context) error {
	client := &http.Client{Transport: httptrace.NewTransport(r.p, nil)}
	return func(ctx context.Context) error {
		ctx, span := r.tracer.Start(ctx, "process", trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(trace.LinkFromContext(ctx)))
		defer span.End()
		return get(ctx, client, backend, nil)
	}
}

// receive handles each message of a topic.
func (r *receiver) receive(t *testing.T, topic string, handle Handler) {
	r.sender.client.Receive(t, r.p, topic, handle)
}

// get calls a URL.
func get(ctx context.Context, client *http.Client, url string, header http.Header) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	for name, lines := range header {
		req.Header[http.CanonicalHeaderKey(name)] = lines
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, resp.Body)
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, resp.Status)
	}
	return nil
}
