package amqp

import (
	"context"
	"iter"

	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/traceferry/traceferry/propagation"
)

// headers returns the headers of a message. A table has one value for a name, so repeated lines are joined.
func headers(lines iter.Seq2[string, string]) amqp.Table {
	table := amqp.Table{}
	for name, value := range lines {
		if earlier, ok := table[name].(string); ok {
			value = earlier + "," + value
		}
		table[name] = value
	}
	return table
}

// lines returns the headers of a message that are text.
func lines(table amqp.Table) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, value := range table {
			if text, ok := value.(string); ok && !yield(name, text) {
				return
			}
		}
	}
}

func publish(ctx context.Context, p *propagation.Propagator, channel *amqp.Channel, queue string, body []byte) error {
	message := amqp.Publishing{Headers: headers(p.Lines(ctx, "amqp:"+queue)), Body: body}
	return channel.PublishWithContext(ctx, "", queue, false, false, message)
}

func receive(p *propagation.Propagator, delivery amqp.Delivery, handle func(context.Context, []byte) error) error {
	ctx := p.ExtractLines(context.Background(), lines(delivery.Headers))
	return handle(ctx, delivery.Body)
}
