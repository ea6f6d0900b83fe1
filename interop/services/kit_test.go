package services

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

const emptyCall = "/grpc.testing.TestService/EmptyCall"

// work is the work of the service for each request, whichever library it uses.
type work func(context.Context) error

// outgoing starts two callees. It returns work that calls both with traceferry, and one of them twice.
func outgoing(t *testing.T, m *propagationtest.Mesh, p *propagation.Propagator) work {
	details, ratings := m.HTTP("details"), m.GRPC("ratings")
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	conn := dial(t, ratings.Target, grpctrace.DialOptions(p)...)
	return func(ctx context.Context) error {
		return errors.Join(
			get(ctx, client, details.URL+"/details/1"),
			conn.Invoke(ctx, emptyCall, new(testgrpc.Empty), new(testgrpc.Empty)),
			stream(ctx, conn),
		)
	}
}

func dial(t *testing.T, target string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(target, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	io.Copy(io.Discard, resp.Body)
	return resp.Body.Close()
}

func stream(ctx context.Context, conn *grpc.ClientConn) error {
	s, err := testgrpc.NewTestServiceClient(conn).StreamingOutputCall(ctx, new(testgrpc.StreamingOutputCallRequest))
	for err == nil {
		_, err = s.Recv()
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// handler does the work in a net/http handler.
func (do work) handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := do(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
}

// all carries every format.
func all() *propagation.Propagator {
	return propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
}

// newMesh returns a mesh that expects every format.
func newMesh(t *testing.T) *propagationtest.Mesh {
	return propagationtest.New(t, propagationtest.Formats(propagation.AllFormats()...))
}
