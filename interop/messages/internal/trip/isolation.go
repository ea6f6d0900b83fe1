package trip

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

var long = flag.Bool("long", false, "send 100,000 messages in tests of isolation, not 5,000")

// The special behaviour of message n is n modulo kinds. Other messages are plain.
const (
	spanned = iota // a span runs in the sender
	passed         // the receiver forwards the message to Retry, with its own headers
	renewed        // the receiver sends another message to Retry, with the context of the first
	kinds   = 8
)

// load has the results for the messages.
type load struct {
	tr      Transport
	p       *propagation.Propagator
	spans   sync.Map // span contexts of the senders by number
	arrived []atomic.Int32
	count   atomic.Int64
	wrong   atomic.Int64
	first   sync.Once
}

// Isolation sends messages with distinct headers of the default formats from 64 goroutines, and handles them in 64
// others. No message may have a header of another message.
func Isolation(t *testing.T, tr Transport) {
	const workers = 64
	tr.Formats = propagation.AllFormats()[:8]
	messages := 5_000
	if *long {
		messages = 100_000
	}
	l := &load{tr: tr, p: propagation.MustNew(tr.config()), arrived: make([]atomic.Int32, messages)}
	client, tracer := tr.Open(t), sdk(t).Tracer("trip")
	handling := make(chan func(), workers)
	for range workers {
		Go(t, func(context.Context) {
			for handle := range handling {
				handle()
			}
		})
	}
	t.Cleanup(func() { close(handling) })
	later := func(ctx context.Context, msg *Message) error {
		handling <- func() { l.check(t, ctx, msg.Body) }
		return nil
	}
	client.Receive(t, l.p, Retry, later)
	client.Receive(t, l.p, Orders, func(ctx context.Context, msg *Message) error {
		var send func() error
		switch number(msg.Body) % kinds {
		case passed:
			send = func() error { return msg.Forward(ctx, Retry) }
		case renewed:
			send = func() error { return client.Send(ctx, l.p, Retry, msg.Body) }
		default:
			return later(ctx, msg)
		}
		handling <- func() {
			if err := send(); err != nil {
				t.Error(err)
			}
		}
		return nil
	})

	var next atomic.Int64
	for range workers {
		Go(t, func(ctx context.Context) {
			for n := int(next.Add(1)) - 1; n < messages && ctx.Err() == nil; n = int(next.Add(1)) - 1 {
				if err := l.send(ctx, client, tracer, n); err != nil {
					t.Errorf("message %d: %v", n, err)
					return
				}
			}
		})
	}
	for last, quiet := int64(0), 0; l.count.Load() < int64(messages) && quiet < 60; time.Sleep(time.Second) {
		quiet++
		if now := l.count.Load(); now != last {
			last, quiet = now, 0
		}
	}
	if n := l.count.Load(); n != int64(messages) {
		t.Errorf("%d messages of %d arrived, and no more for a minute", n, messages)
	}
	t.Logf("%d messages were sent, %d arrived, %d with other headers than their own", messages, l.count.Load(), l.wrong.Load())
}

// send sends message n, as a service that has received request n.
func (l *load) send(ctx context.Context, client Client, tracer trace.Tracer, n int) error {
	ctx = l.p.ExtractHTTP(ctx, l.header(n))
	if n%kinds == spanned {
		var span trace.Span
		ctx, span = tracer.Start(ctx, "send")
		defer span.End()
		l.spans.Store(n, span.SpanContext())
	}
	return client.Send(ctx, l.p, Orders, strconv.Itoa(n))
}

func (l *load) header(n int) http.Header {
	h := samples.Headers(samples.New(n), l.tr.formats())
	h[http.CanonicalHeaderKey(tenant)] = []string{fmt.Sprint("tenant-", n)}
	return h
}

// check compares the headers in a message's context with the headers that its sender received.
func (l *load) check(t *testing.T, ctx context.Context, body string) {
	n := number(body)
	if l.arrived[n].Add(1) > 1 {
		return // this is a second delivery
	}
	defer l.count.Add(1)
	got, want := http.Header{}, l.header(n)
	l.p.InjectHTTP(ctx, got)
	var err error
	if sc, ok := l.spans.Load(n); ok {
		err = l.tr.name(got, sc.(trace.SpanContext), "the message")
		for _, f := range l.tr.formats() {
			if name := samples.SpanHeader(f.String()); name != "" { // this format is compared above
				deleteAll(got, f)
				deleteAll(want, f)
			}
		}
	}
	if diff := headerdiff.Diff(want, got); err != nil || diff != "" {
		l.wrong.Add(1)
		l.first.Do(func() { t.Errorf("message %d: %v\n(-want +got):\n%s", n, err, diff) })
	}
}

// deleteAll deletes the headers of a format.
func deleteAll(h http.Header, f propagation.Format) {
	for _, name := range f.Fields() {
		h.Del(name)
	}
}

// number returns the message's number from its body.
func number(body string) int {
	n, _ := strconv.Atoi(body)
	return n
}
