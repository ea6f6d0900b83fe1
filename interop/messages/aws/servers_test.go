package aws

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/traceferry/traceferry/interop/messages/internal/broker"
)

// cloud has clients of a server.
type cloud struct {
	t   *testing.T
	sqs *sqs.Client
	sns *sns.Client
}

// startMoto starts moto's server, because Amazon's own service is in no registry. moto keeps queues and topics like
// Amazon. But it does not check the limits of a message.
func startMoto(t *testing.T) *cloud {
	program := broker.Program(t, "MOTO", "moto_server", "pip install moto[server]")
	port := fmt.Sprint(broker.Port(t))
	return start(t, port, program, "-H", "127.0.0.1", "-p", port)
}

// startElasticMQ starts ElasticMQ, which has no topics. It checks the limits of a message as Amazon does.
func startElasticMQ(t *testing.T) *cloud {
	jars := os.Getenv("ELASTICMQ")
	if jars == "" {
		t.Skip("ELASTICMQ is not set, so this test does not run. Set it to the folder of ElasticMQ's jars, which this command fills: " +
			"mvn -f testdata/pom.xml dependency:copy-dependencies -DoutputDirectory=FOLDER")
	}
	java := broker.Program(t, "JAVA", "java", "apt-get install default-jre-headless")
	port := fmt.Sprint(broker.Port(t))
	return start(t, port, java, "-Dnode-address.port="+port, "-Drest-sqs.bind-port="+port, "-Drest-sqs.bind-hostname=127.0.0.1",
		"-Drest-stats.enabled=false", "-cp", filepath.Join(jars, "*"), "org.elasticmq.server.Main")
}

// start starts a server and returns clients of it.
func start(t *testing.T, port, program string, args ...string) *cloud {
	url := aws.String("http://127.0.0.1:" + port)
	key := credentials.NewStaticCredentialsProvider("id", "secret", "")
	c := &cloud{
		t:   t,
		sqs: sqs.New(sqs.Options{BaseEndpoint: url, Region: "eu-central-1", Credentials: key}),
		sns: sns.New(sns.Options{BaseEndpoint: url, Region: "eu-central-1", Credentials: key}),
	}
	broker.Start(t, func(ctx context.Context) error {
		_, err := c.sqs.ListQueues(ctx, &sqs.ListQueuesInput{})
		return err
	}, program, nil, args...)
	return c
}

// queue creates a queue and returns its URL and its ARN.
func (c *cloud) queue(name string, attributes map[string]string) (url, arn *string) {
	c.t.Helper()
	out, err := c.sqs.CreateQueue(c.t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: attributes})
	if err != nil {
		c.t.Fatal(err)
	}
	return out.QueueUrl, aws.String("arn:aws:sqs:eu-central-1:123456789012:" + name)
}

// receive returns so many messages of a queue.
func (c *cloud) receive(queue *string, count int) (messages []types.Message) {
	c.t.Helper()
	for len(messages) < count {
		more, err := receive(c.t.Context(), c.sqs, queue)
		if err != nil {
			c.t.Fatal(err)
		}
		if len(more) == 0 {
			c.t.Fatalf("received %d messages, want %d", len(messages), count)
		}
		messages = append(messages, more...)
	}
	return messages
}

// again makes a message visible to the next receiver.
func (c *cloud) again(queue *string, message types.Message) {
	c.t.Helper()
	_, err := c.sqs.ChangeMessageVisibility(c.t.Context(), &sqs.ChangeMessageVisibilityInput{QueueUrl: queue, ReceiptHandle: message.ReceiptHandle})
	if err != nil {
		c.t.Fatal(err)
	}
}
