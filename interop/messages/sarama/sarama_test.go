package sarama

import (
	"context"
	"net/http"
	"testing"

	"github.com/IBM/sarama"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
	"github.com/twmb/franz-go/pkg/kfake"
)

// queue is a client of a cluster of kfake.
type queue struct {
	sarama.SyncProducer
	client sarama.Client
}

func open(t *testing.T) trip.Client {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, trip.Topics...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	config := sarama.NewConfig()
	config.Producer.Return.Successes = true
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	client, err := sarama.NewClient(cluster.ListenAddrs(), config)
	if err != nil {
		t.Fatal(err)
	}
	producer, err := sarama.NewSyncProducerFromClient(client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { producer.Close(); client.Close() })
	return &queue{producer, client}
}

// carry writes what ctx carries to a new message.
func carry(ctx context.Context, p *propagation.Propagator, message *sarama.ProducerMessage) {
	for name, value := range p.Lines(ctx, "kafka:"+message.Topic) {
		message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte(name), Value: []byte(value)})
	}
}

// extract returns the context of a message.
func extract(ctx context.Context, p *propagation.Propagator, message *sarama.ConsumerMessage) context.Context {
	ctx = p.ExtractLines(ctx, func(yield func(string, string) bool) {
		for _, h := range message.Headers {
			if !yield(string(h.Key), string(h.Value)) {
				return
			}
		}
	})
	return ctx
}

func (q *queue) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	message := &sarama.ProducerMessage{Topic: topic, Value: sarama.StringEncoder(body)}
	carry(ctx, p, message)
	_, _, err := q.SendMessage(message)
	return err
}

func (q *queue) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	group, err := sarama.NewConsumerGroupFromClient(topic, q.client)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { group.Close() })
	trip.Go(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := group.Consume(ctx, []string{topic}, claims{q, p, handle}); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
}

// claims handles messages until one fails. The next session of the group gets that message again.
type claims struct {
	q      *queue
	p      *propagation.Propagator
	handle trip.Handler
}

func (claims) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (claims) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (c claims) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			if err := c.handle(extract(context.Background(), c.p, message), c.q.message(message)); err != nil {
				return err
			}
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

func (q *queue) message(message *sarama.ConsumerMessage) *trip.Message {
	m := &trip.Message{Body: string(message.Value), Header: http.Header{}}
	for _, h := range message.Headers {
		m.Header[string(h.Key)] = append(m.Header[string(h.Key)], string(h.Value))
	}
	m.Forward = func(_ context.Context, topic string) error {
		again := &sarama.ProducerMessage{Topic: topic, Key: sarama.ByteEncoder(message.Key), Value: sarama.ByteEncoder(message.Value)}
		for _, h := range message.Headers {
			again.Headers = append(again.Headers, *h)
		}
		_, _, err := q.SendMessage(again)
		return err
	}
	return m
}

func TestSarama(t *testing.T) { trip.Test(t, trip.Transport{System: "kafka", Open: open}) }
