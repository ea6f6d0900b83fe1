package propagationtest

import (
	"context"
	"errors"
	"io"

	"github.com/traceferry/traceferry/internal/sidecar"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/proto" // the codec of the registered services
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// grpcServer is a gRPC callee. It judges in interceptors, which see the calls of all methods.
func (m *Mesh) grpcServer(c *callee) *grpc.Server {
	arrive := func(ctx context.Context, method string) error {
		md, _ := metadata.FromIncomingContext(ctx)
		if m.arrive(call{callee: c, what: method, header: sidecar.HeaderOf(md)}) {
			return status.Error(codes.Unavailable, "the stand-in refuses the first call")
		}
		return nil
	}
	s := grpc.NewServer(
		grpc.ForceServerCodecV2(codec{}),
		grpc.UnknownServiceHandler(answerAny),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := arrive(ctx, info.FullMethod); err != nil {
				return nil, err
			}
			return next(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, s grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := arrive(s.Context(), info.FullMethod); err != nil {
				return err
			}
			return next(srv, s)
		}),
	)
	if c.register != nil {
		c.register(s)
	}
	return s
}

// answerAny answers a call of any kind with one empty message, when the first message or the end of all has come.
func answerAny(_ any, s grpc.ServerStream) error {
	var in sidecar.Frame
	err := s.RecvMsg(&in)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := s.SendMsg(sidecar.Frame{}); err != nil {
		return err
	}
	for err == nil {
		err = s.RecvMsg(&in)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// codec passes frames as they are, and other messages as protobuf.
type codec struct{ sidecar.Frames }

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if _, raw := v.(sidecar.Frame); raw {
		return c.Frames.Marshal(v)
	}
	return encoding.GetCodecV2("proto").Marshal(v)
}

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	if _, raw := v.(*sidecar.Frame); raw {
		return c.Frames.Unmarshal(data, v)
	}
	return encoding.GetCodecV2("proto").Unmarshal(data, v)
}
