package grpctrace

import (
	"context"
	"sync/atomic"

	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// answeringStream is a stream that tells its caller metadata before its first message. It replaces metadata of the same
// names that the handler passes on from an upstream.
type answeringStream struct {
	grpc.ServerStream
	ctx     context.Context
	answers *answers
	md      metadata.MD // nil if the caller must not get any
	told    atomic.Bool
}

// stream returns a stream with the context ctx that tells its caller. It returns nil if there is nothing to tell.
func (a *answers) stream(ctx context.Context, p *propagation.Propagator, stream grpc.ServerStream, info *grpc.StreamServerInfo) *answeringStream {
	if a == nil {
		return nil
	}
	md, allowed := a.metadata(ctx, p, info.FullMethod)
	if md == nil && allowed {
		return nil
	}
	return &answeringStream{ServerStream: stream, ctx: ctx, answers: a, md: md}
}

// serve calls the handler. A stream that fails without a message has no header, so that the caller can retry it.
func (s *answeringStream) serve(srv any, handler grpc.StreamHandler) error {
	err := handler(srv, s)
	if s.md != nil && !s.told.Swap(true) && (err != nil || s.ServerStream.SetHeader(s.md) != nil) {
		s.ServerStream.SetTrailer(s.md)
	}
	return err
}

func (s *answeringStream) Context() context.Context { return s.ctx }

func (s *answeringStream) SetHeader(md metadata.MD) error {
	return s.ServerStream.SetHeader(s.answers.without(md))
}

func (s *answeringStream) SendHeader(md metadata.MD) error {
	s.tell()
	return s.ServerStream.SendHeader(s.answers.without(md))
}

func (s *answeringStream) SetTrailer(md metadata.MD) {
	s.ServerStream.SetTrailer(s.answers.without(md))
}

func (s *answeringStream) SendMsg(m any) error {
	s.tell()
	return s.ServerStream.SendMsg(m)
}

// tell sets the header once. If grpc.SendHeader has sent the header already, tell sets the trailer.
func (s *answeringStream) tell() {
	if s.md != nil && !s.told.Swap(true) && s.ServerStream.SetHeader(s.md) != nil {
		s.ServerStream.SetTrailer(s.md)
	}
}
