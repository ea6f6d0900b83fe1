package aws

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/traceferry/traceferry/interop/messages/internal/jobtrip"
	"github.com/traceferry/traceferry/propagation"
)

// queues are the tests of SQS.
var queues = tests{
	"it carries every format":              everyFormat,
	"each message of a batch has its own":  batch,
	"a partner's queue gets no user data":  partner,
	"a message received twice":             redelivery,
	"a dead letter keeps its headers":      deadLetter,
	"a message sent again":                 sendAgain,
	"names in any case":                    otherProducers,
	"it returns the attributes it is told": named,
	"a message without headers":            without,
	"empty values":                         empty,
	"ten attributes, with all formats":     allFormats,
}

// TestMoto sends messages through the queues and topics of moto.
func TestMoto(t *testing.T) {
	c := startMoto(t)
	queues.run(t, c)
	tests{"SNS to SQS, raw": topic, "SNS to SQS, not raw": wrapped}.run(t, c)
}

// TestElasticMQ sends messages through the queues of ElasticMQ, which refuses the same messages as Amazon.
func TestElasticMQ(t *testing.T) {
	c := startElasticMQ(t)
	queues.run(t, c)
	tests{"eleven attributes, an empty one": refused}.run(t, c)
}

type tests map[string]func(*testing.T, *cloud)

func (all tests) run(t *testing.T, c *cloud) {
	for name, test := range all {
		t.Run(name, func(t *testing.T) {
			own := *c
			own.t = t
			test(t, &own)
		})
	}
}

func newTrip(t *testing.T) *jobtrip.Trip {
	return jobtrip.New(t, jobtrip.Everything("sqs:orders", "sns:orders"))
}

// ten returns headers whose lines fit into the ten attributes of a message.
func ten(n int) http.Header {
	return jobtrip.Headers(n, propagation.W3C, propagation.B3Single, propagation.GRPCTraceBin, propagation.CloudTrace, propagation.RequestID, propagation.Baggage)
}

// request sends a request to service A, which sends a message.
func (c *cloud) request(trip *jobtrip.Trip, name string, queue *string, h http.Header) {
	c.t.Helper()
	trip.Request(h, func(ctx context.Context) error {
		return send(ctx, trip.P, c.sqs, &sqs.SendMessageInput{QueueUrl: queue, MessageBody: &name})
	})
}

// work is the work of service B for messages.
func (c *cloud) work(trip *jobtrip.Trip, messages ...types.Message) {
	c.t.Helper()
	for _, message := range messages {
		if len(message.MessageAttributes) > 10 {
			c.t.Errorf("a message has %d attributes, want at most 10", len(message.MessageAttributes))
		}
		if err := trip.Work(contextOf(trip.P, message), *message.Body); err != nil {
			c.t.Error(err)
		}
	}
}

func everyFormat(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("formats", nil)
	for n, format := range propagation.AllFormats() {
		c.request(trip, format.String(), queue, jobtrip.Headers(n, format))
	}
	c.work(trip, c.receive(queue, len(propagation.AllFormats()))...)
	for n, format := range propagation.AllFormats() {
		trip.Got(format.String(), jobtrip.Joined(jobtrip.Headers(n, format)))
	}
}

// batch: several requests send their messages in one SendMessageBatch.
func batch(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("batch", nil)
	in := &sqs.SendMessageBatchInput{QueueUrl: queue}
	for n := range 10 {
		entry := types.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(n)), MessageBody: aws.String(jobtrip.Name(n)), MessageAttributes: map[string]types.MessageAttributeValue{},
		}
		trip.Request(ten(n), func(ctx context.Context) error {
			attributes(entry.MessageAttributes, trip.P.Lines(ctx, "sqs:orders"))
			return nil
		})
		in.Entries = append(in.Entries, entry)
	}
	if out, err := c.sqs.SendMessageBatch(t.Context(), in); err != nil || len(out.Failed) > 0 {
		t.Fatal(err, out)
	}
	c.work(trip, c.receive(queue, 10)...)
	for n := range 10 {
		trip.Got(jobtrip.Name(n), jobtrip.Joined(ten(n)))
	}
}

func partner(t *testing.T, c *cloud) {
	trip := jobtrip.New(t, jobtrip.Everything())
	queue, _ := c.queue("partner", nil)
	c.request(trip, "order", queue, ten(1))
	c.work(trip, c.receive(queue, 1)...)
	trip.Got("order", jobtrip.Joined(jobtrip.Without(ten(1), "Baggage", "X-Tenant")))
}

func redelivery(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("redelivery", nil)
	c.request(trip, "order", queue, ten(1))
	first := c.receive(queue, 1)
	c.work(trip, first...)
	c.again(queue, first[0])
	second := c.receive(queue, 1)
	c.work(trip, second...)
	if *first[0].MessageId != *second[0].MessageId {
		t.Error("the second message has another id, want the same message again")
	}
	trip.Got("order", jobtrip.Joined(ten(1)), jobtrip.Joined(ten(1)))
}

func deadLetter(t *testing.T, c *cloud) {
	trip := newTrip(t)
	dead, arn := c.queue("dead", nil)
	queue, _ := c.queue("dying", map[string]string{"RedrivePolicy": `{"maxReceiveCount":"1","deadLetterTargetArn":"` + *arn + `"}`})
	c.request(trip, "order", queue, ten(1))
	c.again(queue, c.receive(queue, 1)[0])
	if messages, err := receive(t.Context(), c.sqs, queue); err != nil || len(messages) > 0 {
		t.Fatalf("the queue still has %d messages, %v", len(messages), err)
	}
	c.work(trip, c.receive(dead, 1)...)
	trip.Got("order", jobtrip.Joined(ten(1)))
}

// sendAgain: service B sends a message again with the context of the first.
func sendAgain(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("again", nil)
	c.request(trip, "order", queue, ten(1))
	for range 2 {
		message := c.receive(queue, 1)[0]
		if err := send(contextOf(trip.P, message), trip.P, c.sqs, &sqs.SendMessageInput{QueueUrl: queue, MessageBody: message.Body}); err != nil {
			t.Fatal(err)
		}
	}
	c.work(trip, c.receive(queue, 1)...)
	trip.Got("order", jobtrip.Joined(ten(1)))
}

func otherProducers(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("others", nil)
	h := jobtrip.Headers(1, propagation.W3C, propagation.RequestID)
	all := map[string]types.MessageAttributeValue{"size": {DataType: aws.String("Binary"), BinaryValue: []byte{0xff}}}
	attributes(all, func(yield func(string, string) bool) {
		for name, lines := range jobtrip.Joined(h) {
			yield(strings.ToUpper(name), lines[0])
		}
	})
	if _, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("order"), MessageAttributes: all}); err != nil {
		t.Fatal(err)
	}
	c.work(trip, c.receive(queue, 1)...)
	trip.Got("order", jobtrip.Joined(h))
}

// named: a receiver that requests no attributes gets none.
func named(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("named", nil)
	c.request(trip, "order", queue, ten(1))
	out, err := c.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: queue})
	if err != nil || len(out.Messages) != 1 || len(out.Messages[0].MessageAttributes) != 0 {
		t.Fatalf("received %v, %v, want one message without attributes", out, err)
	}
}

func without(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("without", nil)
	c.request(trip, "first", queue, ten(1))
	c.request(trip, "second", queue, http.Header{})
	c.work(trip, c.receive(queue, 2)...)
	trip.Got("second", http.Header{})
}

// empty: Amazon refuses a message with an empty attribute. Lines yields no empty values, so an empty received header
// does not make the call fail.
func empty(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue, _ := c.queue("empty", nil)
	h := ten(1)
	h["X-Tenant"] = []string{""}
	c.request(trip, "order", queue, h)
	messages := c.receive(queue, 1)
	c.work(trip, messages...)
	if _, ok := messages[0].MessageAttributes["x-tenant"]; ok {
		t.Error("the message has the attribute x-tenant, want empty values omitted")
	}
	trip.Got("order", jobtrip.Joined(jobtrip.Without(h, "X-Tenant")))
}

// topic sends a message to SNS, which sends it to SQS.
func topic(t *testing.T, c *cloud) {
	trip := newTrip(t)
	queue := c.fanOut(trip, "raw", subscribe)
	c.work(trip, c.receive(queue, 1)...)
	trip.Got("order", jobtrip.Joined(ten(1)))
}

// wrapped: without raw delivery, the attributes are in the body of the message.
func wrapped(t *testing.T, c *cloud) {
	queue := c.fanOut(newTrip(t), "wrapped", func(ctx context.Context, client *sns.Client, topic, queue *string) error {
		_, err := client.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic, Protocol: aws.String("sqs"), Endpoint: queue})
		return err
	})
	message := c.receive(queue, 1)[0]
	if len(message.MessageAttributes) != 0 || !strings.Contains(*message.Body, `"traceparent"`) {
		t.Errorf("the message has the attributes %v and the body %s, want the attributes in the body", message.MessageAttributes, *message.Body)
	}
}

// fanOut publishes the message "order" to a topic with a queue, and returns the queue.
func (c *cloud) fanOut(trip *jobtrip.Trip, name string, subscribe func(ctx context.Context, client *sns.Client, topic, queue *string) error) (queue *string) {
	c.t.Helper()
	queue, arn := c.queue(name, nil)
	created, err := c.sns.CreateTopic(c.t.Context(), &sns.CreateTopicInput{Name: &name})
	if err == nil {
		err = subscribe(c.t.Context(), c.sns, created.TopicArn, arn)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	trip.Request(ten(1), func(ctx context.Context) error {
		return publish(ctx, trip.P, c.sns, &sns.PublishInput{TopicArn: created.TopicArn, Message: aws.String("order")})
	})
	return queue
}

// allFormats: with Limits.MessageLines, the server accepts a message for a request with all formats.
func allFormats(t *testing.T, c *cloud) {
	trip := jobtrip.New(t, newPropagator())
	queue, _ := c.queue("all", nil)
	c.request(trip, "order", queue, jobtrip.Headers(1, propagation.AllFormats()...))
	c.work(trip, c.receive(queue, 1)...)
	trip.Got("order", jobtrip.Joined(jobtrip.Without(
		jobtrip.Headers(1, propagation.W3C, propagation.B3Single, propagation.B3Multi, propagation.GRPCTraceBin), "X-Tenant")))
}

// refused: the server refuses the headers that the recipe omits.
func refused(t *testing.T, c *cloud) {
	queue, _ := c.queue("refused", nil)
	for name, h := range map[string]http.Header{"eleven": jobtrip.Headers(1, propagation.AllFormats()...), "empty": {"X-Tenant": {""}}} {
		all := map[string]types.MessageAttributeValue{}
		for name, lines := range h {
			all[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(lines[0])}
		}
		if _, err := c.sqs.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: queue, MessageBody: aws.String("x"), MessageAttributes: all}); err == nil {
			t.Errorf("%s: the server accepts the attributes %q, want an error", name, h)
		}
	}
}

// TestFewFormats: the formats of the recipe and x-request-id fit into a message, whatever headers the request has.
func TestFewFormats(t *testing.T) {
	p := propagation.MustNew(propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.RequestID},
		Limits:  propagation.Limits{MessageLines: 10},
	})
	all := map[string]types.MessageAttributeValue{}
	attributes(all, p.Lines(p.ExtractHTTP(context.Background(), jobtrip.Headers(1, propagation.AllFormats()...)), "sqs:orders"))
	const want = "traceparent tracestate x-b3-flags x-b3-parentspanid x-b3-sampled x-b3-spanid x-b3-traceid x-request-id"
	if got := strings.Join(slices.Sorted(maps.Keys(all)), " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestTenAttributes: with Limits.MessageLines, a message never has more attributes. The least important formats are
// dropped first.
func TestTenAttributes(t *testing.T) {
	p := newPropagator()
	for _, test := range []struct {
		formats []propagation.Format
		want    string
	}{
		{[]propagation.Format{propagation.W3C, propagation.B3Single, propagation.B3Multi, propagation.RequestID},
			"b3 traceparent tracestate x-b3-flags x-b3-parentspanid x-b3-sampled x-b3-spanid x-b3-traceid x-request-id"},
		{[]propagation.Format{propagation.W3C, propagation.B3Single, propagation.B3Multi, propagation.CloudTrace, propagation.RequestID, propagation.Baggage},
			"b3 traceparent tracestate x-b3-flags x-b3-parentspanid x-b3-sampled x-b3-spanid x-b3-traceid x-cloud-trace-context"},
	} {
		all := map[string]types.MessageAttributeValue{}
		attributes(all, p.Lines(p.ExtractHTTP(context.Background(), jobtrip.Headers(1, test.formats...)), "sqs:orders"))
		if got := strings.Join(slices.Sorted(maps.Keys(all)), " "); got != test.want {
			t.Errorf("%v\ngot  %s\nwant %s", test.formats, got, test.want)
		}
	}
}
