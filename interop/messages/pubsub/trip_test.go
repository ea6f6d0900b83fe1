package pubsub

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/pubsub/v2/pstest"
	"github.com/traceferry/traceferry/interop/messages/internal/jobtrip"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	requests = 20
	project  = "projects/traceferry/"
	orders   = project + "topics/orders"
)

// service is services A and B, and a topic with a subscription between them.
type service struct {
	*jobtrip.Trip
	t      *testing.T
	client *pubsub.Client
}

// newService starts Google's test server, which speaks the protocol of Pub/Sub. No registry carries Pub/Sub itself.
func newService(t *testing.T, p *propagation.Propagator) *service {
	server := pstest.NewServer()
	t.Cleanup(func() { server.Close() })
	conn, err := grpc.NewClient(server.Addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	client, err := pubsub.NewClient(t.Context(), "traceferry", option.WithGRPCConn(conn))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	s := &service{jobtrip.New(t, p), t, client}
	s.topic(orders)
	return s
}

func everything() *propagation.Propagator { return jobtrip.Everything("pubsub:orders") }

func (s *service) topic(name string) {
	s.t.Helper()
	if _, err := s.client.TopicAdminClient.CreateTopic(s.t.Context(), &pubsubpb.Topic{Name: name}); err != nil {
		s.t.Fatal(err)
	}
}

// subscribe creates a subscription.
func (s *service) subscribe(name, topic string, dead *pubsubpb.DeadLetterPolicy) {
	s.t.Helper()
	_, err := s.client.SubscriptionAdminClient.CreateSubscription(s.t.Context(), &pubsubpb.Subscription{
		Name: project + "subscriptions/" + name, Topic: topic, DeadLetterPolicy: dead, AckDeadlineSeconds: 10,
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// request sends a request to service A, which publishes a message.
func (s *service) request(name string, h http.Header) {
	s.t.Helper()
	publisher := s.client.Publisher("orders")
	defer publisher.Stop()
	s.Request(h, func(ctx context.Context) error { return publish(ctx, s.P, publisher, []byte(name)) })
}

// work is the work of service B for a number of messages. It refuses to acknowledge the first ones.
func (s *service) work(subscription string, messages, nacks int) {
	s.t.Helper()
	ctx, stop := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer stop()
	var mu sync.Mutex
	received := 0
	err := receive(ctx, s.P, s.client.Subscriber(subscription), func(ctx context.Context, message *pubsub.Message) {
		mu.Lock()
		defer mu.Unlock()
		if received++; received > messages {
			message.Nack()
			return
		}
		if err := s.Work(ctx, string(message.Data)); err != nil {
			s.t.Error(err)
		}
		if received <= nacks {
			message.Nack()
		} else {
			message.Ack()
		}
		if received == messages {
			stop()
		}
	})
	if err != nil || received != messages {
		s.t.Fatalf("received %d messages, want %d: %v", received, messages, err)
	}
}

// TestEveryMessage: each message that the client sends in a batch has the headers of its own request.
func TestEveryMessage(t *testing.T) {
	s := newService(t, everything())
	s.subscribe("b", orders, nil)
	publisher := s.client.Publisher("orders")
	publisher.PublishSettings.DelayThreshold = time.Second // one batch
	var wait sync.WaitGroup
	for n := range requests {
		wait.Go(func() {
			s.Request(jobtrip.Headers(n, propagation.AllFormats()...), func(ctx context.Context) error {
				return publish(ctx, s.P, publisher, []byte(jobtrip.Name(n)))
			})
		})
	}
	wait.Wait()
	publisher.Stop()
	s.work("b", requests, 0)
	for n := range requests {
		s.Got(jobtrip.Name(n), jobtrip.Joined(jobtrip.Headers(n, propagation.AllFormats()...)))
	}
}

// TestPartner: a topic that no rule names gets no user data.
func TestPartner(t *testing.T) {
	s := newService(t, jobtrip.Everything())
	s.subscribe("b", orders, nil)
	received, want := jobtrip.Partner(1)
	s.request("order", received)
	s.work("b", 1, 0)
	s.Got("order", jobtrip.Joined(want))
}

// TestRedelivery: a message that is not acknowledged is delivered again with the same headers.
func TestRedelivery(t *testing.T) {
	s := newService(t, everything())
	s.subscribe("b", orders, nil)
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", h)
	s.work("b", 2, 1)
	s.Got("order", jobtrip.Joined(h), jobtrip.Joined(h))
}

// TestDeadLetter: after five attempts Pub/Sub publishes the message to another topic, with its headers.
func TestDeadLetter(t *testing.T) {
	s := newService(t, everything())
	s.topic(project + "topics/dead")
	s.subscribe("dead", project+"topics/dead", nil)
	s.subscribe("b", orders, &pubsubpb.DeadLetterPolicy{DeadLetterTopic: project + "topics/dead", MaxDeliveryAttempts: 5})
	h := jobtrip.Joined(jobtrip.Headers(1, propagation.AllFormats()...))
	s.request("order", h)
	s.work("b", 5, 5)
	s.Got("order", h, h, h, h, h)
	s.work("dead", 1, 0)
	s.Got("order", h)
}

// TestPublishAgain: service B publishes a message again with the context of the first.
func TestPublishAgain(t *testing.T) {
	s := newService(t, everything())
	s.subscribe("b", orders, nil)
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	publisher := s.client.Publisher("orders")
	s.Request(h, func(ctx context.Context) error {
		first := attributes(s.P.Lines(ctx, "pubsub:orders"))
		again := s.P.ExtractLines(context.Background(), maps.All(first))
		return publish(again, s.P, publisher, []byte("order"))
	})
	s.work("b", 1, 0)
	s.Got("order", jobtrip.Joined(h))
}

// TestOtherProducers: names are read in any case, and a message without headers has none.
func TestOtherProducers(t *testing.T) {
	s := newService(t, everything())
	s.subscribe("b", orders, nil)
	h := jobtrip.Headers(1, propagation.W3C, propagation.RequestID)
	all := map[string]string{}
	for name, lines := range jobtrip.Joined(h) {
		all[strings.ToUpper(name)] = lines[0]
	}
	publisher := s.client.Publisher("orders")
	for _, message := range []*pubsub.Message{{Data: []byte("upper"), Attributes: all}, {Data: []byte("none")}} {
		if _, err := publisher.Publish(t.Context(), message).Get(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.work("b", 2, 0)
	s.Got("upper", jobtrip.Joined(h))
	s.Got("none", http.Header{})
}

// TestLongValues: Pub/Sub refuses a message with a value of more than 1024 bytes. So the recipe omits such a value. The
// test server does not check the limit.
func TestLongValues(t *testing.T) {
	s := newService(t, everything())
	s.subscribe("b", orders, nil)
	h := jobtrip.Headers(1, propagation.W3C)
	for name, baggage := range map[string]string{"fits": "a=" + strings.Repeat("x", 1022), "long": "a=" + strings.Repeat("x", 1023)} {
		h.Set("Baggage", baggage)
		s.request(name, h)
	}
	s.work("b", 2, 0)
	h.Del("Baggage")
	s.Got("long", jobtrip.Joined(h))
	h.Set("Baggage", "a="+strings.Repeat("x", 1022))
	s.Got("fits", jobtrip.Joined(h))
}

// TestBytes: attributes are UTF-8.
func TestBytes(t *testing.T) {
	s := newService(t, everything())
	publisher := s.client.Publisher("orders")
	message := &pubsub.Message{Attributes: map[string]string{"grpc-trace-bin": "\xff"}}
	if _, err := publisher.Publish(t.Context(), message).Get(t.Context()); err == nil {
		t.Error("Pub/Sub accepts an attribute that is not UTF-8, want an error")
	}
}
