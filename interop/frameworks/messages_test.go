package frameworks

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	coder "github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	gorilla "github.com/gorilla/websocket"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// headersOf returns the headers of a message to a host. A map has one value for each name, so repeated lines are joined.
func headersOf(ctx context.Context, p *propagation.Propagator, host string) map[string]string {
	headers := map[string]string{}
	for name, line := range p.Lines(ctx, host) {
		if before, repeated := headers[name]; repeated {
			line = before + "," + line
		}
		headers[name] = line
	}
	return headers
}

// envelope is a message on a WebSocket connection.
type envelope struct {
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// connection opens one connection. Its server calls handle for the messages one after the other, with the context and
// the number of the message. connection returns a function that sends a message with headers, and a function that ends
// the connection.
type connection func(t *testing.T, p *propagation.Propagator, handle func(ctx context.Context, n string)) (send func(ctx context.Context, n int) error, end func())

// dialHeader are the headers that open each connection. They have a trace that no message may carry.
var dialHeader = everyFormat(99999)

// TestMessages: each of 1,000 messages of 100 traces on one connection has the context of its own trace. The handlers
// of all messages run concurrently.
func TestMessages(t *testing.T) {
	const traces, messages = 100, 1000
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user"}})
	for name, open := range map[string]connection{"gRPC stream": overStream, "gorilla": overGorilla, "coder": overCoder} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			calls := map[string]http.Header{}
			next := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				calls[r.URL.Query().Get("n")] = r.Header.Clone()
			}))
			client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
			var handlers sync.WaitGroup
			send, end := open(t, p, func(ctx context.Context, n string) {
				handlers.Go(func() {
					if err := callWith(ctx, client, next+"/?n="+n); err != nil {
						t.Error(err)
					}
				})
			})
			for n := range messages {
				if err := send(p.ExtractHTTP(context.Background(), everyFormat(n%traces)), n); err != nil {
					t.Fatal(err)
				}
			}
			end()
			handlers.Wait()
			for n := range messages {
				h := calls[strconv.Itoa(n)]
				h.Del("User-Agent")
				h.Del("Accept-Encoding")
				headerdiff.Check(t, everyFormat(n%traces), h, "message %d: ", n)
			}
		})
	}
}

// TestMessageWithoutHeaders: a message without headers carries nothing. It does not carry the headers that opened the
// connection.
func TestMessageWithoutHeaders(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user"}})
	for name, open := range map[string]connection{"gRPC stream": overStream, "gorilla": overGorilla, "coder": overCoder} {
		send, end := open(t, p, func(ctx context.Context, _ string) {
			h := http.Header{}
			p.InjectHTTP(ctx, h)
			headerdiff.Check(t, http.Header{}, h, "%s: ", name)
		})
		if err := send(context.Background(), 1); err != nil {
			t.Fatal(err)
		}
		end()
	}
}

// overStream is a gRPC stream. Its message is a protobuf message with a field map<string, string>.
func overStream(t *testing.T, p *propagation.Propagator, handle func(context.Context, string)) (func(context.Context, int) error, func()) {
	server := grpc.NewServer(grpctrace.ServerOptions(p)...)
	chat := grpc.StreamDesc{StreamName: "Chat", ServerStreams: true, ClientStreams: true, Handler: func(_ any, stream grpc.ServerStream) error {
		for {
			message := new(errdetails.ErrorInfo)
			if err := stream.RecvMsg(message); err == io.EOF {
				return nil
			} else if err != nil {
				return err
			}
			ctx := p.ExtractLines(stream.Context(), maps.All(message.Metadata))
			handle(context.WithoutCancel(ctx), message.Metadata["n"])
		}
	}}
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "test.Talk", HandlerType: (*any)(nil), Streams: []grpc.StreamDesc{chat}}, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient(listener.Addr().String(), append(grpctrace.DialOptions(p), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	stream, err := conn.NewStream(p.ExtractHTTP(t.Context(), dialHeader), &chat, "/test.Talk/Chat")
	if err != nil {
		t.Fatal(err)
	}
	send := func(ctx context.Context, n int) error {
		message := &errdetails.ErrorInfo{Metadata: headersOf(ctx, p, listener.Addr().String())}
		message.Metadata["n"] = strconv.Itoa(n)
		return stream.SendMsg(message)
	}
	return send, func() {
		if err := stream.CloseSend(); err != nil {
			t.Error(err)
		}
		if err := stream.RecvMsg(new(errdetails.ErrorInfo)); err != io.EOF {
			t.Error(err)
		}
	}
}

// overGorilla is a connection of gorilla/websocket on both sides.
func overGorilla(t *testing.T, p *propagation.Propagator, handle func(context.Context, string)) (func(context.Context, int) error, func()) {
	var upgrader gorilla.Upgrader
	done := make(chan struct{})
	url := serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		for {
			var message envelope
			if err := conn.ReadJSON(&message); err != nil {
				return
			}
			ctx := p.ExtractLines(r.Context(), maps.All(message.Headers))
			handle(context.WithoutCancel(ctx), message.Headers["n"])
		}
	})))
	conn, _, err := gorilla.DefaultDialer.Dial(strings.Replace(url, "http", "ws", 1), dialHeader.Clone())
	if err != nil {
		t.Fatal(err)
	}
	send := func(ctx context.Context, n int) error {
		message := envelope{Headers: headersOf(ctx, p, "127.0.0.1")}
		message.Headers["n"] = strconv.Itoa(n)
		return conn.WriteJSON(message)
	}
	return send, func() {
		conn.Close()
		<-done
	}
}

// overCoder is a connection of coder/websocket on both sides.
func overCoder(t *testing.T, p *propagation.Propagator, handle func(context.Context, string)) (func(context.Context, int) error, func()) {
	done := make(chan struct{})
	url := serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		conn, err := coder.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		for {
			var message envelope
			if err := wsjson.Read(r.Context(), conn, &message); err != nil {
				return
			}
			ctx := p.ExtractLines(r.Context(), maps.All(message.Headers))
			handle(context.WithoutCancel(ctx), message.Headers["n"])
		}
	})))
	conn, _, err := coder.Dial(t.Context(), url, &coder.DialOptions{HTTPHeader: dialHeader.Clone()})
	if err != nil {
		t.Fatal(err)
	}
	send := func(ctx context.Context, n int) error {
		message := envelope{Headers: headersOf(ctx, p, "127.0.0.1")}
		message.Headers["n"] = strconv.Itoa(n)
		return wsjson.Write(t.Context(), conn, message)
	}
	return send, func() {
		if err := conn.Close(coder.StatusNormalClosure, ""); err != nil {
			t.Error(err)
		}
		<-done
	}
}
