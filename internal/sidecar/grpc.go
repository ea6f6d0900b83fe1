package sidecar

import (
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
)

// GRPC returns the proxy in front of a gRPC service, to which target is connected. The proxy
// is a server that forwards the messages of all methods unchanged, in both directions. Field
// 1 of a call's first message is an integer, the number of the call's Journey.
func (p *Proxies) GRPC(target grpc.ClientConnInterface) *grpc.Server {
	return grpc.NewServer(
		grpc.ForceServerCodecV2(Frames{}),
		grpc.UnknownServiceHandler(func(_ any, in grpc.ServerStream) error { return p.forward(in, target) }),
	)
}

// forward forwards one call, and returns its answer to the caller.
func (p *Proxies) forward(in grpc.ServerStream, target grpc.ClientConnInterface) error {
	method, _ := grpc.MethodFromServerStream(in)
	var first Frame
	if err := in.RecvMsg(&first); err != nil {
		return err
	}
	journey, err := number(first)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "the proxy before %s: no journey: %v", method, err)
	}
	md, _ := metadata.FromIncomingContext(in.Context())
	h := HeaderOf(md)
	if err := p.pass(method, journey, h); err != nil {
		return status.Errorf(codes.InvalidArgument, "the proxy before %s: %v", method, err)
	}

	ctx := metadata.NewOutgoingContext(in.Context(), MetadataOf(h)) // ends when the call does
	out, err := target.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method, grpc.ForceCodecV2(Frames{}))
	if err != nil {
		return err
	}
	go requests(in, out, first)
	return answers(in, out)
}

// requests forwards the caller's messages. The service may answer before the last one.
func requests(in grpc.ServerStream, out grpc.ClientStream, next Frame) {
	for {
		if out.SendMsg(next) != nil {
			return // the service sends no more answers; the function answers returns the status
		}
		switch err := in.RecvMsg(&next); {
		case errors.Is(err, io.EOF):
			out.CloseSend()
			return
		case err != nil:
			return // grpc-go has ended the call
		}
	}
}

// answers forwards the messages of the service, and returns its status.
func answers(in grpc.ServerStream, out grpc.ClientStream) error {
	header, err := out.Header()
	if err == nil {
		err = in.SendHeader(header)
	}
	for err == nil {
		var next Frame
		if err = out.RecvMsg(&next); err != nil {
			in.SetTrailer(out.Trailer())
			break
		}
		err = in.SendMsg(next)
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// number reads field 1 of a protobuf message.
func number(message Frame) (int, error) {
	field, kind, n := protowire.ConsumeTag(message)
	if n < 0 {
		return 0, protowire.ParseError(n)
	}
	if field != 1 || kind != protowire.VarintType {
		return 0, errors.New("the message does not begin with field 1, an integer")
	}
	v, n := protowire.ConsumeVarint(message[n:])
	return int(v), protowire.ParseError(n)
}
