package interop

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
)

// connectrpc.com/connect is net/http on both sides. So httptrace is sufficient for each of its protocols.

const (
	connectUnary  = "/grpc.testing.TestService/EmptyCall"
	connectStream = "/grpc.testing.TestService/StreamingOutputCall"
)

var connectProtocols = map[string][]connect.ClientOption{
	"Connect":  nil,
	"gRPC":     {connect.WithGRPC()},
	"gRPC-Web": {connect.WithGRPCWeb()},
}

// connectClient calls one of the two methods of a service.
type connectClient func(context.Context) error

func newConnectClient(client *http.Client, url string, stream bool, opts []connect.ClientOption) connectClient {
	if !stream {
		c := connect.NewClient[testgrpc.Empty, testgrpc.Empty](client, url+connectUnary, opts...)
		return func(ctx context.Context) error {
			_, err := c.CallUnary(ctx, connect.NewRequest(new(testgrpc.Empty)))
			return err
		}
	}
	c := connect.NewClient[testgrpc.StreamingOutputCallRequest, testgrpc.StreamingOutputCallResponse](client, url+connectStream, opts...)
	return func(ctx context.Context) error {
		s, err := c.CallServerStream(ctx, connect.NewRequest(new(testgrpc.StreamingOutputCallRequest)))
		if err != nil {
			return err
		}
		for s.Receive() {
		}
		s.Close()
		return s.Err()
	}
}

// connectHop is a service that records the headers of its calls, and makes calls with their context.
type connectHop struct {
	arrived chan http.Header
	next    connectClient // nil for the last service
}

func (h *connectHop) pass(ctx context.Context, header http.Header) error {
	h.arrived <- header.Clone()
	if h.next == nil {
		return nil
	}
	return h.next(ctx)
}

// start serves the hop over HTTP/2 without TLS, and over HTTP/1, and returns its URL.
func (h *connectHop) start(t *testing.T, wrap func(http.Handler) http.Handler) string {
	h.arrived = make(chan http.Header, 1)
	mux := http.NewServeMux()
	mux.Handle(connectUnary, connect.NewUnaryHandler(connectUnary,
		func(ctx context.Context, r *connect.Request[testgrpc.Empty]) (*connect.Response[testgrpc.Empty], error) {
			return connect.NewResponse(r.Msg), h.pass(ctx, r.Header())
		}))
	mux.Handle(connectStream, connect.NewServerStreamHandler(connectStream,
		func(ctx context.Context, r *connect.Request[testgrpc.StreamingOutputCallRequest], _ *connect.ServerStream[testgrpc.StreamingOutputCallResponse]) error {
			return h.pass(ctx, r.Header())
		}))
	s := httptest.NewUnstartedServer(wrap(mux))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

// overHTTP2 is a transport for HTTP/2 without TLS, which gRPC needs.
func overHTTP2(t *testing.T) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	base := &http.Transport{Protocols: protocols}
	t.Cleanup(base.CloseIdleConnections)
	return base
}

// connectFormats are the formats of the callers below.
var connectFormats = []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.GRPCTraceBin, propagation.XRay}

// A Connect client sends the received headers of its Connect service, byte for byte.
func TestConnect(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: connectFormats})
	for protocol, opts := range connectProtocols {
		for kind, stream := range map[string]bool{"unary": false, "stream": true} {
			t.Run(protocol+"/"+kind, func(t *testing.T) {
				ours := &http.Client{Transport: httptrace.NewTransport(p, overHTTP2(t))}
				back := new(connectHop)
				front := &connectHop{next: newConnectClient(ours, back.start(t, httptrace.Middleware(nil)), stream, opts)}
				call := newConnectClient(ours, front.start(t, httptrace.Middleware(p)), stream, opts)

				if err := call(callers(p, connectFormats...)); err != nil {
					t.Fatal(err)
				}
				checkConnect(t, p, <-front.arrived, <-back.arrived)
			})
		}
	}
}

// checkConnect checks that both headers name the caller's span with the same bytes.
func checkConnect(t *testing.T, p *propagation.Propagator, came, went http.Header) {
	t.Helper()
	for _, f := range connectFormats {
		for _, h := range []http.Header{came, went} {
			sc, _ := propagation.RemoteFromContext(readers[f].ExtractHTTP(context.Background(), h))
			if sc.TraceID != callersSpan.TraceID || sc.SpanID != callersSpan.SpanID {
				t.Errorf("%s names %+v, want the caller's %+v", f, sc, callersSpan)
			}
		}
	}
	for _, name := range p.Fields() {
		if !slices.Equal(came.Values(name), went.Values(name)) {
			t.Errorf("%s was received as %q and sent as %q, want the same", name, came.Values(name), went.Values(name))
		}
	}
}

// The headers pass from grpc-go through Connect to grpc-go.
func TestConnectBetweenGRPC(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: connectFormats})
	last := startHop(t, nil, grpctrace.ServerOptions(p)...)
	ours := &http.Client{Transport: httptrace.NewTransport(p, overHTTP2(t))}
	middle := &connectHop{next: newConnectClient(ours, "http://"+last.address, false, []connect.ClientOption{connect.WithGRPC()})}
	url := middle.start(t, httptrace.Middleware(p))
	first := testgrpc.NewTestServiceClient(dial(t, strings.TrimPrefix(url, "http://"), grpctrace.DialOptions(p)...))

	arrivals := grpcCall(unaryCall).run(t, callers(p, connectFormats...), first, last)
	for name, lines := range sent(connectFormats...) {
		if got := arrivals[0].metadata[name]; !slices.Equal(got, lines) {
			t.Errorf("%s arrived as %q, want %q", name, got, lines)
		}
	}
}
