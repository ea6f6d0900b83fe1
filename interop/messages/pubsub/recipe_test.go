package pubsub

import (
	"context"
	"iter"
	"maps"

	"cloud.google.com/go/pubsub/v2"
	"github.com/traceferry/traceferry/propagation"
)

// attributes returns lines as attributes. Repeated lines are joined. Pub/Sub refuses values of more than 1024 bytes.
func attributes(lines iter.Seq2[string, string]) map[string]string {
	all := map[string]string{}
	for name, value := range lines {
		if earlier, ok := all[name]; ok {
			value = earlier + "," + value
		}
		all[name] = value
	}
	maps.DeleteFunc(all, func(_, value string) bool { return len(value) > 1024 })
	return all
}

func publish(ctx context.Context, p *propagation.Propagator, publisher *pubsub.Publisher, body []byte) error {
	message := &pubsub.Message{Data: body, Attributes: attributes(p.Lines(ctx, "pubsub:orders"))}
	_, err := publisher.Publish(ctx, message).Get(ctx)
	return err
}

func receive(ctx context.Context, p *propagation.Propagator, subscriber *pubsub.Subscriber, handle func(context.Context, *pubsub.Message)) error {
	return subscriber.Receive(ctx, func(ctx context.Context, message *pubsub.Message) {
		ctx = p.ExtractLines(ctx, maps.All(message.Attributes))
		handle(ctx, message)
	})
}
