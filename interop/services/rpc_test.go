package services

import (
	"context"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/grpc"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

// TestConnect: a connect service is called with connect's own protocol, and calls a gRPC service with gRPC's protocol.
func TestConnect(t *testing.T) {
	p := all()
	m := propagationtest.New(t, propagationtest.Formats(propagation.AllFormats()...), propagationtest.Requests(propagationtest.Request{
		Method: "POST", Path: emptyCall, Header: http.Header{"Content-Type": {"application/proto"}},
	}))
	do := outgoing(t, m, p)
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	base := &http.Transport{Protocols: protocols}
	t.Cleanup(base.CloseIdleConnections)
	stars := connect.NewClient[testgrpc.Empty, testgrpc.Empty](&http.Client{Transport: httptrace.NewTransport(p, base)},
		"http://"+m.GRPC("stars").Target+emptyCall, connect.WithGRPC())

	mux := http.NewServeMux()
	mux.Handle(emptyCall, connect.NewUnaryHandler(emptyCall,
		func(ctx context.Context, r *connect.Request[testgrpc.Empty]) (*connect.Response[testgrpc.Empty], error) {
			if _, err := stars.CallUnary(ctx, connect.NewRequest(new(testgrpc.Empty))); err != nil {
				return nil, err
			}
			return connect.NewResponse(r.Msg), do(ctx)
		}))
	m.Drive(httptrace.Middleware(p)(mux))
}

// ratings is a gRPC service.
type ratings struct {
	testgrpc.UnimplementedTestServiceServer
	do work
}

func (r ratings) EmptyCall(ctx context.Context, in *testgrpc.Empty) (*testgrpc.Empty, error) {
	return in, r.do(ctx)
}

func (r ratings) StreamingOutputCall(_ *testgrpc.StreamingOutputCallRequest, s grpc.ServerStreamingServer[testgrpc.StreamingOutputCallResponse]) error {
	return r.do(s.Context())
}

func TestGRPC(t *testing.T) {
	m, p := newMesh(t), all()
	s := grpc.NewServer(grpctrace.ServerOptions(p)...)
	testgrpc.RegisterTestServiceServer(s, ratings{do: outgoing(t, m, p)})
	m.Drive(s)
}
