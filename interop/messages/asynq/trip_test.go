package asynq

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/traceferry/traceferry/interop/messages/internal/broker"
	"github.com/traceferry/traceferry/interop/messages/internal/jobtrip"
	"github.com/traceferry/traceferry/propagation"
)

const requests = 20

// TestRedis sends tasks through a Redis server.
func TestRedis(t *testing.T) {
	redis := startRedis(t)
	for name, test := range map[string]func(*testing.T, *service){
		"every task has its own headers":      everyTask,
		"a partner's queue gets no user data": partner,
		"a task that fails is tried again":    retry,
		"an archived task that runs again":    archived,
		"a unique task keeps the first trace": unique,
		"names in any case":                   otherProducers,
		"a task without headers":              without,
	} {
		t.Run(name, func(t *testing.T) { test(t, newService(t, redis)) })
	}
}

// startRedis starts a Redis server with a port of its own.
func startRedis(t *testing.T) asynq.RedisClientOpt {
	program := broker.Program(t, "REDIS", "redis-server", "apt-get install redis-server")
	address := fmt.Sprint("127.0.0.1:", broker.Port(t))
	redis := asynq.RedisClientOpt{Addr: address}
	client := asynq.NewClient(redis)
	defer client.Close()
	broker.Start(t, func(context.Context) error { return client.Ping() }, program, nil,
		"--bind", "127.0.0.1", "--port", strings.TrimPrefix(address, "127.0.0.1:"), "--save", "", "--appendonly", "no")
	return redis
}

// service is services A and B of one test. Each test has a queue of its own.
type service struct {
	*jobtrip.Trip
	t      *testing.T
	redis  asynq.RedisClientOpt
	client *asynq.Client
	queue  string
	done   chan struct{} // one for each task that B has handled
	fail   chan error    // the results of the next tasks
}

func newService(t *testing.T, redis asynq.RedisClientOpt) *service {
	client := asynq.NewClient(redis)
	t.Cleanup(func() { client.Close() })
	queue := "orders." + strings.ReplaceAll(t.Name(), "/", ".")
	p := jobtrip.Everything("asynq:orders.*")
	return &service{jobtrip.New(t, p), t, redis, client, queue, make(chan struct{}, requests), make(chan error, requests)}
}

// request sends a request to service A, which enqueues a task.
func (s *service) request(name string, h http.Header, opts ...asynq.Option) {
	s.t.Helper()
	s.Request(h, func(ctx context.Context) error {
		return enqueue(ctx, s.P, s.client, s.queue, "order", []byte(name), opts...)
	})
}

// work starts service B, and waits until it has handled so many tasks.
func (s *service) work(tasks int) {
	s.t.Helper()
	mux := newMux(s.P)
	mux.HandleFunc("order", func(ctx context.Context, task *asynq.Task) error {
		defer func() { s.done <- struct{}{} }()
		if err := s.Work(ctx, string(task.Payload())); err != nil {
			s.t.Error(err)
		}
		select {
		case err := <-s.fail:
			return err
		default:
			return nil
		}
	})
	b := asynq.NewServer(s.redis, asynq.Config{
		Queues: map[string]int{s.queue: 1}, Concurrency: 4, LogLevel: asynq.FatalLevel,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 0 },
		TaskCheckInterval:        10 * time.Millisecond,
		DelayedTaskCheckInterval: 10 * time.Millisecond,
	})
	if err := b.Start(mux); err != nil {
		s.t.Fatal(err)
	}
	defer b.Shutdown()
	for range tasks {
		select {
		case <-s.done:
		case <-time.After(20 * time.Second):
			s.t.Fatal("no task was handled within 20 seconds")
		}
	}
}

func everyTask(t *testing.T, s *service) {
	for n := range requests {
		s.request(jobtrip.Name(n), jobtrip.Headers(n, propagation.AllFormats()...))
	}
	s.work(requests)
	for n := range requests {
		s.Got(jobtrip.Name(n), jobtrip.Joined(jobtrip.Headers(n, propagation.AllFormats()...)))
	}
}

func partner(t *testing.T, s *service) {
	s.queue = "partner"
	received, want := jobtrip.Partner(1)
	s.request("order", received)
	s.work(1)
	s.Got("order", jobtrip.Joined(want))
}

func retry(t *testing.T, s *service) {
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", h)
	s.fail <- errors.New("the first time it fails")
	s.work(2)
	s.Got("order", jobtrip.Joined(h), jobtrip.Joined(h))
}

// archived: a task that may not be tried again is asynq's dead letter.
func archived(t *testing.T, s *service) {
	h := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", h)
	s.fail <- asynq.SkipRetry
	s.work(1)
	inspector := asynq.NewInspector(s.redis)
	defer inspector.Close()
	tasks, err := inspector.ListArchivedTasks(s.queue)
	if err != nil || len(tasks) != 1 {
		t.Fatalf("%d archived tasks, %v", len(tasks), err)
	}
	if err := inspector.RunTask(s.queue, tasks[0].ID); err != nil {
		t.Fatal(err)
	}
	s.work(1)
	s.Got("order", jobtrip.Joined(h), jobtrip.Joined(h))
}

// unique: asynq does not compare headers when it checks whether a task is unique.
func unique(t *testing.T, s *service) {
	first := jobtrip.Headers(1, propagation.AllFormats()...)
	s.request("order", first, asynq.Unique(time.Hour))
	s.Request(jobtrip.Headers(2, propagation.AllFormats()...), func(ctx context.Context) error {
		if err := enqueue(ctx, s.P, s.client, s.queue, "order", []byte("order"), asynq.Unique(time.Hour)); !errors.Is(err, asynq.ErrDuplicateTask) {
			t.Errorf("enqueuing the second task gives %v, want asynq.ErrDuplicateTask", err)
		}
		return nil
	})
	s.work(1)
	s.Got("order", jobtrip.Joined(first))
}

func otherProducers(t *testing.T, s *service) {
	h := jobtrip.Headers(1, propagation.W3C, propagation.RequestID)
	headers := map[string]string{}
	for name, lines := range jobtrip.Joined(h) {
		headers[strings.ToUpper(name)] = lines[0]
	}
	if _, err := s.client.Enqueue(asynq.NewTaskWithHeaders("order", []byte("order"), headers), asynq.Queue(s.queue)); err != nil {
		t.Fatal(err)
	}
	s.work(1)
	s.Got("order", jobtrip.Joined(h))
}

func without(t *testing.T, s *service) {
	s.request("first", jobtrip.Headers(1, propagation.AllFormats()...))
	s.request("second", http.Header{})
	s.work(2)
	s.Got("second", http.Header{})
}

// TestBytes: asynq stores a task as a protobuf message, whose strings must be UTF-8.
func TestBytes(t *testing.T) {
	client := asynq.NewClient(startRedis(t))
	defer client.Close()
	task := asynq.NewTaskWithHeaders("order", nil, map[string]string{"grpc-trace-bin": string(bytes.Repeat([]byte{0xff}, 3))})
	if _, err := client.Enqueue(task); err == nil {
		t.Error("asynq accepts a header that is not UTF-8, want an error")
	}
}
