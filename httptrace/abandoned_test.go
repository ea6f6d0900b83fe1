package httptrace_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"
)

// Run these tests with -race. They look for writes to a request after its owner has stopped waiting for the handler.

// timeouts are wrappers that answer while the handler still runs.
var timeouts = map[string]func(h http.Handler, d time.Duration) http.Handler{
	"net/http's":                     func(h http.Handler, d time.Duration) http.Handler { return http.TimeoutHandler(h, d, "late") },
	"a timer and the request itself": func(h http.Handler, d time.Duration) http.Handler { return timer{h, d} },
	"a context and a copy":           func(h http.Handler, d time.Duration) http.Handler { return deadline{h, d} },
	"a copy whose context goes on":   func(h http.Handler, d time.Duration) http.Handler { return timer{copying{h}, d} },
}

// timer passes its own request, not a copy, to another goroutine.
type timer struct {
	next http.Handler
	d    time.Duration
}

func (h timer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	wait(w, h.next, r, time.After(h.d))
}

// deadline passes on a copy of the request whose context ends after a time.
type deadline struct {
	next http.Handler
	d    time.Duration
}

func (h deadline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), h.d)
	defer cancel()
	late := make(chan time.Time)
	context.AfterFunc(ctx, func() { close(late) })
	wait(w, h.next, r.WithContext(ctx), late)
}

// copying passes on a copy of the request whose context does not end.
type copying struct{ next http.Handler }

func (h copying) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.next.ServeHTTP(w, r.WithContext(context.WithoutCancel(r.Context())))
}

// wait answers when the handler has finished, or when it is too late.
func wait(w http.ResponseWriter, h http.Handler, r *http.Request, late <-chan time.Time) {
	buffer, done := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(buffer, r)
	}()
	select {
	case <-done:
		w.WriteHeader(buffer.Code)
		io.Copy(w, buffer.Body)
	case <-late:
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// seen returns the data of a request that an outer wrapper can read.
func seen(r *http.Request) string {
	files := r.MultipartForm != nil
	return fmt.Sprint(r.Pattern, " ", r.PostForm.Get("name"), " ", r.Form.Get("name"), " ", files)
}

// temporary makes a directory for the files of uploads. It returns a function that waits until the directory is empty.
func temporary(t *testing.T) (none func()) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	return func() {
		t.Helper()
		var left []os.DirEntry
		for range 100 { // net/http removes its files after it has answered
			if left, _ = os.ReadDir(dir); len(left) == 0 {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d files are left, want 0", len(left))
	}
}

// moments are actions of a handler around the time when its owner stops waiting. late is the owner's timeout. gone
// waits until the owner has stopped waiting.
var moments = map[string]struct {
	late time.Duration
	act  func(r *http.Request, gone func())
}{
	"before":       {20 * time.Millisecond, func(r *http.Request, gone func()) { gone(); r.ParseMultipartForm(1 << 10) }},
	"after":        {300 * time.Millisecond, func(r *http.Request, gone func()) { r.ParseMultipartForm(1 << 10); gone() }},
	"never parsed": {20 * time.Millisecond, func(_ *http.Request, gone func()) { gone() }},
	"form only":    {20 * time.Millisecond, func(r *http.Request, gone func()) { r.ParseForm(); gone() }},
}

func TestPromise6_AbandonedRequests(t *testing.T) {
	none := temporary(t)
	for kind, timeout := range timeouts {
		for moment, m := range moments {
			t.Run(kind+"/"+moment, func(t *testing.T) {
				var handlers sync.WaitGroup
				answered := make(chan struct{})
				mux := http.NewServeMux()
				mux.HandleFunc("POST /upload/{id}", func(_ http.ResponseWriter, r *http.Request) {
					defer handlers.Done()
					m.act(r, func() { <-answered })
				})
				h := timeout(middleware()(mux), m.late)
				eachProtocol(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					h.ServeHTTP(w, r)
					seen(r)
				}), func(t *testing.T, s *httptest.Server) {
					answered = make(chan struct{})
					handlers.Add(1)
					body, contentType := upload(t, "name")
					req := request(t, "POST", s.URL+"/upload/1", inbound(1), body)
					req.Header.Set("Content-Type", contentType)
					if resp, err := s.Client().Do(req); err == nil {
						resp.Body.Close()
						if resp.StatusCode != http.StatusServiceUnavailable {
							t.Errorf("the answer is %s, want 503", resp.Status)
						}
					}
					close(answered)
					handlers.Wait()
					s.Close()
				})
				none()
			})
		}
	}
}

// The owner stops waiting while the handler reads the body, and net/http closes the body.
func TestPromise6_AbandonedWhileParsing(t *testing.T) {
	none := temporary(t)
	for kind, timeout := range timeouts {
		t.Run(kind, func(t *testing.T) {
			var handlers sync.WaitGroup
			h := timeout(middleware()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				defer handlers.Done()
				r.ParseMultipartForm(1 << 10)
			})), 20*time.Millisecond)
			eachProtocol(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(w, r)
				seen(r)
			}), func(t *testing.T, s *httptest.Server) {
				handlers.Add(1)
				body, contentType := upload(t, "name")
				whole := body.Bytes()
				slow, write := net.Pipe()
				go func() {
					write.Write(whole[:len(whole)/2])
					time.Sleep(60 * time.Millisecond)
					write.Write(whole[len(whole)/2:])
					write.Close()
				}()
				req := request(t, "POST", s.URL, inbound(1), slow)
				req.Header.Set("Content-Type", contentType)
				if resp, err := s.Client().Do(req); err == nil {
					resp.Body.Close()
				}
				slow.Close()
				handlers.Wait()
				s.Close()
			})
			none()
		})
	}
}

// Handlers that end at the moment when their owner stops waiting, many times.
func TestPromise6_AbandonedAtAnyMoment(t *testing.T) {
	none := temporary(t)
	for kind, timeout := range timeouts {
		t.Run(kind, func(t *testing.T) {
			var handlers sync.WaitGroup
			n := 0
			h := timeout(middleware()(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				defer handlers.Done()
				r.ParseMultipartForm(1 << 10)
				n++
				time.Sleep(time.Duration(n%8) * time.Millisecond)
			})), 8*time.Millisecond)
			s := serve(t, h)
			for range 16 {
				handlers.Add(1)
				body, contentType := upload(t, "name")
				req := request(t, "POST", s.URL, inbound(1), body)
				req.Header.Set("Content-Type", contentType)
				if resp, err := s.Client().Do(req); err == nil {
					resp.Body.Close()
				}
				handlers.Wait()
			}
			s.Close()
			none()
		})
	}
}

// expecting is a wrapper that checks the data that it sees.
type expecting struct {
	t    *testing.T
	want string
	next http.Handler
}

func (e expecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.next.ServeHTTP(w, r)
	if got := seen(r); got != e.want {
		e.t.Errorf("the outer wrapper sees %q, want %q", got, e.want)
	}
}

// If nobody stops waiting, outer wrappers see the handler's changes to the request, also if the client has gone away.
func TestPromise6_WaitingOwnersLearn(t *testing.T) {
	mux, parsed := http.NewServeMux(), make(chan struct{})
	mux.HandleFunc("POST /upload/{id}", func(_ http.ResponseWriter, r *http.Request) {
		if err := r.ParseMultipartForm(1 << 10); err != nil {
			t.Error(err)
		}
		if r.Header.Get("Leave") != "" {
			parsed <- struct{}{}
			<-r.Context().Done()
		}
	})
	const all = "POST /upload/{id} name name true"
	for name, c := range map[string]struct {
		h          http.Handler
		want, left string
	}{
		"alone":                   {middleware()(mux), all, all},
		"twice":                   {middleware()(middleware()(mux)), all, all},
		"inside a timer":          {timer{middleware()(mux), time.Minute}, strings.Replace(all, "true", "false", 1), "   false"},
		"inside a deadline":       {deadline{middleware()(mux), time.Minute}, "   false", "   false"},
		"inside net/http's":       {http.TimeoutHandler(middleware()(mux), time.Minute, ""), "   false", "   false"},
		"outside net/http's":      {middleware()(http.TimeoutHandler(mux, time.Minute, "")), "   false", "   false"},
		"a wrapper in net/http's": {http.TimeoutHandler(expecting{t, strings.Replace(all, "true", "false", 1), middleware()(mux)}, time.Minute, ""), "   false", "   false"},
	} {
		t.Run(name, func(t *testing.T) {
			none, learned := temporary(t), make(chan string, 1)
			h := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c.h.ServeHTTP(w, r)
				learned <- seen(r)
			}))
			check := func(t *testing.T, s *httptest.Server) {
				for _, leave := range []bool{false, true} {
					if leave && strings.Contains(name, "net/http") {
						continue
					}
					body, contentType := upload(t, "name")
					req := request(t, "POST", s.URL+"/upload/1", inbound(1), body)
					req.Header.Set("Content-Type", contentType)
					want := c.want
					if leave {
						req.Header.Set("Leave", "1")
						ctx, leave := context.WithCancel(req.Context())
						go func() { <-parsed; leave() }()
						req, want = req.WithContext(ctx), c.left
					}
					if resp, err := s.Client().Do(req); err == nil {
						resp.Body.Close()
					}
					if got := <-learned; got != want {
						t.Errorf("the outer wrapper sees %q, want %q; the client left: %v", got, want, leave)
					}
				}
				s.Close()
			}
			eachProtocol(t, h, check)
			t.Run("HTTP2 of x/net", func(t *testing.T) {
				check(t, start(t, h, func(s *httptest.Server) {
					//lint:ignore SA1019 programs use it, and its goroutines are its own
					if err := http2.ConfigureServer(s.Config, nil); err != nil {
						t.Fatal(err)
					}
					s.EnableHTTP2 = true
					s.StartTLS()
				}))
			})
			if name != "outside net/http's" { // net/http's handler does not remove the files of its own copy
				none()
			}
		})
	}
}
