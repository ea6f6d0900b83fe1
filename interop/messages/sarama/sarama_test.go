package sarama

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/IBM/sarama"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
	"github.com/twmb/franz-go/pkg/kfake"
)

// queue sends to a cluster of kfake.
type queue struct {
	sarama.SyncProducer
	brokers []string
	config  *sarama.Config
}

func open(t *testing.T) *queue {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, trip.Topics...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	q := &queue{brokers: cluster.ListenAddrs(), config: sarama.NewConfig()}
	q.config.Producer.Return.Successes = true
	q.config.Consumer.Offsets.Initial = sarama.OffsetOldest
	if q.SyncProducer, err = sarama.NewSyncProducer(q.brokers, q.config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.Close() })
	return q
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
	t.Helper()
	q.consume(t, topic, func(message *sarama.ConsumerMessage) error {
		return handle(extract(context.Background(), p, message), q.message(message))
	})
}

// consume handles the messages of a topic until the test ends.
func (q *queue) consume(t *testing.T, topic string, handle claims) {
	t.Helper()
	group, err := sarama.NewConsumerGroup(q.brokers, topic, q.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { group.Close() })
	trip.Go(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := group.Consume(ctx, []string{topic}, handle); err != nil && ctx.Err() == nil {
				t.Error(err)
				return
			}
		}
	})
}

// claims handles messages until one fails. The next session of the group gets that message again.
type claims func(*sarama.ConsumerMessage) error

func (claims) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (claims) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (handle claims) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, ok := <-claim.Messages():
			if !ok {
				return nil
			}
			if err := handle(message); err != nil {
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

func TestSarama(t *testing.T) {
	trip.Test(t, trip.Transport{System: "kafka", Open: func(t *testing.T) trip.Client { return open(t) }})
}

// TestOldVersion: sarama refuses headers if Config.Version is below 0.11.
func TestOldVersion(t *testing.T) {
	q := open(t)
	config := *q.config
	config.Version = sarama.V0_10_2_0
	old, err := sarama.NewSyncProducer(q.brokers, &config)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(t.Context(), http.Header{"X-Request-Id": {"r"}})
	if err := (&queue{SyncProducer: old}).Send(ctx, p, trip.Orders, "order"); !errors.As(err, new(sarama.ConfigurationError)) {
		t.Errorf("the error is %v, want a ConfigurationError", err)
	}
}
