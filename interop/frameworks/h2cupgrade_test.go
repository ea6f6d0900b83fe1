package frameworks

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
	"golang.org/x/net/http2/hpack"
)

// upgraded is a connection that an Upgrade has changed to HTTP/2 (h2c). Its first stream is the request with the
// Upgrade.
type upgraded struct {
	framer *http2.Framer
	stream uint32
}

// upgrade opens a connection with a request that has the headers in came.
func upgrade(t *testing.T, url string) *upgraded {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	req := mustGet(t, url)
	req.Header = came.Clone()
	for name, value := range map[string]string{"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAMAAABkAAQAAP__"} {
		req.Header.Set(name, value)
	}
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, req)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	u := &upgraded{http2.NewFramer(conn, r), 1}
	if err := u.framer.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	u.wait(t)
	return u
}

// send makes one more request on the connection.
func (u *upgraded) send(t *testing.T, h http.Header) {
	t.Helper()
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	for _, pseudo := range [][2]string{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "x"}} {
		encoder.WriteField(hpack.HeaderField{Name: pseudo[0], Value: pseudo[1]})
	}
	for name, lines := range h {
		for _, line := range lines {
			encoder.WriteField(hpack.HeaderField{Name: strings.ToLower(name), Value: line})
		}
	}
	u.stream += 2
	err := u.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: u.stream, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	if err != nil {
		t.Fatal(err)
	}
	u.wait(t)
}

// wait waits for the end of the last request's response.
func (u *upgraded) wait(t *testing.T) {
	t.Helper()
	for {
		frame, err := u.framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		if h := frame.Header(); h.StreamID == u.stream && h.Flags.Has(http2.FlagHeadersEndStream) {
			return
		}
	}
}

// TestH2CUpgrade: each request of a connection carries its own headers, also if it has fewer headers than the request
// that opened the connection.
func TestH2CUpgrade(t *testing.T) {
	p, client, back := setUp(t)
	conn := upgrade(t, serve(t, h2c.NewHandler(httptrace.Middleware(p)(back.calls(client)), new(http2.Server))))
	back.got(t)
	conn.send(t, came)
	back.got(t)

	const other = "00-00000000000000000000000000000aaa-00000000000000bb-01"
	conn.send(t, http.Header{"Traceparent": {other}})
	arrived := back.next(t)
	if !slices.Equal(arrived["Traceparent"], []string{other}) || arrived["B3"] != nil || arrived["Baggage"] != nil || arrived["X-Request-Id"] != nil {
		t.Errorf("a request with another traceparent carried %q, want only that traceparent", arrived)
	}
	conn.send(t, nil)
	back.gotNothing(t)
}

// TestH2CUpgradeOutside: with a Middleware outside of h2c, all requests carry the headers of the first one.
func TestH2CUpgradeOutside(t *testing.T) {
	p, client, back := setUp(t)
	conn := upgrade(t, serve(t, httptrace.Middleware(p)(h2c.NewHandler(back.calls(client), new(http2.Server)))))
	back.got(t)
	conn.send(t, nil)
	if id := back.next(t).Get("X-Request-Id"); id != came.Get("X-Request-Id") {
		t.Errorf("the call carried the request id %q, want the first request's as on the page", id)
	}
	if n := p.Stats().Total(propagation.NoContext); n != 0 {
		t.Errorf("%d calls without a context were counted, want 0", n)
	}
}
