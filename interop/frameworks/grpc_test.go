package frameworks

import (
	"context"
	"net"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

const emptyCall = "/grpc.testing.TestService/EmptyCall"

func TestConnect(t *testing.T) {
	p, client, back := setUp(t)
	last := http.NewServeMux()
	last.Handle(emptyCall, connect.NewUnaryHandler(emptyCall, func(_ context.Context, r *connect.Request[testgrpc.Empty]) (*connect.Response[testgrpc.Empty], error) {
		back.arrived <- r.Header().Clone()
		return connect.NewResponse(r.Msg), nil
	}))
	url := serve(t, last) + emptyCall
	mux := http.NewServeMux()

	handler := httptrace.Middleware(p)(mux)
	caller := connect.NewClient[testgrpc.Empty, testgrpc.Empty](client, url)

	mux.HandleFunc("/", func(_ http.ResponseWriter, r *http.Request) {
		if _, err := caller.CallUnary(r.Context(), connect.NewRequest(new(testgrpc.Empty))); err != nil {
			t.Error(err)
		}
	})
	send(t, serve(t, handler))
	back.got(t)
}

// metadataRecorder is a gRPC server with ServerOptions, whose handlers make HTTP calls.
type metadataRecorder struct {
	testgrpc.UnimplementedTestServiceServer
	next func(context.Context) error
}

func (r metadataRecorder) EmptyCall(ctx context.Context, e *testgrpc.Empty) (*testgrpc.Empty, error) {
	return e, r.next(ctx)
}

func TestGRPCAndGateway(t *testing.T) {
	p, client, back := setUp(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}

	server := grpc.NewServer(grpctrace.ServerOptions(p)...)

	testgrpc.RegisterTestServiceServer(server, metadataRecorder{next: func(ctx context.Context) error { return callWith(ctx, client, back.url) }})
	go server.Serve(listener)
	defer server.Stop()
	target, creds := listener.Addr().String(), insecure.NewCredentials()

	conn, err := grpc.NewClient(target, append(grpctrace.DialOptions(p), grpc.WithTransportCredentials(creds))...)

	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	mux := runtime.NewServeMux()
	register(t, mux, testgrpc.NewTestServiceClient(conn))

	handler := httptrace.Middleware(p)(mux)

	send(t, serve(t, handler))
	back.got(t)

	send(t, serve(t, mux)) // the gateway alone forwards only headers that it knows
	back.gotNothing(t)
}

// register registers one method, as generated code does.
func register(t *testing.T, mux *runtime.ServeMux, client testgrpc.TestServiceClient) {
	err := mux.HandlePath("GET", "/", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
		ctx, err := runtime.AnnotateContext(r.Context(), mux, r, emptyCall)
		if err == nil {
			_, err = client.EmptyCall(ctx, new(testgrpc.Empty))
		}
		if err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}
