package sarama

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/cloudevents/sdk-go/protocol/kafka_sarama/v2"
	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// attributed sends events that carry headers as attributes of the event, with the SDK's client.
type attributed struct {
	*queue
	mode func(context.Context) context.Context
}

// attach writes what ctx carries to an event.
func attach(ctx context.Context, p *propagation.Propagator, destination string, event *cloudevents.Event) {
	for name, value := range p.Lines(ctx, destination) {
		earlier, _ := event.Extensions()[name].(string)
		event.SetExtension(name, strings.TrimPrefix(earlier+","+value, ","))
	}
}

// detach returns the context of an event.
func detach(ctx context.Context, p *propagation.Propagator, event cloudevents.Event) context.Context {
	lines := map[string]string{}
	for name, value := range event.Extensions() {
		lines[name] = fmt.Sprint(value)
	}
	ctx = p.ExtractLines(ctx, maps.All(lines))
	return ctx
}

func (a attributed) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	event := newEvent(body)
	attach(ctx, p, "kafka:"+topic, &event)
	return a.send(ctx, topic, event)
}

func (a attributed) send(ctx context.Context, topic string, event cloudevents.Event) error {
	sender, err := kafka_sarama.NewSenderFromSyncProducer(topic, a.SyncProducer)
	if err != nil {
		return err
	}
	client, err := cloudevents.NewClient(sender)
	if err != nil {
		return err
	}
	if result := client.Send(a.mode(ctx), event); !cloudevents.IsACK(result) {
		return result
	}
	return nil
}

func (a attributed) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	t.Helper()
	consumer, err := kafka_sarama.NewConsumer(a.brokers, a.config, topic, topic)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { consumer.Close(context.Background()) })
	client, err := cloudevents.NewClient(consumer)
	if err != nil {
		t.Fatal(err)
	}
	trip.Go(t, func(ctx context.Context) {
		err := client.StartReceiver(ctx, func(_ context.Context, event cloudevents.Event) cloudevents.Result {
			m := &trip.Message{Body: string(event.Data()), Header: http.Header{}}
			for name, value := range event.Extensions() {
				m.Header[name] = []string{fmt.Sprint(value)}
			}
			m.Forward = func(ctx context.Context, topic string) error { return a.send(ctx, topic, event) }
			return handle(detach(context.Background(), p, event), m)
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// attributeFormats are formats whose names are legal for attributes: lower-case letters and digits.
var attributeFormats = []propagation.Format{propagation.W3C, propagation.B3Single, propagation.Baggage}

func TestEventAttributes(t *testing.T) {
	testModes(t, func(mode func(context.Context) context.Context) trip.Transport {
		return trip.Transport{
			System: "kafka", Formats: attributeFormats, Joined: true, AtMostOnce: true,
			Open: func(t *testing.T) trip.Client { return attributed{open(t), mode} },
		}
	})
}

// TestEventAttributeNames: an event with a name that attributes do not allow is not sent.
func TestEventAttributeNames(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(t.Context(), http.Header{"X-Request-Id": {"r"}})
	if err := (attributed{open(t), cloudevents.WithEncodingBinary}).Send(ctx, p, trip.Orders, "order"); !cloudevents.IsUndelivered(err) {
		t.Errorf("sending an event with the attribute x-request-id gives %v, want an undelivered event", err)
	}
}
