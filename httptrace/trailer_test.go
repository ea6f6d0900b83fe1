package httptrace_test

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// After the body is read, the trailers of a request are in the handler's request. They are also in the server's own
// request, for outer wrappers.
func TestPromise6_RequestTrailers(t *testing.T) {
	var inside, outside string
	inner := behind(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		inside = r.Trailer.Get("Checksum")
	})
	outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r)
		outside = r.Trailer.Get("Checksum")
	})
	check := func(t *testing.T, want string) {
		t.Helper()
		if inside != want || outside != want {
			t.Errorf("the trailer is %q inside and %q outside, want %q", inside, outside, want)
		}
		inside, outside = "", ""
	}
	eachProtocol(t, outer, func(t *testing.T, s *httptest.Server) {
		t.Run("announced", func(t *testing.T) {
			req := request(t, "POST", s.URL, inbound(1), nil)
			req.Trailer = http.Header{"Checksum": nil}
			req.Body = readThen(strings.NewReader("body"), func() { req.Trailer.Set("Checksum", "announced") })
			do(t, s.Client(), req)
			check(t, "announced")
		})
	})
	t.Run("HTTP1/unannounced", func(t *testing.T) { // HTTP/2 servers drop unannounced trailers
		s := serve(t, outer)
		status := raw(t, s, "POST / HTTP/1.1\r\nHost: x\r\nB3: 0\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"+
			"4\r\nbody\r\n0\r\nChecksum: unannounced\r\n\r\n")
		if !strings.HasPrefix(status, "HTTP/1.1 200") {
			t.Fatal(status)
		}
		check(t, "unannounced")
	})
}

// The names of announced trailers are there before the body is read, for the handler and for outer wrappers.
func TestPromise6_AnnouncedTrailers(t *testing.T) {
	announced := func(r *http.Request) string {
		names := slices.Sorted(maps.Keys(r.Trailer))
		for _, name := range names {
			if r.Trailer.Get(name) != "" {
				names = append(names, "a value")
			}
		}
		return strings.Join(names, ", ")
	}
	var before, inside, outside string
	inner := behind(func(_ http.ResponseWriter, r *http.Request) {
		before = announced(r)
		io.Copy(io.Discard, r.Body)
		inside = r.Trailer.Get("Checksum") + r.Trailer.Get("Signature")
	})
	outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := announced(r); got != "Checksum, Signature" {
			t.Errorf("the request announces the trailers %q, want Checksum and Signature", got)
		}
		inner.ServeHTTP(w, r)
		outside = r.Trailer.Get("Checksum") + r.Trailer.Get("Signature")
	})
	eachProtocol(t, outer, func(t *testing.T, s *httptest.Server) {
		before, inside, outside = "", "", ""
		req := request(t, "POST", s.URL, inbound(1), nil)
		req.Trailer = http.Header{"Checksum": nil, "Signature": nil}
		req.Body = readThen(strings.NewReader("body"), func() { req.Trailer.Set("Checksum", "c"); req.Trailer.Set("Signature", "s") })
		do(t, s.Client(), req)
		if before != "Checksum, Signature" || inside != "cs" || outside != "cs" {
			t.Errorf("before the body the trailers are %q, want Checksum, Signature; after it the value is %q inside and %q outside, want cs", before, inside, outside)
		}
	})
}

func TestPromise6_ResponseTrailers(t *testing.T) {
	h := behind(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Announced")
		fmt.Fprint(w, "body")
		w.(http.Flusher).Flush()
		w.Header().Set("Announced", "yes")
		w.Header().Set(http.TrailerPrefix+"Unannounced", "too")
	})
	eachProtocol(t, h, func(t *testing.T, s *httptest.Server) {
		resp, _ := do(t, s.Client(), request(t, "GET", s.URL, inbound(1), nil))
		if got := resp.Trailer.Get("Announced"); got != "yes" {
			t.Errorf("the announced trailer is %q, want yes", got)
		}
		if got := resp.Trailer.Get("Unannounced"); got != "too" {
			t.Errorf("the unannounced trailer is %q, want too", got)
		}
	})
}

// readThen is a body that calls a function at its end.
func readThen(r io.Reader, then func()) io.ReadCloser { return &endingBody{r, then} }

type endingBody struct {
	io.Reader
	then func()
}

func (b *endingBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == io.EOF {
		b.then()
	}
	return n, err
}

func (b *endingBody) Close() error { return nil }

// raw sends bytes unchanged and returns the answer. It is for requests that no client of net/http sends.
func raw(t testing.TB, s *httptest.Server, request string) string {
	t.Helper()
	conn, err := net.DialTimeout("tcp", s.Listener.Addr().String(), 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(bufio.NewReader(conn))
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}
