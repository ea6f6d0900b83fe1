package natsio

import (
	"context"
	"net/http"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// stream is a stream of JetStream with all topics.
type stream struct {
	jetstream.JetStream
	jetstream.Stream
}

func openStream(t *testing.T) trip.Client {
	js, err := jetstream.New(connect(t))
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "ALL", Subjects: trip.Topics})
	if err != nil {
		t.Fatal(err)
	}
	return stream{js, s}
}

func (s stream) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	msg := nats.NewMsg(topic)
	msg.Data = []byte(body)
	carry(ctx, p, msg)
	_, err := s.PublishMsg(ctx, msg)
	return err
}

func (s stream) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	t.Helper()
	consumer, err := s.Stream.CreateConsumer(t.Context(), jetstream.ConsumerConfig{FilterSubject: topic})
	if err != nil {
		t.Fatal(err)
	}
	consuming, err := consumer.Consume(func(msg jetstream.Msg) {
		err := handle(extract(context.Background(), p, msg.Headers()), &trip.Message{
			Body: string(msg.Data()), Header: http.Header(msg.Headers()),
			Forward: func(ctx context.Context, topic string) error {
				_, err := s.PublishMsg(ctx, &nats.Msg{Subject: topic, Header: msg.Headers(), Data: msg.Data()})
				return err
			},
		})
		if err != nil {
			msg.Nak()
		} else {
			msg.Ack()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { consuming.Stop(); <-consuming.Closed() })
}

var jetStream = trip.Transport{System: "nats", Open: openStream}

func TestJetStream(t *testing.T) { trip.Test(t, jetStream) }

func TestJetStreamIsolation(t *testing.T) { trip.Isolation(t, jetStream) }
