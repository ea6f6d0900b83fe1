package natsio

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// broken is a recipe with a mistake.
type broken struct {
	stream
	send    func(s stream, ctx context.Context, p *propagation.Propagator, topic, body string) error
	handler func(trip.Handler) trip.Handler
}

func (b broken) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	if b.send == nil {
		return b.stream.Send(ctx, p, topic, body)
	}
	return b.send(b.stream, ctx, p, topic, body)
}

func (b broken) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	t.Helper()
	if b.handler != nil {
		handle = b.handler(handle)
	}
	b.stream.Receive(t, p, topic, handle)
}

// TestBroken: the checks find mistakes in a recipe.
func TestBroken(t *testing.T) {
	for name, test := range map[string]struct {
		broken
		finds []trip.Check
	}{
		"another context": {
			broken: broken{send: func(s stream, _ context.Context, p *propagation.Propagator, topic, body string) error {
				return s.Send(context.Background(), p, topic, body)
			}},
			finds: []trip.Check{trip.EveryRequest, trip.Spans, trip.ByteForByte, trip.LocalSpan, trip.Forwarded, trip.SentAgain, trip.DeliveredAgain, trip.Limits},
		},
		"headers twice": {
			broken: broken{send: func(s stream, ctx context.Context, p *propagation.Propagator, topic, body string) error {
				msg := nats.NewMsg(topic)
				msg.Data = []byte(body)
				carry(ctx, p, msg)
				carry(ctx, p, msg)
				_, err := s.PublishMsg(ctx, msg)
				return err
			}},
			finds: []trip.Check{trip.EveryRequest, trip.ByteForByte, trip.LocalSpan, trip.Forwarded, trip.SentAgain, trip.DeliveredAgain, trip.Limits},
		},
		"another destination": {
			broken: broken{send: func(s stream, ctx context.Context, p *propagation.Propagator, topic, body string) error {
				msg := nats.NewMsg(trip.Orders)
				carry(ctx, p, msg)
				msg.Subject, msg.Data = topic, []byte(body)
				_, err := s.PublishMsg(ctx, msg)
				return err
			}},
			finds: []trip.Check{trip.EveryRequest},
		},
		"the context of another message": {
			broken: broken{handler: func(handle trip.Handler) trip.Handler {
				var first context.Context
				return func(ctx context.Context, m *trip.Message) error {
					if first == nil {
						first = ctx
					}
					return handle(first, m)
				}
			}},
			finds: []trip.Check{trip.EveryRequest, trip.Spans},
		},
		"forwarded without headers": {
			broken: broken{handler: func(handle trip.Handler) trip.Handler {
				return func(ctx context.Context, m *trip.Message) error {
					clear(m.Header)
					return handle(ctx, m)
				}
			}},
			finds: []trip.Check{trip.Forwarded},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for i, check := range test.finds {
				t.Run("", func(t *testing.T) {
					err := check(t, trip.Transport{System: "nats", Open: func(t *testing.T) trip.Client {
						b := test.broken
						b.stream = openStream(t).(stream)
						return b
					}})
					if err == nil {
						t.Errorf("check %d of the list finds no mistake, want an error", i)
					}
				})
			}
		})
	}
}
