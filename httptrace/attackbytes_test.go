package httptrace_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// These tests write bytes that no Go client would send, in every carried header, to a connection.

// spoils are bytes in the middle of a value. They say whether a server passes such a value to its handler.
var spoils = map[string]struct {
	bytes            string
	legal1, legal2   bool // whether it is legal over HTTP/1.1 and over HTTP/2
	endsLine, folded bool // whether it ends this line, or continues it on the next one, over HTTP/1.1
}{
	"CR":                {bytes: "\r"},
	"CR and a header":   {bytes: "\r\nX-Evil: 1", legal1: true, endsLine: true},
	"LF and a header":   {bytes: "\nX-Evil: 1", legal1: true, endsLine: true},
	"a folded line":     {bytes: "\r\n X-Evil: 1", legal1: true, folded: true},
	"NUL":               {bytes: "\x00"},
	"escape":            {bytes: "\x1b[2J"},
	"DEL":               {bytes: "\x7f"},
	"NEL, a C1 control": {bytes: "\x85", legal1: true, legal2: true},
	"CSI, a C1 control": {bytes: "\x9b2J", legal1: true, legal2: true},
	"UTF-8":             {bytes: "\u2028\u202eé", legal1: true, legal2: true},
	"a tab":             {bytes: "\t", legal1: true, legal2: true},
}

func TestAttackBytes(t *testing.T) {
	back := serve(t, http.HandlerFunc(echo))
	for _, posture := range []posture{postures[1], postures[4]} {
		p := propagation.MustNew(posture.config)
		var handled atomic.Int32
		call := forward(&http.Client{Transport: httptrace.NewTransport(p, nil)}, back.URL)
		front := attacked(t, p, posture.options, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handled.Add(1)
			call(w, r)
		}))
		address := front.Listener.Addr().String()
		for name, spoil := range spoils {
			t.Run(posture.name+"/"+name, func(t *testing.T) {
				expectSilence(t)
				for _, header := range slices.Sorted(maps.Keys(inbound(1))) {
					came := inbound(1)
					good := came[header][0]
					value := good[:1] + spoil.bytes + good
					came[header] = []string{value}
					switch {
					case spoil.endsLine:
						came[header] = []string{good[:1]}
					case spoil.folded:
						came[header] = []string{good[:1] + " X-Evil: 1" + good}
					}
					before := handled.Load()
					resp := sendHTTP1(t, address, header, value)
					checkAttacked(t, "HTTP/1.1, "+header, resp, spoil.legal1, handled.Load() > before, came, posture)

					came[header], before = []string{value}, handled.Load()
					resp = sendHTTP2(t, address, header, value)
					checkAttacked(t, "HTTP/2, "+header, resp, spoil.legal2, handled.Load() > before, came, posture)
				}
			})
		}
	}
}

// checkAttacked checks that an illegal request is refused before it reaches our code. A legal request must be served,
// and only permitted headers sent.
func checkAttacked(t *testing.T, what string, resp *http.Response, legal, handled bool, came http.Header, posture posture) {
	t.Helper()
	switch {
	case handled != legal:
		t.Errorf("%s: the request reached the handler: %v, want the opposite", what, handled)
	case !legal && resp != nil && resp.StatusCode != http.StatusBadRequest:
		t.Errorf("%s: the status is %s, want 400", what, resp.Status)
	case legal && (resp == nil || resp.StatusCode != http.StatusOK):
		t.Errorf("%s: the response is %v, want 200", what, resp)
	case legal:
		sent := decode(t, resp.Body)
		checkSentOn(t, sent, came, posture.may)
		checkResponse(t, resp)
		want := came.Clone()
		if b3 := want.Get("B3"); b3 != inbound(1).Get("B3") && b3 != "0" && b3 != "1" && b3 != "d" {
			want.Del("B3") // b3 is malformed, and x-b3-* are valid
		}
		if posture.name == "all formats" {
			headerdiff.Check(t, want, carriedOf(sent), "%s: what is sent on", what)
		}
	}
}

// sendHTTP1 sends inbound(1) over a new connection. One value is written by hand.
func sendHTTP1(t *testing.T, address, header, value string) *http.Response {
	t.Helper()
	conn := connect(t, address)
	var text strings.Builder
	text.WriteString("GET / HTTP/1.1\r\nHost: attacked\r\nConnection: close\r\n")
	for name, value := range spoiled(header, value) {
		text.WriteString(name + ": " + value + "\r\n")
	}
	io.WriteString(conn, text.String()+"\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(bytes.NewReader(body))
	resp.Header.Del("Connection")
	return resp
}

// spoiled ranges over the lines of inbound(1), with one of them replaced.
func spoiled(header, value string) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		for name, values := range inbound(1) {
			if name == header {
				values = []string{value}
			}
			for _, v := range values {
				if !yield(name, v) {
					return
				}
			}
		}
	}
}

// sendHTTP2 does the same with frames. It returns nil if the server resets the stream or the connection.
func sendHTTP2(t *testing.T, address, header, value string) *http.Response {
	t.Helper()
	conn := connect(t, address)
	io.WriteString(conn, http2.ClientPreface)
	framer := http2.NewFramer(conn, conn)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	var block bytes.Buffer
	encoder := hpack.NewEncoder(&block)
	write := func(name, value string) { encoder.WriteField(hpack.HeaderField{Name: name, Value: value}) }
	write(":method", "GET")
	write(":scheme", "http")
	write(":authority", "attacked")
	write(":path", "/")
	for name, value := range spoiled(header, value) {
		write(strings.ToLower(name), value)
	}
	framer.WriteSettings()
	framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
	resp := &http.Response{Header: http.Header{}}
	var body bytes.Buffer
	for {
		frame, err := framer.ReadFrame()
		if err != nil {
			t.Fatal(err)
		}
		switch f := frame.(type) {
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return nil
		case *http2.MetaHeadersFrame:
			fmt.Sscan(f.PseudoValue("status"), &resp.StatusCode)
			for _, h := range f.RegularFields() {
				resp.Header.Add(h.Name, h.Value)
			}
		case *http2.DataFrame:
			body.Write(f.Data())
		}
		if f := frame.Header(); f.StreamID == 1 && f.Flags.Has(http2.FlagDataEndStream) {
			resp.Body = io.NopCloser(&body)
			return resp
		}
	}
}

func connect(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	return conn
}

// An x-request-id is sent back only if it cannot split a log line or a header.
func TestAttackResponse(t *testing.T) {
	front := attacked(t, propagation.MustNew(everything()), nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for id, want := range map[string]string{
		"a-Z.09_:":               "a-Z.09_:",
		"a\u0085X-Evil: 1":       "",
		"a\xe5\x98\x8dX-Evil: 1": "", // some decoders read this as a line feed
		"a\tb":                   "",
		"%0d%0aX-Evil: 1":        "",
		`"><script>`:             "",
		strings.Repeat("a", 129): "",
	} {
		for protocol, resp := range map[string]*http.Response{
			"HTTP/1.1": sendHTTP1(t, front.Listener.Addr().String(), "X-Request-Id", id),
			"HTTP/2":   sendHTTP2(t, front.Listener.Addr().String(), "X-Request-Id", id),
		} {
			if resp == nil || resp.StatusCode != http.StatusOK || resp.Header.Get("X-Request-Id") != want || resp.Header.Get("X-Evil") != "" {
				t.Errorf("over %s, the response to the id %q is %v, want the request id %q", protocol, id, resp, want)
			}
		}
	}
}
