package kafkago

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
	"github.com/twmb/franz-go/pkg/kfake"
)

// queue writes to a cluster of kfake.
type queue struct {
	*kafka.Writer
	brokers []string
}

func open(t *testing.T) trip.Client {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, trip.Topics...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	brokers := cluster.ListenAddrs()
	transport := new(kafka.Transport) // the default one is shared, and keeps connections
	writer := &kafka.Writer{Addr: kafka.TCP(brokers...), Transport: transport, RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond}
	t.Cleanup(func() { writer.Close(); transport.CloseIdleConnections() })
	return &queue{writer, brokers}
}

// carry writes what ctx carries to a new message.
func carry(ctx context.Context, p *propagation.Propagator, message *kafka.Message) {
	for name, value := range p.Lines(ctx, "kafka:"+message.Topic) {
		message.Headers = append(message.Headers, kafka.Header{Key: name, Value: []byte(value)})
	}
}

// extract returns the context of a message.
func extract(ctx context.Context, p *propagation.Propagator, message kafka.Message) context.Context {
	ctx = p.ExtractLines(ctx, func(yield func(string, string) bool) {
		for _, h := range message.Headers {
			if !yield(h.Key, string(h.Value)) {
				return
			}
		}
	})
	return ctx
}

func (q *queue) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	message := kafka.Message{Topic: topic, Value: []byte(body)}
	carry(ctx, p, &message)
	return q.WriteMessages(ctx, message)
}

func (q *queue) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	trip.Go(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			if err := q.consume(ctx, p, topic, handle); err != nil && ctx.Err() == nil && !errors.Is(err, errHandler) {
				t.Error(err)
				return
			}
		}
	})
}

var errHandler = errors.New("the message was not handled")

// consume handles messages until one fails. The next reader of the group gets that message again.
func (q *queue) consume(ctx context.Context, p *propagation.Propagator, topic string, handle trip.Handler) error {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: q.brokers, GroupID: topic, Topic: topic, MaxWait: 50 * time.Millisecond})
	defer reader.Close()
	for {
		message, err := reader.FetchMessage(ctx)
		if err != nil {
			return err
		}
		if err := handle(extract(context.Background(), p, message), q.message(message)); err != nil {
			return errHandler
		}
		if err := reader.CommitMessages(ctx, message); err != nil {
			return err
		}
	}
}

func (q *queue) message(message kafka.Message) *trip.Message {
	m := &trip.Message{Body: string(message.Value), Header: http.Header{}}
	for _, h := range message.Headers {
		m.Header[h.Key] = append(m.Header[h.Key], string(h.Value))
	}
	m.Forward = func(ctx context.Context, topic string) error {
		again := kafka.Message{Topic: topic, Key: message.Key, Value: message.Value, Headers: message.Headers}
		return q.WriteMessages(ctx, again)
	}
	return m
}

func TestKafkaGo(t *testing.T) { trip.Test(t, trip.Transport{System: "kafka", Open: open}) }

// TestWriterTopic: if only the Writer has a topic, the message has an unknown destination. It gets no user data.
func TestWriterTopic(t *testing.T) {
	p := propagation.MustNew(propagation.Config{InternalHosts: []string{"kafka:*"}})
	ctx := p.ExtractHTTP(t.Context(), http.Header{"X-Request-Id": {"r"}, "Baggage": {"user=1"}})
	var message kafka.Message
	carry(ctx, p, &message)
	if len(message.Headers) != 1 || message.Headers[0].Key != "x-request-id" {
		t.Errorf("the message has %v, want x-request-id alone", message.Headers)
	}
}
