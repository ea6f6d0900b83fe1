package grpctrace_test

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// service is a gRPC service with a unary method and a streaming method. It is written by hand, so that the tests need
// no generated code.
type service struct {
	unary  func(ctx context.Context, msg []byte) ([]byte, error)
	stream func(grpc.ServerStream) error
}

const (
	unaryMethod  = "/traceferry.test.Service/Unary"
	streamMethod = "/traceferry.test.Service/Stream"
)

var bidirectional = grpc.StreamDesc{StreamName: "Stream", ServerStreams: true, ClientStreams: true}

var description = grpc.ServiceDesc{
	ServiceName: "traceferry.test.Service",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Unary",
		Handler: func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			req := new(wrapperspb.BytesValue)
			if err := decode(req); err != nil {
				return nil, err
			}
			handle := func(ctx context.Context, req any) (any, error) {
				answer, err := srv.(service).unary(ctx, req.(*wrapperspb.BytesValue).Value)
				return wrapperspb.Bytes(answer), err
			}
			if intercept == nil {
				return handle(ctx, req)
			}
			return intercept(ctx, req, &grpc.UnaryServerInfo{Server: srv, FullMethod: unaryMethod}, handle)
		},
	}},
	Streams: []grpc.StreamDesc{{
		StreamName:    bidirectional.StreamName,
		Handler:       func(srv any, s grpc.ServerStream) error { return srv.(service).stream(s) },
		ServerStreams: true, ClientStreams: true,
	}},
}

// serve starts a server on loopback and returns its address.
func serve(t testing.TB, s service, opts ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
	server.RegisterService(&description, s)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func dial(t testing.TB, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// caller calls one of the methods with one message, and returns the answer.
type caller func(ctx context.Context, conn grpc.ClientConnInterface, msg []byte) ([]byte, error)

// callers are the two ways to call.
var callers = map[string]caller{"unary": callUnary, "stream": callStream}

func callUnary(ctx context.Context, conn grpc.ClientConnInterface, msg []byte) ([]byte, error) {
	answer := new(wrapperspb.BytesValue)
	err := conn.Invoke(ctx, unaryMethod, wrapperspb.Bytes(msg), answer)
	return answer.Value, err
}

func callStream(ctx context.Context, conn grpc.ClientConnInterface, msg []byte) ([]byte, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s, err := conn.NewStream(ctx, &bidirectional, streamMethod)
	if err != nil {
		return nil, err
	}
	if err := s.SendMsg(wrapperspb.Bytes(msg)); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	s.CloseSend()
	answer := new(wrapperspb.BytesValue)
	if err := s.RecvMsg(answer); err != nil {
		return nil, err
	}
	if err := s.RecvMsg(new(wrapperspb.BytesValue)); !errors.Is(err, io.EOF) {
		return nil, err
	}
	return answer.Value, nil
}

// serviceOf makes a service that answers both methods in the same way.
func serviceOf(answer func(ctx context.Context, call caller, msg []byte) ([]byte, error)) service {
	return service{
		unary: func(ctx context.Context, msg []byte) ([]byte, error) { return answer(ctx, callUnary, msg) },
		stream: func(s grpc.ServerStream) error {
			msg := new(wrapperspb.BytesValue)
			if err := s.RecvMsg(msg); err != nil {
				return err
			}
			reply, err := answer(s.Context(), callStream, msg.Value)
			if err != nil {
				return err
			}
			return s.SendMsg(wrapperspb.Bytes(reply))
		},
	}
}

// echo answers with its received metadata, byte for byte.
func echo() service {
	return serviceOf(func(ctx context.Context, _ caller, _ []byte) ([]byte, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		var text bytes.Buffer
		err := gob.NewEncoder(&text).Encode(md)
		return text.Bytes(), err
	})
}

// forward makes a call with the context of the call that it serves, as an application does. It makes a unary call for a
// unary call, and a stream for a stream.
func forward(conn grpc.ClientConnInterface) service {
	return serviceOf(func(ctx context.Context, call caller, msg []byte) ([]byte, error) { return call(ctx, conn, msg) })
}

// arrived makes a call and returns the metadata that the echo at the end received.
func arrived(t testing.TB, ctx context.Context, call caller, conn grpc.ClientConnInterface) metadata.MD {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	answer, err := call(ctx, conn, nil)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, answer)
}

// decode reads the answer of an echo.
func decode(t testing.TB, answer []byte) (got metadata.MD) {
	t.Helper()
	if err := gob.NewDecoder(bytes.NewReader(answer)).Decode(&got); err != nil {
		t.Error(err)
	}
	return got
}

// sending returns a context with metadata that a plain client sends.
func sending(t testing.TB, md metadata.MD) context.Context {
	return metadata.NewOutgoingContext(t.Context(), md)
}
