package frameworks

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/traceferry/traceferry/propagation"
)

// attributes lets a Propagator read and write the attributes of an SQS message.
type attributes map[string]types.MessageAttributeValue

func (a attributes) Get(name string) string { return aws.ToString(a[name].StringValue) }

func (a attributes) Set(name, value string) {
	a[name] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
}

func (a attributes) Keys() []string { return slices.Collect(maps.Keys(a)) }

// queue is a client of a stand-in for SQS. The stand-in keeps one message, and returns only the requested attributes.
func queue(t *testing.T) *sqs.Client {
	var kept map[string]any
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in map[string]any
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			t.Error(err)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if r.Header.Get("X-Amz-Target") == "AmazonSQS.SendMessage" {
			kept, _ = in["MessageAttributes"].(map[string]any)
			w.Write([]byte(`{"MessageId":"1"}`))
			return
		}
		message := map[string]any{"MessageId": "1", "ReceiptHandle": "1", "Body": "x"}
		if in["MessageAttributeNames"] != nil {
			message["MessageAttributes"] = kept
		}
		json.NewEncoder(w).Encode(map[string]any{"Messages": []any{message}})
	}))
	return sqs.New(sqs.Options{
		BaseEndpoint: &url, Region: "eu-central-1", DisableMessageChecksumValidation: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "id", SecretAccessKey: "secret"}, nil
		}),
	})
}

func TestSQS(t *testing.T) {
	client, back := queue(t), newBackend(t)
	queueURL := aws.String("http://queue")

	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.RequestID, propagation.Baggage}})

	within(t, p, func(ctx context.Context) {
		out := &sqs.SendMessageInput{QueueUrl: queueURL, MessageBody: aws.String("x"), MessageAttributes: attributes{}}
		p.Inject(ctx, attributes(out.MessageAttributes))
		if len(out.MessageAttributes) != 3 {
			t.Errorf("the message has the attributes %v, want three", out.MessageAttributes)
		}
		if _, err := client.SendMessage(ctx, out); err != nil {
			t.Error(err)
		}
	})
	in := &sqs.ReceiveMessageInput{QueueUrl: queueURL, MessageAttributeNames: []string{"All"}}
	got, err := client.ReceiveMessage(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range got.Messages {
		ctx := p.Extract(context.Background(), attributes(message.MessageAttributes))
		h := http.Header{}
		p.InjectHTTP(ctx, h)
		back.arrived <- h
	}
	arrived := back.next(t)
	if !slices.Equal(arrived["Traceparent"], came["Traceparent"]) || !slices.Equal(arrived["X-Request-Id"], came["X-Request-Id"]) || arrived.Get("Baggage") != "a=1,b=2" {
		t.Errorf("the call for the message carried %q, want the received headers", arrived)
	}

	in.MessageAttributeNames = nil
	if got, err = client.ReceiveMessage(t.Context(), in); err != nil || len(got.Messages[0].MessageAttributes) != 0 {
		t.Errorf("the stand-in returned %v, %v, want a message without attributes because none was requested", got, err)
	}
}

// TestSQSTenAttributes: a message can have ten attributes. All formats together have more names.
func TestSQSTenAttributes(t *testing.T) {
	for _, test := range []struct {
		formats []propagation.Format
		fit     bool
	}{
		{[]propagation.Format{propagation.W3C, propagation.RequestID, propagation.Baggage}, true},
		{[]propagation.Format{propagation.W3C, propagation.B3Multi, propagation.Baggage}, true},
		{nil, false}, // the zero Config's
	} {
		p := propagation.MustNew(propagation.Config{Formats: test.formats})
		if n := len(p.Fields()); (n <= 10) != test.fit {
			t.Errorf("%v may set %d attributes, want at most ten: %v", test.formats, n, test.fit)
		}
	}
}
