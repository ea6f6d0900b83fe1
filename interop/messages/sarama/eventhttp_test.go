package sarama

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
	"github.com/traceferry/traceferry/propagation"
)

// web sends events over HTTP. A topic is a host.
type web struct {
	mode      func(context.Context) context.Context
	base      *http.Transport
	addresses sync.Map // addresses by host
}

func openWeb(mode func(context.Context) context.Context) *web {
	w := &web{mode: mode}
	w.base = &http.Transport{MaxIdleConnsPerHost: 64, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		if known, ok := w.addresses.Load(strings.TrimSuffix(address, ":80")); ok {
			address = known.(string)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	return w
}

// hostOf returns the host that receives the events of a topic. The partner's host is not internal.
func hostOf(topic string) string {
	if topic == trip.Partner {
		return "partner.example"
	}
	return strings.ReplaceAll(topic, ".", "-")
}

func (w *web) Send(ctx context.Context, p *propagation.Propagator, topic, body string) error {
	return w.send(ctx, p, topic, newEvent(body))
}

func (w *web) send(ctx context.Context, p *propagation.Propagator, topic string, event cloudevents.Event) error {
	base := w.base
	sending, err := cloudevents.NewHTTP(cloudevents.WithRoundTripper(httptrace.NewTransport(p, base)))
	if err != nil {
		return err
	}
	client, err := cloudevents.NewClient(sending)
	if err != nil {
		return err
	}
	result := client.Send(w.mode(cloudevents.ContextWithTarget(ctx, "http://"+hostOf(topic))), event)
	if cloudevents.IsACK(result) {
		return nil
	}
	return result
}

func (w *web) Receive(t *testing.T, p *propagation.Propagator, topic string, handle trip.Handler) {
	t.Helper()
	receiving, err := cloudevents.NewHTTP(cloudevents.WithMiddleware(httptrace.Middleware(p)))
	if err != nil {
		t.Fatal(err)
	}
	w.listen(t, topic, receiving)
	client, err := cloudevents.NewClient(receiving)
	if err != nil {
		t.Fatal(err)
	}
	trip.Go(t, func(ctx context.Context) {
		err := client.StartReceiver(ctx, func(ctx context.Context, event cloudevents.Event) cloudevents.Result {
			m := &trip.Message{Body: string(event.Data()), Header: http.Header{}}
			for name, lines := range cehttp.RequestDataFromContext(ctx).Header {
				m.Header[strings.ToLower(name)] = lines // names in HTTP are case-insensitive
			}
			m.Forward = func(ctx context.Context, topic string) error { return w.send(ctx, p, topic, event) }
			return handle(ctx, m)
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(w.base.CloseIdleConnections) // before the receiver waits until they are closed
}

// listen makes a protocol serve a topic.
func (w *web) listen(t *testing.T, topic string, receiving *cehttp.Protocol) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	for _, option := range []cehttp.Option{cloudevents.WithListener(listener), cehttp.WithRequestDataAtContextMiddleware()} {
		if err := option(receiving); err != nil {
			t.Fatal(err)
		}
	}
	w.addresses.Store(hostOf(topic), listener.Addr().String())
}

func TestEventsHTTP(t *testing.T) {
	testModes(t, func(mode func(context.Context) context.Context) trip.Transport {
		return trip.Transport{System: "http", Open: func(*testing.T) trip.Client { return openWeb(mode) }, AtMostOnce: true, HTTP: true}
	})
}
