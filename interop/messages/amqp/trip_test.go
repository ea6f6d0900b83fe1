package amqp

import (
	"context"
	"net/http"
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/traceferry/traceferry/interop/messages/internal/jobtrip"
	"github.com/traceferry/traceferry/propagation"
)

const requests = 20

// TestRabbitMQ sends messages through a RabbitMQ server.
func TestRabbitMQ(t *testing.T) {
	channel := startRabbitMQ(t)
	for name, test := range map[string]func(*testing.T, *service){
		"every message has its own headers":             everyMessage,
		"a partner's queue gets no user data":           partner,
		"a message that is delivered twice":             redelivery,
		"a dead letter keeps its headers":               deadLetter,
		"a retry that is published again":               retry,
		"names in any case, and headers of other types": otherProducers,
		"a message without headers":                     without,
	} {
		t.Run(name, func(t *testing.T) { test(t, newService(t, channel)) })
	}
	t.Run("headers larger than a frame", func(t *testing.T) { frame(t, channel) }) // it closes the connection
}

// service is services A and B of one test, and the queues between them.
type service struct {
	*jobtrip.Trip
	t       *testing.T
	channel *amqp.Channel
}

func newService(t *testing.T, channel *amqp.Channel) *service {
	return &service{jobtrip.New(t, jobtrip.Everything("amqp:orders.*")), t, channel}
}

// queue declares a queue, which is deleted after the test, and returns its messages.
func (s *service) queue(name string, args amqp.Table) <-chan amqp.Delivery {
	s.t.Helper()
	_, err := s.channel.QueueDeclare(name, false, false, false, false, args)
	if err != nil {
		s.t.Fatal(err)
	}
	deliveries, err := s.channel.Consume(name, name, false, false, false, false, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		s.channel.Cancel(name, false)
		s.channel.QueueDelete(name, false, false, false)
	})
	return deliveries
}

// request sends a request to service A, which publishes a message.
func (s *service) request(name, queue string, h http.Header) {
	s.t.Helper()
	s.Request(h, func(ctx context.Context) error { return publish(ctx, s.P, s.channel, queue, []byte(name)) })
}

// work is the work of service B for a message.
func (s *service) work(delivery amqp.Delivery) {
	s.t.Helper()
	if err := receive(s.P, delivery, func(ctx context.Context, body []byte) error { return s.Work(ctx, string(body)) }); err != nil {
		s.t.Error(err)
	}
}

func (s *service) ack(delivery amqp.Delivery) {
	s.t.Helper()
	if err := delivery.Ack(false); err != nil {
		s.t.Error(err)
	}
}

func everyMessage(t *testing.T, s *service) {
	deliveries := s.queue("orders.created", nil)
	for n := range requests {
		s.request(jobtrip.Name(n), "orders.created", jobtrip.Headers(n, propagation.AllFormats()...))
	}
	for range requests {
		delivery := <-deliveries
		s.work(delivery)
		s.ack(delivery)
	}
	for n := range requests {
		s.Got(jobtrip.Name(n), jobtrip.Joined(jobtrip.Headers(n, propagation.AllFormats()...)))
	}
}

func partner(t *testing.T, s *service) {
	deliveries := s.queue("partner", nil)
	received, want := jobtrip.Partner(1)
	s.request("order", "partner", received)
	delivery := <-deliveries
	s.work(delivery)
	s.ack(delivery)
	s.Got("order", jobtrip.Joined(want))
}

func redelivery(t *testing.T, s *service) {
	deliveries := s.queue("orders.created", nil)
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", "orders.created", h)
	first := <-deliveries
	s.work(first)
	if err := first.Nack(false, true); err != nil {
		t.Fatal(err)
	}
	second := <-deliveries
	s.work(second)
	s.ack(second)
	if first.Redelivered || !second.Redelivered {
		t.Errorf("the first delivery is redelivered: %v, and the second: %v, want false and true", first.Redelivered, second.Redelivered)
	}
	s.Got("order", jobtrip.Joined(h), jobtrip.Joined(h))
}

func deadLetter(t *testing.T, s *service) {
	dead := s.queue("orders.dead", nil)
	deliveries := s.queue("orders.created", amqp.Table{"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "orders.dead"})
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", "orders.created", h)
	if err := (<-deliveries).Reject(false); err != nil {
		t.Fatal(err)
	}
	delivery := <-dead
	s.work(delivery)
	s.ack(delivery)
	if delivery.Headers["x-death"] == nil {
		t.Errorf("RabbitMQ has not added x-death to %v", delivery.Headers)
	}
	s.Got("order", jobtrip.Joined(h))
}

// retry publishes the message again with the context of its first delivery.
func retry(t *testing.T, s *service) {
	deliveries := s.queue("orders.created", nil)
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", "orders.created", h)
	for range 2 {
		delivery := <-deliveries
		if err := receive(s.P, delivery, func(ctx context.Context, body []byte) error {
			return publish(ctx, s.P, s.channel, "orders.created", body)
		}); err != nil {
			t.Fatal(err)
		}
		s.ack(delivery)
	}
	delivery := <-deliveries
	s.work(delivery)
	s.ack(delivery)
	s.Got("order", jobtrip.Joined(h))
}

// otherProducers: producers in other languages write names in other cases and add headers that are not text.
func otherProducers(t *testing.T, s *service) {
	deliveries := s.queue("orders.created", nil)
	h := jobtrip.Headers(1, propagation.W3C, propagation.RequestID)
	table := amqp.Table{"count": int32(3), "nested": amqp.Table{"a": "b"}}
	for name, lines := range jobtrip.Joined(h) {
		table[strings.ToUpper(name)] = lines[0]
	}
	if err := s.channel.PublishWithContext(t.Context(), "", "orders.created", false, false, amqp.Publishing{Headers: table, Body: []byte("order")}); err != nil {
		t.Fatal(err)
	}
	delivery := <-deliveries
	s.work(delivery)
	s.ack(delivery)
	s.Got("order", jobtrip.Joined(h))
}

// without: a message without headers has none of the message before it.
func without(t *testing.T, s *service) {
	deliveries := s.queue("orders.created", nil)
	s.request("first", "orders.created", jobtrip.Headers(1, propagation.AllFormats()...))
	s.request("second", "orders.created", http.Header{})
	for range 2 {
		delivery := <-deliveries
		s.work(delivery)
		s.ack(delivery)
	}
	s.Got("second", http.Header{})
}

// frame: the headers of a message are one frame, which has 128 KiB by default.
func frame(t *testing.T, channel *amqp.Channel) {
	closed := channel.NotifyClose(make(chan *amqp.Error, 1))
	message := amqp.Publishing{Headers: amqp.Table{"baggage": strings.Repeat("a", 128<<10)}}
	if err := channel.PublishWithContext(t.Context(), "", "orders.created", false, false, message); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; err == nil || err.Code != amqp.FrameError {
		t.Errorf("RabbitMQ closes the connection with %v, want %d", err, amqp.FrameError)
	}
}
