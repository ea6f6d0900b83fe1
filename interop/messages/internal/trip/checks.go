package trip

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// Check is one promise of a recipe. Its error describes the fault.
type Check func(*testing.T, Transport) error

// Test runs all checks.
func Test(t *testing.T, tr Transport) {
	for name, check := range map[string]Check{
		"every request": EveryRequest, "spans": Spans, "byte for byte": ByteForByte, "local span": LocalSpan,
		"forwarded": Forwarded, "sent again": SentAgain, "delivered again": DeliveredAgain, "limits": Limits,
	} {
		t.Run(name, func(t *testing.T) {
			if err := check(t, tr); err != nil {
				t.Error(err)
			}
		})
	}
}

// EveryRequest sends all kinds of requests. The backend must get all headers. A partner's topic must get no user data.
func EveryRequest(t *testing.T, tr Transport) error {
	m := propagationtest.New(t, propagationtest.Formats(tr.formats()...), propagationtest.Headers(tenant))
	s, r := tr.services(t, tr.config(), nil)
	s.topics = append(s.topics, Partner)
	call := r.calls(m.HTTP("backend").URL)
	r.receive(t, Orders, func(ctx context.Context, msg *Message) error { return s.handled(msg, call(ctx)) })
	partner, plain := m.HTTP("partner", propagationtest.External("api.partner.example")).URL, &http.Client{Transport: m.Transport()}
	r.receive(t, Partner, func(_ context.Context, msg *Message) error {
		return s.handled(msg, get(t.Context(), plain, partner, msg.Header))
	})
	return m.Check(t.Context(), s.handler())
}

// Spans is EveryRequest with OpenTelemetry's SDK in both services. All formats must name the receiver's span.
func Spans(t *testing.T, tr Transport) error {
	m := propagationtest.New(t, propagationtest.Spans(), propagationtest.Formats(tr.formats()...))
	s, r := tr.services(t, tr.config(), sdk(t))
	call := r.calls(m.HTTP("backend").URL)
	r.receive(t, Orders, func(ctx context.Context, msg *Message) error { return s.handled(msg, call(ctx)) })
	return m.Check(t.Context(), s.handler())
}

// ByteForByte sends one request with all headers, some of them repeated.
func ByteForByte(t *testing.T, tr Transport) error {
	s, r := tr.services(t, tr.config(), nil)
	back := newBackend(t)
	call := r.calls(back.url)
	var message http.Header
	r.receive(t, Orders, func(ctx context.Context, msg *Message) error {
		message = msg.Header
		return s.handled(msg, call(ctx))
	})
	if err := visit(t, s.handler(), tr.header()); err != nil {
		return err
	}
	return errors.Join(tr.arrived(back.next()), tr.carried(message))
}

// LocalSpan checks that the message names the sender's span in every format, and that the receiver's span has it as its
// parent and link.
func LocalSpan(t *testing.T, tr Transport) error {
	recorder := tracetest.NewSpanRecorder()
	s, r := tr.services(t, tr.config(), sdk(t, recorder))
	back := newBackend(t)
	call := r.calls(back.url)
	var message http.Header
	var remote trace.SpanContext
	r.receive(t, Orders, func(ctx context.Context, msg *Message) error {
		message, remote = msg.Header, trace.SpanContextFromContext(ctx)
		return s.handled(msg, call(ctx))
	})
	if err := visit(t, s.handler(), tr.header()); err != nil {
		return err
	}
	ended := recorder.Ended() // the receiver's first
	if len(ended) != 2 {
		return fmt.Errorf("%d spans ended, want 2", len(ended))
	}
	processed, sent := ended[0], ended[1].SpanContext()
	errs := []error{tr.name(message, sent, "the message"), tr.name(back.next(), processed.SpanContext(), "the call")}
	if !remote.IsRemote() || remote.SpanID() != sent.SpanID() || remote.TraceID() != sent.TraceID() {
		errs = append(errs, fmt.Errorf("the receiver's remote span context is %v, want %v", remote, sent))
	}
	if links := processed.Links(); len(links) != 1 || links[0].SpanContext.SpanID() != sent.SpanID() {
		errs = append(errs, fmt.Errorf("the receiver's span has the links %v, want one to %v", links, sent))
	}
	if parent := processed.Parent(); parent.SpanID() != sent.SpanID() {
		errs = append(errs, fmt.Errorf("the receiver's span has the parent %v, want %v", parent, sent))
	}
	return errors.Join(errs...)
}

// Forwarded checks a message that the receiver sends to a retry topic, and then to dead letters, with the message's own
// headers. It must keep all of them.
func Forwarded(t *testing.T, tr Transport) error {
	s, r := tr.services(t, tr.config(), nil)
	back := newBackend(t)
	call := r.calls(back.url)
	forward := func(topic string) Handler {
		return func(ctx context.Context, msg *Message) error {
			if err := msg.Forward(ctx, topic); err != nil {
				return s.handled(msg, err)
			}
			return nil
		}
	}
	var dead http.Header
	r.receive(t, Orders, forward(Retry))
	r.receive(t, Retry, forward(Dead))
	r.receive(t, Dead, func(ctx context.Context, msg *Message) error {
		dead = msg.Header
		return s.handled(msg, call(ctx))
	})
	if err := visit(t, s.handler(), tr.header()); err != nil {
		return err
	}
	return errors.Join(tr.arrived(back.next()), tr.carried(dead))
}

// SentAgain has a receiver with a span that sends the message to a retry topic as a new message. The new message names
// the receiver's span in the same trace, and has no name twice.
func SentAgain(t *testing.T, tr Transport) error {
	recorder := tracetest.NewSpanRecorder()
	s, r := tr.services(t, tr.config(), sdk(t, recorder))
	var message http.Header
	r.receive(t, Orders, func(ctx context.Context, msg *Message) error {
		ctx, span := r.tracer.Start(ctx, "process")
		defer span.End()
		if err := s.client.Send(ctx, r.p, Retry, msg.Body); err != nil {
			return s.handled(msg, err)
		}
		return nil
	})
	r.receive(t, Retry, func(_ context.Context, msg *Message) error {
		message = msg.Header
		return s.handled(msg, nil)
	})
	if err := visit(t, s.handler(), tr.header()); err != nil {
		return err
	}
	ended, err := waitFor(recorder, 2)
	if err != nil {
		return err
	}
	processed := ended[slices.IndexFunc(ended, func(s sdktrace.ReadOnlySpan) bool { return s.Name() == "process" })].SpanContext()
	if want := samples.New(1).TraceID(); processed.TraceID().String() != want {
		return fmt.Errorf("the receiver's span is of the trace %v, want %v", processed.TraceID(), want)
	}
	return tr.name(message, processed, "the message")
}

// DeliveredAgain checks that a message has the same headers each time the broker delivers it.
func DeliveredAgain(t *testing.T, tr Transport) error {
	if tr.AtMostOnce {
		t.Skip("no message is delivered again")
	}
	s, r := tr.services(t, tr.config(), nil)
	back := newBackend(t)
	call := r.calls(back.url)
	var messages []http.Header
	r.receive(t, Orders, func(ctx context.Context, msg *Message) error {
		messages = append(messages, msg.Header)
		err := call(ctx)
		if err == nil && len(messages) == 1 {
			return errors.New("the service ends before it acknowledges the message")
		}
		return s.handled(msg, err)
	})
	if err := visit(t, s.handler(), tr.header()); err != nil {
		return err
	}
	if len(messages) != 2 {
		return fmt.Errorf("the message was delivered %d times, want 2", len(messages))
	}
	return errors.Join(tr.carried(messages[0]), tr.carried(messages[1]), tr.arrived(back.next()), tr.arrived(back.next()))
}

// Limits checks that a message has no more lines and bytes than Limits allow, and keeps the most preferred trace format.
func Limits(t *testing.T, tr Transport) error {
	if tr.HTTP {
		t.Skip("Limits of messages do not apply to an HTTP call")
	}
	for _, limits := range []propagation.Limits{{MessageLines: 4}, {MessageBytes: 200}} {
		c := tr.config()
		c.Limits = limits
		s, r := tr.services(t, c, nil)
		var message http.Header
		r.receive(t, Orders, func(_ context.Context, msg *Message) error {
			message = msg.Header
			return s.handled(msg, nil)
		})
		if err := visit(t, s.handler(), tr.header()); err != nil {
			return err
		}
		lines, bytes := 0, 0
		for name, values := range tr.carriedOf(message) {
			lines += len(values)
			bytes += len(name)*len(values) + len(strings.Join(values, ""))
		}
		if limits.MessageLines > 0 && lines > limits.MessageLines || limits.MessageBytes > 0 && bytes > limits.MessageBytes {
			return fmt.Errorf("with %+v the message has %d lines and %d bytes", limits, lines, bytes)
		}
		kept := canonical(message)
		if kept["Traceparent"] == nil || kept["Baggage"] != nil || s.p.Stats().Count(propagation.Baggage, propagation.TooLarge) != 1 {
			return fmt.Errorf("with %+v the message has %q: want traceparent and no baggage, counted once", limits, message)
		}
	}
	return nil
}

// backend is the service behind the receiver. It records the headers of each call.
type backend struct {
	url   string
	calls chan http.Header
}

func newBackend(t *testing.T) *backend {
	b := &backend{calls: make(chan http.Header, 10)}
	b.url = serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { b.calls <- r.Header.Clone() }))
	return b
}

// next returns the headers of the next call, or nil if there was none.
func (b *backend) next() http.Header {
	select {
	case h := <-b.calls:
		return h
	default:
		return nil
	}
}

func serve(t *testing.T, h http.Handler) (url string) {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// visit sends a request as a caller does.
func visit(t *testing.T, service http.Handler, header http.Header) error {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return get(ctx, http.DefaultClient, serve(t, service), header)
}

// waitFor waits until there are enough ended spans, and returns them.
func waitFor(recorder *tracetest.SpanRecorder, n int) ([]sdktrace.ReadOnlySpan, error) {
	for range 1000 {
		if ended := recorder.Ended(); len(ended) >= n {
			return ended, nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return nil, fmt.Errorf("%d spans ended, want %d", len(recorder.Ended()), n)
}
