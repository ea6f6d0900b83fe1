package sarama

import (
	"context"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/traceferry/traceferry/interop/messages/internal/trip"
)

// modes are the two encodings of an event. A context selects one of them.
var modes = map[string]func(context.Context) context.Context{
	"binary":     cloudevents.WithEncodingBinary,
	"structured": cloudevents.WithEncodingStructured,
}

// testModes tests a transport of events in both modes.
func testModes(t *testing.T, transport func(mode func(context.Context) context.Context) trip.Transport) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) { trip.Test(t, transport(mode)) })
	}
}

func newEvent(body string) cloudevents.Event {
	event := cloudevents.NewEvent()
	event.SetID(body)
	event.SetSource("shop")
	event.SetType("order.created")
	event.SetData(cloudevents.TextPlain, []byte(body))
	return event
}
