package interop

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
)

// A grpc-gateway drops headers that it does not know. It need not know them, if httptrace.Middleware is around its mux
// and its connection has grpctrace.DialOptions. If you cannot add both, two lines in its header matcher forward the
// headers that a Propagator carries.
func Example_grpcGateway() {
	p := propagation.MustNew(propagation.Config{})

	read := p.ReadFields()
	matcher := func(name string) (string, bool) {
		if lower := strings.ToLower(name); slices.Contains(read, lower) {
			return lower, true
		}
		return runtime.DefaultHeaderMatcher(name)
	}
	mux := runtime.NewServeMux(runtime.WithIncomingHeaderMatcher(matcher))

	register(mux, printing("x-request-id", "b3"))
	r := httptest.NewRequest("GET", "/call", nil)
	r.Header.Set("X-Request-Id", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d")
	r.Header.Set("B3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1")
	mux.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// x-request-id [5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d]
	// b3 [463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1]
}

// register registers one method, as generated code does.
func register(mux *runtime.ServeMux, client testgrpc.TestServiceClient) {
	mux.HandlePath("GET", "/call", func(w http.ResponseWriter, r *http.Request, _ map[string]string) {
		ctx, err := runtime.AnnotateContext(r.Context(), mux, r, testgrpc.TestService_EmptyCall_FullMethodName)
		if err == nil {
			_, err = client.EmptyCall(ctx, new(testgrpc.Empty))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
}

// printing starts a gRPC server that prints some of the received metadata.
func printing(names ...string) testgrpc.TestServiceClient {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(grpc.UnaryInterceptor(func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		for _, name := range names {
			fmt.Println(name, md[name])
		}
		return req, nil
	}))
	testgrpc.RegisterTestServiceServer(server, testgrpc.UnimplementedTestServiceServer{})
	go server.Serve(listener)
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return testgrpc.NewTestServiceClient(conn)
}

// TestGRPCGateway sends every header through a gateway with each of the two ways, and with both.
func TestGRPCGateway(t *testing.T) {
	formats := []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.GRPCTraceBin, propagation.Jaeger}
	p := propagation.MustNew(propagation.Config{Formats: formats})
	matcher := runtime.WithIncomingHeaderMatcher(func(name string) (string, bool) {
		if lower := strings.ToLower(name); slices.Contains(p.ReadFields(), lower) {
			return lower, true
		}
		return runtime.DefaultHeaderMatcher(name)
	})
	for name, way := range map[string]struct {
		mux     *runtime.ServeMux
		ours    *propagation.Propagator // the Propagator of the middleware and of the connection; nil without them
		baggage []string                // expected values of a name under a prefix, which the matcher cannot list
	}{
		"matcher":    {runtime.NewServeMux(matcher), nil, nil},
		"middleware": {runtime.NewServeMux(), p, []string{"a"}},
		"both":       {runtime.NewServeMux(matcher), p, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			last := startHop(t, nil)
			register(way.mux, last.client(t, grpctrace.DialOptions(way.ours)...))
			gateway := httptest.NewServer(httptrace.Middleware(way.ours)(way.mux))
			defer gateway.Close()

			r, _ := http.NewRequest("GET", gateway.URL+"/call", nil)
			for _, f := range formats {
				writers[f].InjectHTTP(startSpan(context.Background(), callersSpan), r.Header)
			}
			r.Header.Set("uberctx-user", "a")
			if way.ours != nil { // the gateway copies this header of an untrusted caller to metadata
				r.Header.Set("Grpc-Metadata-Traceparent", "mine")
			}
			resp, err := http.DefaultClient.Do(r)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Fatal(resp, err)
			}
			resp.Body.Close()
			got := (<-last.arrived).metadata
			for name, lines := range sent(formats...) {
				if !slices.Equal(got[name], lines) {
					t.Errorf("%s arrived as %q, want %q", name, got[name], lines)
				}
			}
			if !slices.Equal(got["uberctx-user"], way.baggage) {
				t.Errorf("uberctx-user arrived as %q, want %q", got["uberctx-user"], way.baggage)
			}
		})
	}
}
