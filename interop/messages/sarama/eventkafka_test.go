package sarama

import (
	"context"
	"testing"

	"github.com/IBM/sarama"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// records sends events as Kafka's binding says, with the carried headers beside the event.
type records struct {
	*queue
	mode func(context.Context) context.Context
}

func (r records) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	event, message := newEvent(body), &sarama.ProducerMessage{Topic: topic}
	if err := r.write(ctx, p, &event, message); err != nil {
		return err
	}
	_, _, err := r.SendMessage(message)
	return err
}

// write writes an event to a new message.
func (r records) write(ctx context.Context, p *propagation.Propagator, event *cloudevents.Event, message *sarama.ProducerMessage) error {
	if err := kafka_sarama.WriteProducerMessage(r.mode(ctx), binding.ToMessage(event), message); err != nil {
		return err
	}
	carry(ctx, p, message)
	return nil
}

func (r records) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	t.Helper()
	r.consume(t, topic, func(message *sarama.ConsumerMessage) error {
		ctx := extract(context.Background(), p, message)
		event, err := binding.ToEvent(ctx, kafka_sarama.NewMessageFromConsumerMessage(message))
		if err != nil {
			t.Error(err)
			return nil
		}
		m := r.message(message)
		m.Body = string(event.Data())
		return handle(ctx, m)
	})
}

func TestEventsKafka(t *testing.T) {
	testModes(t, func(mode func(context.Context) context.Context) trip.Transport {
		return trip.Transport{System: "kafka", Open: func(t *testing.T) trip.Client { return records{open(t), mode} }}
	})
}
