// Package trip tests a recipe of docs/messages.md: a message takes headers from one service to another, through a real
// client library and a broker.
//
//	caller --HTTP--> sender --message--> receiver --HTTP--> backend
//
// The sender and the receiver are services, each with a Propagator. The checks compare the headers that the backend
// gets with those that the caller sends.
package trip

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// The topics of a broker. By the Propagator's Config, Orders, Retry and Dead are internal. Partner is not.
const (
	Orders  = "orders.created"
	Retry   = "orders.retry"
	Dead    = "orders.dead"
	Partner = "partner.orders"
)

// Topics are all topics that Transport.Open makes.
var Topics = []string{Orders, Retry, Dead, Partner}

// Transport is a client library with its broker.
type Transport struct {
	// System is the prefix of destinations: "kafka" in "kafka:orders.created".
	System string
	// Open starts a broker with the Topics, and returns a client of it. Both end with the test.
	Open func(*testing.T) Client
	// Formats are the formats that a message can carry. nil means all.
	Formats []propagation.Format
	// Joined says that a message has each name once, because the recipe joins repeated lines with commas.
	Joined bool
	// AtMostOnce says that the client never delivers a message again.
	AtMostOnce bool
	// HTTP says that a message is an HTTP call.
	HTTP bool
}

// Client is a recipe: it sends and receives messages with one client library.
type Client interface {
	// Send sends a message with the headers that p carries from ctx. It is safe for concurrent use.
	Send(ctx context.Context, p *propagation.Propagator, topic, body string) error
	// Receive calls handle for each message of a topic until the test ends, with the context that p extracts from the
	// message. A topic has one receiver. If handle returns an error, the message is delivered again. Receive returns when
	// the receiver can no longer miss a message.
	Receive(t *testing.T, p *propagation.Propagator, topic string, handle Handler)
}

// Handler handles a message, as a service does.
type Handler func(context.Context, *Message) error

// Message is a received message.
type Message struct {
	Body string
	// Header has the names and values of the message, as the broker delivers them.
	Header http.Header
	// Forward sends the message to another topic, with its own headers.
	Forward func(ctx context.Context, topic string) error
}

// formats returns the formats that a message can carry.
func (tr Transport) formats() []propagation.Format {
	if tr.Formats == nil {
		return propagation.AllFormats()
	}
	return tr.Formats
}

// tenant is a header of Config.Headers. Its name is legal in every system.
const tenant = "tenant"

// config returns the Config of both services. Topics of orders are internal.
func (tr Transport) config() propagation.Config {
	return propagation.Config{
		Formats: tr.formats(), Headers: []string{tenant}, InternalHosts: []string{tr.System + ":orders.*"},
	}
}
