package sarama

import (
	"context"
	"testing"

	"github.com/IBM/sarama"
	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// records sends events in the form of Kafka's binding. The carried headers are beside the event.
type records struct {
	*queue
	mode func(context.Context) context.Context
}

func (r records) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	event, message := newEvent(body), &sarama.ProducerMessage{Topic: topic}
	ctx = r.mode(ctx)
	if err := kafka_sarama.WriteProducerMessage(ctx, binding.ToMessage(&event), message); err != nil {
		return err
	}
	carry(ctx, p, message)
	_, _, err := r.SendMessage(message)
	return err
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

// TestEventsKafkaOrder: WriteProducerMessage removes existing headers of a message.
func TestEventsKafkaOrder(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(t.Context(), samples.Headers(samples.New(1), attributeFormats))
	for name, mode := range modes {
		event, message := newEvent("order"), &sarama.ProducerMessage{Topic: trip.Orders}
		carry(ctx, p, message)
		before := len(message.Headers)
		if err := kafka_sarama.WriteProducerMessage(mode(ctx), binding.ToMessage(&event), message); err != nil {
			t.Fatal(err)
		}
		for _, h := range message.Headers {
			if string(h.Key) == "traceparent" || before == 0 {
				t.Errorf("%s: the message still has %s, want it removed", name, h.Key)
			}
		}
	}
}
