package franz

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// queue is a client of a cluster of kfake.
type queue struct {
	*kgo.Client
	brokers []string
}

func open(t *testing.T) trip.Client {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, trip.Topics...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	q := &queue{brokers: cluster.ListenAddrs()}
	q.Client = q.connect(t)
	return q
}

func (q *queue) connect(t *testing.T, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(q.brokers...), kgo.ProducerLinger(2*time.Millisecond))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// carry writes what ctx carries to a new record.
func carry(ctx context.Context, p *propagation.Propagator, record *kgo.Record) {
	for name, value := range p.Lines(ctx, "kafka:"+record.Topic) {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: name, Value: []byte(value)})
	}
}

// extract returns the context of a record.
func extract(ctx context.Context, p *propagation.Propagator, record *kgo.Record) context.Context {
	ctx = p.ExtractLines(ctx, func(yield func(string, string) bool) {
		for _, h := range record.Headers {
			if !yield(h.Key, string(h.Value)) {
				return
			}
		}
	})
	return ctx
}

func (q *queue) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	record := &kgo.Record{Topic: topic, Value: []byte(body)}
	carry(ctx, p, record)
	return q.ProduceSync(ctx, record).FirstErr()
}

func (q *queue) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	consumer := q.connect(t, kgo.ConsumerGroup(topic), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	trip.Go(t, func(ctx context.Context) {
		for ctx.Err() == nil {
			var handled []*kgo.Record
			for _, record := range consumer.PollFetches(ctx).Records() {
				if err := handle(extract(context.Background(), p, record), q.message(record)); err != nil {
					again := map[int32]kgo.EpochOffset{record.Partition: {Epoch: record.LeaderEpoch, Offset: record.Offset}}
					consumer.SetOffsets(map[string]map[int32]kgo.EpochOffset{topic: again})
					break
				}
				handled = append(handled, record)
			}
			if err := consumer.CommitRecords(ctx, handled...); err != nil && ctx.Err() == nil {
				t.Error(err)
			}
		}
	})
}

func (q *queue) message(record *kgo.Record) *trip.Message {
	m := &trip.Message{Body: string(record.Value), Header: http.Header{}}
	for _, h := range record.Headers {
		m.Header[h.Key] = append(m.Header[h.Key], string(h.Value))
	}
	m.Forward = func(ctx context.Context, topic string) error {
		again := &kgo.Record{Topic: topic, Key: record.Key, Value: record.Value, Headers: record.Headers}
		return q.ProduceSync(ctx, again).FirstErr()
	}
	return m
}

var kafka = trip.Transport{System: "kafka", Open: open}

func TestFranz(t *testing.T) { trip.Test(t, kafka) }

func TestIsolation(t *testing.T) { trip.Isolation(t, kafka) }
