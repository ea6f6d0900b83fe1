package grpctrace_test

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// everyBehaviour is a stream handler that uses every feature that grpc-go offers.
func everyBehaviour(s grpc.ServerStream) error {
	ctx := s.Context()
	if method, ok := grpc.MethodFromServerStream(s); !ok || method != streamMethod {
		return errors.New("MethodFromServerStream: " + method)
	}
	if transport := grpc.ServerTransportStreamFromContext(ctx); transport == nil || transport.Method() != streamMethod {
		return errors.New("no ServerTransportStream")
	}
	if names, err := grpc.ClientSupportedCompressors(ctx); err != nil || !slices.Contains(names, gzip.Name) {
		return errors.New("no compressors")
	}
	if _, ok := peer.FromContext(ctx); !ok {
		return errors.New("no peer")
	}
	if _, ok := ctx.Deadline(); !ok {
		return errors.New("no deadline")
	}
	in := new(wrapperspb.BytesValue)
	prepared := new(grpc.PreparedMsg)
	err := errors.Join(
		grpc.SetSendCompressor(ctx, gzip.Name),
		s.RecvMsg(in),
		s.SetHeader(metadata.Pairs("set", "1")),
		grpc.SetHeader(ctx, metadata.Pairs("set", "2")),
		s.SendHeader(metadata.Pairs("sent", "1")),
		grpc.SetTrailer(ctx, metadata.Pairs("trailer", "1")),
		prepared.Encode(s, in),
		s.SendMsg(prepared),
		s.SendMsg(in),
	)
	s.SetTrailer(metadata.Pairs("trailer", "2"))
	return err
}

// A stream that carries headers supports every feature of a plain stream.
func TestPromise6_ServerStream(t *testing.T) {
	p := propagation.MustNew(everything())
	for _, w := range wirings {
		t.Run(w.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(sending(t, inbound(1)), 10*time.Second)
			defer cancel()
			conn := dial(t, serve(t, service{stream: everyBehaviour}, w.server(p)...))
			s, err := conn.NewStream(ctx, &bidirectional, streamMethod)
			if err != nil {
				t.Fatal(err)
			}
			s.SendMsg(wrapperspb.Bytes([]byte("message")))
			s.CloseSend()
			for range 2 {
				got := new(wrapperspb.BytesValue)
				if err := s.RecvMsg(got); err != nil || string(got.Value) != "message" {
					t.Fatalf("received %q, want \"message\"; error %v", got.Value, err)
				}
			}
			if err := s.RecvMsg(new(wrapperspb.BytesValue)); err != io.EOF {
				t.Fatalf("at the end: error %v, want EOF", err)
			}
			header, err := s.Header()
			if err != nil || !reflect.DeepEqual(header["set"], []string{"1", "2"}) || !reflect.DeepEqual(header["sent"], []string{"1"}) {
				t.Errorf("header %v, want set 1 and 2, and sent 1; error %v", header, err)
			}
			if trailer := s.Trailer(); !reflect.DeepEqual(trailer["trailer"], []string{"1", "2"}) {
				t.Errorf("trailer %v, want 1 and 2", trailer)
			}
		})
	}
}

// The context of a server's stream has the headers for every message, as long as the stream lives.
func TestServerStreamContext(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, echo())
	for _, w := range wirings {
		t.Run(w.name, func(t *testing.T) {
			next := dial(t, back, w.client(p)...)
			perMessage := service{stream: func(s grpc.ServerStream) error {
				for in := new(wrapperspb.BytesValue); s.RecvMsg(in) == nil; {
					answer, err := callUnary(s.Context(), next, nil)
					if err != nil {
						return err
					}
					if err := s.SendMsg(wrapperspb.Bytes(answer)); err != nil {
						return err
					}
				}
				return nil
			}}
			s, err := dial(t, serve(t, perMessage, w.server(p)...)).NewStream(sending(t, inbound(1)), &bidirectional, streamMethod)
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				s.SendMsg(new(wrapperspb.BytesValue))
				got := new(wrapperspb.BytesValue)
				if err := s.RecvMsg(got); err != nil {
					t.Fatal(err)
				}
				checkVerbatim(t, decode(t, got.Value), inbound(1))
			}
			s.CloseSend()
		})
	}
}

// A client's stream injects once at its start, however many messages follow.
func TestClientStreamInjectsOnce(t *testing.T) {
	asked := new(atomic.Int64)
	c := everything()
	c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) {
		return callersSpan(uint64(asked.Add(1))), true
	}
	p := propagation.MustNew(c)
	target := serve(t, service{stream: func(s grpc.ServerStream) error {
		md, _ := metadata.FromIncomingContext(s.Context())
		for in := new(wrapperspb.BytesValue); s.RecvMsg(in) == nil; {
			s.SendMsg(wrapperspb.String(md["traceparent"][0]))
		}
		return nil
	}})
	for _, w := range wirings {
		t.Run(w.name, func(t *testing.T) {
			s, err := dial(t, target, w.client(p)...).NewStream(t.Context(), &bidirectional, streamMethod)
			if err != nil {
				t.Fatal(err)
			}
			want := metadata.MD{}
			begun := asked.Load()
			sidecar.InjectMetadata(withSpan(t.Context(), callersSpan(uint64(begun))), want)
			for range 5 {
				s.SendMsg(new(wrapperspb.BytesValue))
				got := new(wrapperspb.StringValue)
				if err := s.RecvMsg(got); err != nil || got.Value != want["traceparent"][0] {
					t.Errorf("the server got %q, %v; want %q", got.Value, err, want["traceparent"])
				}
			}
			s.CloseSend()
			if n := asked.Load(); n != begun {
				t.Errorf("injected again %d times, want 0", n-begun)
			}
		})
	}
}

var errSentinel = errors.New("sentinel")

// The interceptors pass all other parameters and results of a call unchanged.
func TestInterceptorsPassOn(t *testing.T) {
	p := propagation.MustNew(everything())
	ctx, conn, opts := received(t.Context(), p, 1), new(grpc.ClientConn), []grpc.CallOption{grpc.WaitForReady(true)}
	came := metadata.NewIncomingContext(t.Context(), inbound(1))

	err := grpctrace.UnaryClientInterceptor(p)(ctx, "method", "request", "reply", conn,
		func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, got ...grpc.CallOption) error {
			if method != "method" || req != "request" || reply != "reply" || cc != conn || !reflect.DeepEqual(got, opts) {
				t.Errorf("the invoker got %v %v %v %v %v, want the parameters unchanged", method, req, reply, cc, got)
			}
			return errSentinel
		}, opts...)
	if err != errSentinel {
		t.Errorf("the unary call returned %v, want the invoker's error", err)
	}

	stream := struct{ grpc.ClientStream }{}
	s, err := grpctrace.StreamClientInterceptor(p)(ctx, &bidirectional, conn, "method",
		func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, got ...grpc.CallOption) (grpc.ClientStream, error) {
			if desc != &bidirectional || cc != conn || method != "method" || !reflect.DeepEqual(got, opts) {
				t.Errorf("the streamer got %v %v %v %v, want the parameters unchanged", desc, cc, method, got)
			}
			return stream, errSentinel
		}, opts...)
	if s != stream || err != errSentinel {
		t.Errorf("the streaming call returned %v, %v, want the streamer's results", s, err)
	}

	reply, err := grpctrace.UnaryServerInterceptor(p)(came, "request", nil, func(_ context.Context, req any) (any, error) {
		return req, errSentinel
	})
	if reply != "request" || err != errSentinel {
		t.Errorf("the interceptor returned %v, %v, want the handler's results", reply, err)
	}

	bare := streamIn{ctx: t.Context()}
	err = grpctrace.StreamServerInterceptor(p)("service", bare, nil, func(srv any, s grpc.ServerStream) error {
		if srv != "service" || s != bare {
			t.Errorf("the handler got the stream %v of %v, want the original stream because nothing is carried", s, srv)
		}
		return errSentinel
	})
	if err != errSentinel {
		t.Errorf("the interceptor returned %v, want the stream handler's error", err)
	}
}
