//lint:file-ignore SA1019 x/net's h2c is deprecated, and in use

package httptrace_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
	"golang.org/x/net/http2/hpack"
)

const firstTraceparent = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"

// telling answers with the headers that a call from the handler would carry, and with the data that OpenTelemetry gets.
func telling(p *propagation.Propagator) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.InjectHTTP(r.Context(), w.Header())
		if sc := trace.SpanContextFromContext(r.Context()); sc.IsValid() {
			w.Header().Set("Shown", sc.TraceID().String())
		}
		if bag := baggage.FromContext(r.Context()); bag.Len() > 0 {
			w.Header().Set("Shown-Baggage", bag.String())
		}
	})
}

var upgradedNames = []string{"Traceparent", "Baggage", "X-Request-Id", "Shown", "Shown-Baggage"}

func expectNothing(t *testing.T, h http.Header) {
	t.Helper()
	for _, name := range upgradedNames {
		if got := h.Values(name); len(got) > 0 {
			t.Errorf("%s: the answer has %q of another request, want nothing", name, got)
		}
	}
}

// TestUpgradedConnection: requests after an Upgrade to h2c have contexts that descend from the first request's context.
// They carry no header of the first request.
func TestUpgradedConnection(t *testing.T) {
	for name, opts := range map[string][]httptrace.Option{"trusted": nil, "edge": {httptrace.WithTrust(nobodyTrusted)}} {
		t.Run(name, func(t *testing.T) {
			p := propagation.MustNew(propagation.Config{})
			through := httptrace.Middleware(p, opts...)
			server := httptest.NewServer(through(h2c.NewHandler(through(telling(p)), &http2.Server{})))
			defer server.Close()

			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"+
				"Traceparent: "+firstTraceparent+"\r\nBaggage: user=one\r\nX-Request-Id: r1\r\n\r\n")
			from := bufio.NewReader(conn)
			if answer, err := http.ReadResponse(from, nil); err != nil || answer.StatusCode != http.StatusSwitchingProtocols {
				t.Fatal(answer, err)
			}
			expectNothing(t, secondAnswer(t, conn, from))
		})
	}
}

func nobodyTrusted(*http.Request) propagation.Trust { return propagation.Restart }

// secondAnswer sends a request on stream 3 of an upgraded connection, and returns the headers of its answer. Stream 1
// is the request that was upgraded.
func secondAnswer(t *testing.T, conn net.Conn, from io.Reader) http.Header {
	t.Helper()
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, from)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	framer.WriteSettings()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, pair := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":authority", "x"}, {":path", "/second"}} {
		encoder.WriteField(hpack.HeaderField{Name: pair[0], Value: pair[1]})
	}
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 3, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if meta, ok := frame.(*http2.MetaHeadersFrame); ok && meta.StreamID == 3 {
			h := http.Header{}
			for _, f := range meta.Fields {
				h.Add(f.Name, f.Value)
			}
			if h.Get(":status") < "200" {
				continue
			}
			return h
		}
	}
}

// TestConnectionContext: a context that http.Server.ConnContext has extracted belongs to another request.
func TestConnectionContext(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	server := httptest.NewUnstartedServer(httptrace.Middleware(p)(telling(p)))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return p.ExtractHTTP(ctx, http.Header{"Traceparent": {firstTraceparent}, "Baggage": {"user=one"}, "X-Request-Id": {"r1"}})
	}
	server.Start()
	defer server.Close()
	resp, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	expectNothing(t, resp.Header)
}
