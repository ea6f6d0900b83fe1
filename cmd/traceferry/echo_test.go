package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// buffer is a bytes.Buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// runEcho runs the subcommand on a free port. It returns the URL, what it writes, and a function that ends it.
func runEcho(t *testing.T, args ...string) (url string, out *buffer, end func() (status int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var errors buffer
	out = new(buffer)
	done := make(chan int, 1)
	go func() {
		done <- runContext(ctx, append([]string{"echo", "-listen", "127.0.0.1:0"}, args...), nil, out, &errors)
	}()
	t.Cleanup(cancel)
	for !strings.Contains(errors.String(), "Press Ctrl-C") {
		time.Sleep(time.Millisecond)
	}
	url, _, _ = strings.Cut(strings.TrimPrefix(errors.String(), "Listening on "), " ")
	return url, out, func() int { cancel(); return <-done }
}

func request(t *testing.T, method, url string, h http.Header) (status int, body string) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = h
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestEcho(t *testing.T) {
	url, out, end := runEcho(t, "-keep", "End-User")
	h := http.Header{"Traceparent": {"00-1-2-3"}, "Tracestate": {"a=1", "b=2"}, "Authorization": {"Bearer secret"}, "End-User": {"alice"}, "Accept": {"\u009b2J"}}
	status, body := request(t, "POST", url+"/details?id=7", h)
	var got struct {
		Method, URI string
		Headers     http.Header
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 || got.Method != "POST" || got.URI != "/details?id=7" || len(got.Headers["Tracestate"]) != 2 {
		t.Errorf("%d %s %v", status, body, err)
	}
	if strings.Contains(body, "\u009b") {
		t.Errorf("the answer has a raw escape: %q", body)
	}
	if status := end(); status != good {
		t.Errorf("status %d", status)
	}
	want := "1  POST /details?id=7 HTTP/1.1\n   end-user: alice\n   traceparent: 00-1-2-3\n   tracestate: a=1\n   tracestate: b=2\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}

// TestEchoEscapes: what a caller sends cannot steer the terminal of the echo.
func TestEchoEscapes(t *testing.T) {
	url, out, _ := runEcho(t)
	request(t, "GET", url+"/%1b[2J", http.Header{"B3": {"\xc2\x9b31m"}, "Baggage": {"a=\u202e"}})
	for _, c := range out.String() {
		if c != '\n' && (c < ' ' || c > '~') {
			t.Errorf("%q is written: %q", c, out)
		}
	}
	if !strings.Contains(out.String(), `b3: \u009b31m`) {
		t.Errorf("%q", out)
	}
}

func TestEchoAnswersAsTold(t *testing.T) {
	url, out, _ := runEcho(t, "-status", "503", "-body", "testdata/decode/echo.json.txt", "-q")
	status, body := request(t, "GET", url+"/", nil)
	if status != 503 || !strings.HasPrefix(body, "{\n  \"headers\"") || out.String() != "" {
		t.Errorf("%d %q, writes %q", status, body, out)
	}
}

// TestEchoRecords: the record has trace headers only, in order, and waits for calls.
func TestEchoRecords(t *testing.T) {
	echo := startEcho(t)
	r := recordings{url: echo, client: http.DefaultClient}
	if err := r.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	later := time.AfterFunc(50*time.Millisecond, func() {
		req, _ := http.NewRequest("GET", echo+"/later", nil)
		req.Header = http.Header{"B3": {"0", "1"}, "Cookie": {"secret"}}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
		}
	})
	defer later.Stop()
	calls, err := r.more(t.Context(), 10*time.Second)
	if err != nil || len(calls) != 1 || calls[0].what() != "GET /later" || fmt.Sprint(calls[0].Headers) != "[{b3 0} {b3 1}]" {
		t.Errorf("%+v, %v", calls, err)
	}
	if calls, err := r.more(t.Context(), time.Millisecond); err != nil || len(calls) != 0 {
		t.Errorf("again: %+v, %v", calls, err)
	}
	_, text := request(t, "GET", echo+recordPath, nil)
	if !strings.Contains(text, `"/later"`) || strings.Contains(text, "secret") {
		t.Errorf("the record is %s", text)
	}
	for range maxCalls + 5 {
		request(t, "GET", echo+"/", nil)
	}
	if calls, err := r.more(t.Context(), 0); err != nil || len(calls) != maxCalls || calls[len(calls)-1].Seq != maxCalls+6 {
		t.Errorf("%d calls, %v", len(calls), err)
	}
}

// TestEchoOverGRPC: a real gRPC client gets an answer to calls of every kind.
func TestEchoOverGRPC(t *testing.T) {
	echo := startEcho(t)
	conn := dial(t, echo, grpc.WithTransportCredentials(insecure.NewCredentials()))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, "grpc-trace-bin", "\x00\x01", "b3", "0", "b3", "1")
	out := &wrapperspb.StringValue{Value: "old"}
	if err := conn.Invoke(ctx, "/a.B/Unary", wrapperspb.String(strings.Repeat("x", 100_000)), out); err != nil || out.Value != "" {
		t.Errorf("unary: %v, %v", out, err)
	}
	for _, desc := range []grpc.StreamDesc{{ServerStreams: true}, {ClientStreams: true}, {ClientStreams: true, ServerStreams: true}} {
		s, err := conn.NewStream(ctx, &desc, "/a.B/Stream")
		if err != nil {
			t.Fatal(err)
		}
		messages := 1
		if desc.ClientStreams {
			messages = 3
		}
		for range messages {
			if err := s.SendMsg(&emptypb.Empty{}); err != nil && err != io.EOF {
				t.Fatal(err)
			}
		}
		if desc.ServerStreams && desc.ClientStreams { // a dialogue
			if err := s.RecvMsg(&emptypb.Empty{}); err != nil {
				t.Errorf("%+v: %v", desc, err)
			}
			time.Sleep(10 * time.Millisecond)
			if err := s.SendMsg(&emptypb.Empty{}); err != nil {
				t.Errorf("after the answer: %v", err)
			}
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		if desc.ServerStreams != desc.ClientStreams {
			if err := s.RecvMsg(&emptypb.Empty{}); err != nil {
				t.Errorf("%+v: %v", desc, err)
			}
		}
		if err := s.RecvMsg(&emptypb.Empty{}); err != io.EOF {
			t.Errorf("%+v: the end is %v", desc, err)
		}
	}
	calls, err := (&recordings{url: echo, client: http.DefaultClient, next: 1}).more(ctx, 0)
	if err != nil || len(calls) != 4 || calls[0].what() != "/a.B/Unary" || fmt.Sprint(calls[0].Headers) != "[{b3 0} {b3 1} {grpc-trace-bin AAE}]" {
		t.Errorf("%+v, %v", calls, err)
	}
}
