package natsio

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// connect starts a server and returns a connection to it.
func connect(t *testing.T) *nats.Conn {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
		MaxPending: 1 << 30, // of one connection; the server closes it above that
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the server does not start")
	}
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

// queue is a connection to a NATS server.
type queue struct{ *nats.Conn }

// carry writes what ctx carries to a message.
func carry(ctx context.Context, p *propagation.Propagator, msg *nats.Msg) {
	for name, value := range p.Lines(ctx, "nats:"+msg.Subject) {
		msg.Header.Add(name, value)
	}
}

// extract returns the context of a message with the headers.
func extract(ctx context.Context, p *propagation.Propagator, header nats.Header) context.Context {
	ctx = p.ExtractLines(ctx, func(yield func(string, string) bool) {
		for name, values := range header {
			if slices.ContainsFunc(values, func(value string) bool { return !yield(name, value) }) {
				return
			}
		}
	})
	return ctx
}

func (q queue) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	msg := nats.NewMsg(topic)
	msg.Data = []byte(body)
	carry(ctx, p, msg)
	return q.PublishMsg(msg)
}

func (q queue) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	t.Helper()
	subscription, err := q.Subscribe(topic, func(msg *nats.Msg) {
		handle(extract(context.Background(), p, msg.Header), &trip.Message{
			Body: string(msg.Data), Header: http.Header(msg.Header),
			Forward: func(_ context.Context, topic string) error {
				return q.PublishMsg(&nats.Msg{Subject: topic, Header: msg.Header, Data: msg.Data})
			},
		})
	})
	if err == nil {
		err = subscription.SetPendingLimits(-1, -1) // by default a slow subscriber loses messages
	}
	if err == nil {
		err = q.Flush()
	}
	if err != nil {
		t.Fatal(err)
	}
}

var core = trip.Transport{System: "nats", Open: func(t *testing.T) trip.Client { return queue{connect(t)} }, AtMostOnce: true}

func TestCore(t *testing.T) { trip.Test(t, core) }

func TestCoreIsolation(t *testing.T) { trip.Isolation(t, core) }
