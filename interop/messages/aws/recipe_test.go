package aws

import (
	"context"
	"iter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/traceferry/traceferry/propagation"
)

// attributes adds lines to the attributes of a message. Repeated lines are joined.
func attributes(all map[string]types.MessageAttributeValue, lines iter.Seq2[string, string]) {
	for name, value := range lines {
		if earlier, ok := all[name]; ok {
			value = *earlier.StringValue + "," + value
		}
		all[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
}

// lines yields the attributes of a message that are text.
func lines(all map[string]types.MessageAttributeValue) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, value := range all {
			if value.StringValue != nil && !yield(name, *value.StringValue) {
				return
			}
		}
	}
}

func newPropagator() *propagation.Propagator {
	p := propagation.MustNew(propagation.Config{Limits: propagation.Limits{MessageLines: 10}})
	return p
}

func send(ctx context.Context, p *propagation.Propagator, client *sqs.Client, message *sqs.SendMessageInput) error {
	message.MessageAttributes = map[string]types.MessageAttributeValue{}
	attributes(message.MessageAttributes, p.Lines(ctx, "sqs:orders"))
	_, err := client.SendMessage(ctx, message)
	return err
}

func receive(ctx context.Context, client *sqs.Client, queue *string) ([]types.Message, error) {
	in := &sqs.ReceiveMessageInput{QueueUrl: queue, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}}
	out, err := client.ReceiveMessage(ctx, in)
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// contextOf returns the context of a message.
func contextOf(p *propagation.Propagator, message types.Message) context.Context {
	ctx := p.ExtractLines(context.Background(), lines(message.MessageAttributes))
	return ctx
}

// publish sends a message to a topic of SNS.
func publish(ctx context.Context, p *propagation.Propagator, client *sns.Client, message *sns.PublishInput) error {
	message.MessageAttributes = map[string]snstypes.MessageAttributeValue{}
	for name, value := range p.Lines(ctx, "sns:orders") {
		if earlier, ok := message.MessageAttributes[name]; ok {
			value = *earlier.StringValue + "," + value
		}
		message.MessageAttributes[name] = snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	_, err := client.Publish(ctx, message)
	return err
}

// subscribe lets a queue receive the messages of a topic with their attributes.
func subscribe(ctx context.Context, client *sns.Client, topic, queue *string) error {
	subscription := &sns.SubscribeInput{
		TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: queue,
		Attributes: map[string]string{"RawMessageDelivery": "true"},
	}
	_, err := client.Subscribe(ctx, subscription)
	return err
}
