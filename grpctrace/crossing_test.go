package grpctrace_test

import (
	"context"
	"encoding/base64"
	"encoding/gob"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// overGRPC is an HTTP handler that makes a gRPC call, as an application does, and returns its answer.
func overGRPC(call caller, conn grpc.ClientConnInterface) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := call(r.Context(), conn, nil)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.Write(answer)
	}
}

// fromGRPC is a gRPC service that makes an HTTP call and returns its answer.
func fromGRPC(client *http.Client, url string) service {
	return serviceOf(func(ctx context.Context, _ caller, _ []byte) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(r)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		return io.ReadAll(resp.Body)
	})
}

// overTransport is a client with our transport.
func overTransport(p *propagation.Propagator) *http.Client {
	return &http.Client{Transport: httptrace.NewTransport(p, nil)}
}

func serveHTTP(t testing.TB, h http.Handler) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// httpEcho answers with its received headers, byte for byte.
func httpEcho(w http.ResponseWriter, r *http.Request) {
	gob.NewEncoder(w).Encode(metadata.MD(r.Header))
}

// arrivedFromHTTP sends headers to url and returns the headers that the echo behind it received.
func arrivedFromHTTP(t testing.TB, url string, h http.Header) metadata.MD {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = h
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", resp.Status, answer, err)
	}
	return decode(t, answer)
}

// crossings are services of ours that serve one transport and call over another.
type crossings struct {
	fromHTTP string           // HTTP in, gRPC out
	fromGRPC *grpc.ClientConn // gRPC in, HTTP out
	chain    string           // HTTP in, gRPC, HTTP out
}

func startCrossings(t testing.TB, p *propagation.Propagator, w wiring, call caller) crossings {
	toGRPC := dial(t, serve(t, echo()), w.client(p)...)
	toHTTP := serve(t, fromGRPC(overTransport(p), serveHTTP(t, http.HandlerFunc(httpEcho))), w.server(p)...)
	middleware := httptrace.Middleware(p)
	return crossings{
		fromHTTP: serveHTTP(t, middleware(overGRPC(call, toGRPC))),
		fromGRPC: dial(t, toHTTP),
		chain:    serveHTTP(t, middleware(overGRPC(call, dial(t, toHTTP, w.client(p)...)))),
	}
}

// All headers pass from HTTP to gRPC and back. Names get the spelling of each transport. Values of -bin names become
// bytes or base64.
func TestPromise1_HTTPAndGRPC(t *testing.T) {
	p := propagation.MustNew(everything())
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		s, came := startCrossings(t, p, w, call), inbound(1)
		checkVerbatim(t, arrivedFromHTTP(t, s.fromHTTP, overHTTP(came)), came)
		checkVerbatim(t, arrived(t, sending(t, came), call, s.fromGRPC), overHTTP(came))
		checkVerbatim(t, arrivedFromHTTP(t, s.chain, overHTTP(came)), overHTTP(came))
	})
}

// Each format passes when it is the only one.
func TestPromise1_HTTPAndGRPCEachFormat(t *testing.T) {
	for _, f := range propagation.AllFormats() {
		t.Run(f.String(), func(t *testing.T) {
			p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
			s, came := startCrossings(t, p, handlers, callUnary), carriedBy([]propagation.Format{f}, inbound(1))
			if len(came) == 0 {
				t.Fatal("the inbound request has no header of the format")
			}
			checkVerbatim(t, arrivedFromHTTP(t, s.fromHTTP, overHTTP(inbound(1))), came)
			checkVerbatim(t, arrived(t, sending(t, inbound(1)), callUnary, s.fromGRPC), overHTTP(came))
		})
	}
}

// Over HTTP, base64 may be padded, and several values may be on one line. Metadata has the bytes of each value.
func TestBinFromHTTP(t *testing.T) {
	p := propagation.MustNew(everything())
	bin := inbound(1)["grpc-trace-bin"][0]
	padded := base64.StdEncoding.EncodeToString([]byte(bin))
	eachWiring(t, func(t *testing.T, w wiring, call caller) {
		s := startCrossings(t, p, w, call)
		for name, c := range map[string]struct{ sent, bytes, again []string }{
			"padded":     {[]string{padded}, []string{bin}, []string{padded[:39]}},
			"unpadded":   {[]string{padded[:39]}, []string{bin}, []string{padded[:39]}},
			"joined":     {[]string{padded + ", AQI="}, []string{bin, "\x01\x02"}, []string{padded[:39], "AQI"}},
			"lines":      {[]string{padded, "AQI"}, []string{bin, "\x01\x02"}, []string{padded[:39], "AQI"}},
			"half wrong": {[]string{padded, "!"}, []string{bin}, []string{padded[:39]}},
			"wrong":      {[]string{"!", "a-_"}, nil, nil},
		} {
			h := http.Header{}
			for _, v := range c.sent {
				h.Add("grpc-trace-bin", v)
				h.Add("user-bin", v)
			}
			before := p.Stats().Total(propagation.Unsendable)
			got := arrivedFromHTTP(t, s.fromHTTP, h)
			checkSame(t, metadata.MD{"grpc-trace-bin": got["grpc-trace-bin"], "user-bin": got["user-bin"]},
				metadata.MD{"grpc-trace-bin": c.bytes, "user-bin": c.bytes})
			if left := p.Stats().Total(propagation.Unsendable) != before; left != (len(c.bytes) < len(c.sent)) {
				t.Errorf("%s: counted as Unsendable: %v, want the opposite", name, left)
			}
			got = arrivedFromHTTP(t, s.chain, h)
			checkSame(t, metadata.MD{"grpc-trace-bin": got["Grpc-Trace-Bin"], "user-bin": got["User-Bin"]},
				metadata.MD{"grpc-trace-bin": c.again, "user-bin": c.again})
		}
	})
}

// If a local span runs in a service between the two transports, both transports name that span.
func TestPromise2_HTTPAndGRPC(t *testing.T) {
	c := everything()
	c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return callersSpan(7), true }
	p := propagation.MustNew(c)
	s, want := startCrossings(t, p, handlers, callUnary), callersSpan(7)
	local := spanContextOf(want)
	checkSpan(t, arrivedFromHTTP(t, s.fromHTTP, overHTTP(inbound(1))), inbound(1), local)
	got := arrived(t, sending(t, inbound(1)), callUnary, s.fromGRPC)
	alone := readers[propagation.GRPCTraceBin]
	if sc, _ := propagation.RemoteFromContext(alone.ExtractHTTP(t.Context(), http.Header(got))); sc.SpanID != want.SpanID {
		t.Errorf("over HTTP grpc-trace-bin %q names %s, want %s", got["Grpc-Trace-Bin"], sc.SpanID, want.SpanID)
	}
}
