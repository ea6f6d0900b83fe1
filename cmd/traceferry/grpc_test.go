package main

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
)

// TestDoctorOverGRPC: a gRPC service, and the same port of the echo for its calls.
func TestDoctorOverGRPC(t *testing.T) {
	p := propagation.MustNew(everything)
	for name, tt := range map[string]struct {
		server, client bool // carry
		status         int
		finding        string
	}{
		"carries":      {true, true, good, "grpctracebin   carried"},
		"reads none":   {false, true, bad, "all headers lost in /ratings.Ratings/Average"},
		"bare client":  {true, false, bad, "all headers lost in /ratings.Ratings/Average"},
		"carries none": {false, false, bad, "all headers lost in /ratings.Ratings/Average"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var server []grpc.ServerOption
			client := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
			if tt.server {
				server = grpctrace.ServerOptions(p)
			}
			if tt.client {
				client = append(client, grpctrace.DialOptions(p)...)
			}
			echo := startEcho(t)
			conn := dial(t, echo, client...)
			address := serveGRPC(t, append(server, grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error {
				if err := s.RecvMsg(&emptypb.Empty{}); err != nil {
					return err
				}
				if err := conn.Invoke(s.Context(), "/ratings.Ratings/Average", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
					return err
				}
				return s.SendMsg(&emptypb.Empty{})
			}))...)
			got := runWith(t, "", "doctor", "-wait", "100ms", "-echo", echo, "grpc://"+address+"/shop.Shop/Buy")
			if got.status != tt.status || got.errors != "" || !strings.Contains(got.out, tt.finding) {
				t.Errorf("status %d, errors %q, want %d and %q\n%s", got.status, got.errors, tt.status, tt.finding, got.out)
			}
		})
	}
}

// TestDoctorFromHTTPToGRPC: base64 becomes bytes and base64 again.
func TestDoctorFromHTTPToGRPC(t *testing.T) {
	echo := startEcho(t)
	p := propagation.MustNew(everything)
	conn := dial(t, echo, append(grpctrace.DialOptions(p), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	service := httptest.NewServer(httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stream, err := conn.NewStream(r.Context(), &grpc.StreamDesc{ServerStreams: true}, "/ratings.Ratings/Each")
		if err == nil {
			err = stream.SendMsg(&emptypb.Empty{})
		}
		if err == nil {
			err = stream.CloseSend()
		}
		for err == nil {
			err = stream.RecvMsg(&emptypb.Empty{})
		}
	})))
	defer service.Close()
	got := runWith(t, "", "doctor", "-wait", "100ms", "-echo", echo, "-want", "grpctracebin,tracecontext", service.URL)
	if got.status != good || !strings.Contains(got.out, fmt.Sprint(2*exchanges, " calls")) && !strings.Contains(got.out, fmt.Sprint(exchanges, " calls: /ratings.Ratings/Each")) {
		t.Errorf("status %d, errors %q\n%s", got.status, got.errors, got.out)
	}
}

func dial(t *testing.T, url string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(strings.TrimPrefix(url, "http://"), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func serveGRPC(t *testing.T, opts ...grpc.ServerOption) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer(opts...)
	go s.Serve(l)
	t.Cleanup(s.Stop)
	return l.Addr().String()
}
