package propagationtest_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestHandWritten: a careful loop passes, over HTTP and gRPC.
func TestHandWritten(t *testing.T) {
	m := propagationtest.New(t)
	details, ratings := m.HTTP("details"), m.GRPC("ratings")
	conn := dial(ratings.Target)
	defer conn.Close()
	m.Drive(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get(r.Context(), http.DefaultClient, details.URL+"/details/1", pick(r.Header))
		rate(r.Context(), conn, toMetadata(pick(r.Header)))
	}))
}

// TestTraceferry: a service with this library passes, with each kind of configuration.
func TestTraceferry(t *testing.T) {
	for name, config := range map[string]propagation.Config{
		"zero":        {},
		"all formats": {Formats: propagation.AllFormats()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			propagationtest.Run(t, func(m *propagationtest.Mesh) any { return newApp(t, m, config) }, briefly)
		})
	}
	for name, config := range map[string]func() propagation.Config{
		"Istio": preset.Istio, "Linkerd": preset.Linkerd, "Consul": preset.Consul, "Ambassador": preset.Ambassador, "Envoy": preset.Envoy,
		"GoogleCloud": preset.GoogleCloud, "AWS": preset.AWS, "Datadog": preset.Datadog, "SkyWalking": preset.SkyWalking, "OpenTelemetry": preset.OpenTelemetry,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := propagationtest.New(t, propagationtest.Carries(config()), propagationtest.OldEnvoy(), briefly)
			m.Drive(newApp(t, m, config()))
		})
	}
}

// newApp is a service with traceferry that calls both ways, once in a goroutine that outlives the request.
func newApp(t *testing.T, m *propagationtest.Mesh, config propagation.Config) http.Handler {
	p := propagation.MustNew(config)
	details, ratings := m.HTTP("details"), m.GRPC("ratings")
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	conn := dial(ratings.Target, grpctrace.DialOptions(p)...)
	t.Cleanup(func() { conn.Close() })
	return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get(r.Context(), client, details.URL+"/details/1", http.Header{})
		ctx := propagation.Copy(context.Background(), r.Context())
		go rate(ctx, conn, nil)
	}))
}

// TestGRPCServer drives a gRPC service, which calls over HTTP and gRPC.
func TestGRPCServer(t *testing.T) {
	m := propagationtest.New(t)
	users, stars := m.HTTP("users"), m.GRPC("stars")
	conn := dial(stars.Target)
	defer conn.Close()
	serve := func(ctx context.Context) {
		md, _ := metadata.FromIncomingContext(ctx)
		h := http.Header{}
		for name, lines := range md {
			for _, l := range lines {
				if strings.HasSuffix(name, "-bin") {
					l = base64.StdEncoding.EncodeToString([]byte(l))
				}
				h.Add(name, l)
			}
		}
		get(ctx, http.DefaultClient, users.URL, pick(h))
		rate(ctx, conn, toMetadata(pick(h)))
	}
	m.Drive(ratingsServer(serve))
}

// ratingsServer is a gRPC service with a unary method and a stream.
func ratingsServer(serve func(context.Context), opts ...grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(opts...)
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "bookinfo.Ratings",
		HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Average", Handler: func(_ any, ctx context.Context, dec func(any) error, mid grpc.UnaryServerInterceptor) (any, error) {
			in := new(emptypb.Empty)
			if err := dec(in); err != nil {
				return nil, err
			}
			handler := func(ctx context.Context, in any) (any, error) {
				serve(ctx)
				return in, nil
			}
			if mid == nil {
				return handler(ctx, in)
			}
			return mid(ctx, in, &grpc.UnaryServerInfo{FullMethod: "/bookinfo.Ratings/Average"}, handler)
		}}},
		Streams: []grpc.StreamDesc{{StreamName: "Each", ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error {
			serve(s.Context())
			return s.SendMsg(&emptypb.Empty{})
		}}},
	}, nil)
	return s
}
