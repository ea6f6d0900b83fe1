package httptrace_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

func middleware() func(http.Handler) http.Handler {
	return httptrace.Middleware(propagation.MustNew(everything()), append(tellAll(), httptrace.WithResponseTo(everybody))...)
}

// behind returns the handler inside of the middleware.
func behind(h http.HandlerFunc) http.Handler { return middleware()(h) }

func TestPromise6_WriterAndBodyAreNeverWrapped(t *testing.T) {
	for name, headers := range map[string]http.Header{"with headers": inbound(1), "without": {}} {
		t.Run(name, func(t *testing.T) {
			var outerWriter http.ResponseWriter
			var outerBody io.ReadCloser
			inner := behind(func(w http.ResponseWriter, r *http.Request) {
				if w != outerWriter {
					t.Errorf("the handler got a ResponseWriter %T, want the server's own %T", w, outerWriter)
				}
				if r.Body != outerBody {
					t.Errorf("the handler got a body %T, want the server's own %T", r.Body, outerBody)
				}
			})
			outer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				outerWriter, outerBody = w, r.Body
				inner.ServeHTTP(w, r)
			})
			eachProtocol(t, outer, func(t *testing.T, s *httptest.Server) {
				do(t, s.Client(), request(t, "POST", s.URL, headers, strings.NewReader("body")))
			})
		})
	}
}

func TestPromise6_Flusher(t *testing.T) {
	for name, flush := range map[string]func(http.ResponseWriter) error{
		"Flusher":            func(w http.ResponseWriter) error { w.(http.Flusher).Flush(); return nil },
		"ResponseController": func(w http.ResponseWriter) error { return http.NewResponseController(w).Flush() },
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan struct{})
			h := behind(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintln(w, "first")
				if err := flush(w); err != nil {
					t.Error(err)
				}
				select {
				case <-seen:
				case <-r.Context().Done():
				}
				fmt.Fprintln(w, "second")
			})
			eachProtocol(t, h, func(t *testing.T, s *httptest.Server) {
				resp, err := s.Client().Do(request(t, "GET", s.URL, inbound(1), nil))
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				lines := bufio.NewReader(resp.Body)
				if line, err := lines.ReadString('\n'); line != "first\n" {
					t.Fatalf("before the handler continued, the client read %q, %v, want first", line, err)
				}
				seen <- struct{}{}
				if line, err := lines.ReadString('\n'); line != "second\n" {
					t.Errorf("after that, the client read %q, %v, want second", line, err)
				}
			})
		})
	}
}

func TestPromise6_Hijacker(t *testing.T) {
	s := serve(t, behind(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 299 Mine\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
		rw.Flush()
	}))
	resp, body := exchange(t, s.URL, inbound(1))
	if resp.StatusCode != 299 || body != "ok" {
		t.Errorf("got %s %q, want what the handler wrote on the connection", resp.Status, body)
	}
}

func TestPromise6_ReaderFrom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "big")
	content := strings.Repeat("0123456789abcdef", 1<<16)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, behind(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if n, err := w.(io.ReaderFrom).ReadFrom(f); n != int64(len(content)) || err != nil {
			t.Errorf("ReadFrom returns %d, %v, want all bytes", n, err)
		}
	}))
	if _, body := exchange(t, s.URL, inbound(1)); body != content {
		t.Errorf("%d bytes arrived, want %d", len(body), len(content))
	}
}

func TestPromise6_ResponseControllerDeadlines(t *testing.T) {
	past := time.Now().Add(-time.Second)
	type outcome struct{ read, write error }
	served := make(chan outcome, 1)
	h := behind(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := errors.Join(c.SetReadDeadline(past), c.SetWriteDeadline(past)); err != nil {
			t.Error(err)
		}
		var o outcome
		_, o.read = io.ReadAll(r.Body)
		for range 1 << 10 { // more than all buffers hold
			if _, o.write = w.Write(make([]byte, 1<<10)); o.write != nil {
				break
			}
		}
		served <- o
	})
	eachProtocol(t, h, func(t *testing.T, s *httptest.Server) {
		body, never := io.Pipe()
		req := request(t, "POST", s.URL, inbound(1), body)
		answer := make(chan error, 1)
		go func() {
			resp, err := s.Client().Do(req)
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			answer <- err
		}()
		o := <-served
		never.Close() // the client waits for the end of its body
		if !errors.Is(o.read, os.ErrDeadlineExceeded) {
			t.Errorf("reading after the deadline returns %v, want os.ErrDeadlineExceeded", o.read)
		}
		if o.write == nil {
			t.Error("writing after the deadline succeeds, want an error")
		}
		if <-answer == nil {
			t.Error("the client got a whole answer, want an error")
		}
	})
}

// HTTP/1 servers read the whole request before they answer. The handler can ask for both directions at once.
func TestPromise6_ResponseControllerFullDuplex(t *testing.T) {
	h := behind(func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		if err := c.EnableFullDuplex(); err != nil {
			t.Error(err)
		}
		fmt.Fprintln(w, "go on")
		c.Flush()
		said, err := io.ReadAll(r.Body)
		fmt.Fprintln(w, string(said), err)
	})
	eachProtocol(t, h, func(t *testing.T, s *httptest.Server) {
		body, say := io.Pipe()
		resp, err := s.Client().Do(request(t, "POST", s.URL, inbound(1), body))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		answers := bufio.NewReader(resp.Body)
		if line, err := answers.ReadString('\n'); line != "go on\n" {
			t.Fatalf("the client read %q, %v, want go on", line, err)
		}
		io.WriteString(say, "more")
		say.Close()
		if line, err := answers.ReadString('\n'); line != "more <nil>\n" {
			t.Errorf("the client read %q, %v, want more <nil>", line, err)
		}
	})
}

// A writer of HTTP/2 implements http.Pusher, and one of HTTP/1 does not, as without this library.
func TestPromise6_Pusher(t *testing.T) {
	h := behind(func(w http.ResponseWriter, r *http.Request) {
		pusher, is := w.(http.Pusher)
		if is != (r.ProtoMajor == 2) {
			t.Errorf("%s: the writer implements http.Pusher: %v, want it for HTTP/2 only", r.Proto, is)
		}
		if is { // Go's client accepts no pushes; the error is the server's own
			if err := pusher.Push("/style.css", nil); !errors.Is(err, http.ErrNotSupported) {
				t.Errorf("Push = %v, want %v", err, http.ErrNotSupported)
			}
		}
		fmt.Fprint(w, r.Proto)
	})
	eachProtocol(t, h, func(t *testing.T, s *httptest.Server) {
		_, proto := do(t, s.Client(), request(t, "GET", s.URL, inbound(1), nil))
		if want := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[s.EnableHTTP2]; proto != want {
			t.Errorf("served over %s, want %s", proto, want)
		}
	})
}
