package natsio

import (
	"context"
	"net/http"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// TestFetch: each message of a fetched batch has a context of its own.
func TestFetch(t *testing.T) {
	const size = 20
	p := propagation.MustNew(propagation.Config{InternalHosts: []string{"nats:orders.*"}})
	header := func(n int) http.Header { return samples.Headers(samples.New(n), propagation.AllFormats()[:8]) }
	s := openStream(t).(stream)
	for n := range size {
		if err := s.Send(p.ExtractHTTP(t.Context(), header(n)), p, trip.Orders, "order"); err != nil {
			t.Fatal(err)
		}
	}
	consumer, err := s.Stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := consumer.Fetch(size)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for msg := range batch.Messages() {
		got := http.Header{}
		p.InjectHTTP(extract(context.Background(), p, msg.Headers()), got)
		headerdiff.Check(t, header(n), got, "message %d", n)
		n++
	}
	if err := batch.Error(); err != nil || n != size {
		t.Errorf("the batch has %d messages: %v", n, err)
	}
}

// TestPublish: nats.Conn.Publish has no message parameter, so it carries nothing.
func TestPublish(t *testing.T) {
	s := openStream(t).(stream)
	if _, err := s.Publish(t.Context(), trip.Orders, nil); err != nil {
		t.Fatal(err)
	}
	msg, err := s.GetMsg(t.Context(), 1)
	if err != nil || len(msg.Header) != 0 {
		t.Errorf("the message is %v, %v, want one without headers", msg, err)
	}
}
