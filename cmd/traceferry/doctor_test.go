package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// examine runs the doctor with -json.
func examine(t *testing.T, status int, args ...string) report {
	t.Helper()
	got := runWith(t, "", append([]string{"doctor", "-json", "-wait", "100ms"}, args...)...)
	var r report
	if err := json.Unmarshal([]byte(got.out), &r); err != nil || got.status != status || got.errors != "" {
		t.Errorf("status %d, want %d; errors %q; %v in %s", got.status, status, got.errors, err, got.out)
	}
	return r
}

func (r report) result(format string) string {
	for _, f := range r.Formats {
		if f.Format == format {
			return f.Result
		}
	}
	return ""
}

func (r report) has(kind string) bool {
	for _, f := range r.Findings {
		if f.Kind == kind {
			return true
		}
	}
	return false
}

// serve serves a handler until the test ends.
func serve(t *testing.T, h http.Handler) (url string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestDoctorWithoutACall(t *testing.T) {
	url := serve(t, http.NotFoundHandler())
	r := examine(t, bad, "-echo", startEcho(t), url)
	if r.OK || r.Requests != 1 || r.result("b3") != "unknown" || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], `The service answered "404 Not Found".`) {
		t.Errorf("%+v", r)
	}
}

func TestDoctorNeedsAnEcho(t *testing.T) {
	url := serve(t, http.NotFoundHandler())
	got := runWith(t, "", "doctor", "-echo", url, url)
	if got.status != usage || !strings.Contains(got.errors, `it answered "404 Not Found", which is no echo of traceferry`) {
		t.Errorf("%+v", got)
	}
}

// exchanges is the number of requests that doctor sends: some for each format, one with all, and one without.
var exchanges = 19 + len(propagation.AllFormats())

// TestDoctorIsTheEcho: with -listen no other program is needed.
func TestDoctorIsTheEcho(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	url := serve(t, carrying(everything)("http://"+address))
	if r := examine(t, good, "-listen", address, url, "-want", "istio"); !r.OK || len(r.Calls) != 2 || r.Calls[0].Times != exchanges {
		t.Errorf("%+v", r)
	}
}

// TestDoctorSendsWhatItIsTold: method, headers, body and path, with ids.
func TestDoctorSendsWhatItIsTold(t *testing.T) {
	echo := startEcho(t)
	p := propagation.MustNew(everything)
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	var mu sync.Mutex
	bodies := map[string]bool{}
	url := serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, id, _ := strings.Cut(r.URL.Path, "/buy/")
		if r.Method != "PUT" || r.Header.Get("X-Api-Key") != "key-of-"+id || string(body) != "order "+id || id == "" {
			t.Errorf("%s %s %q %q", r.Method, r.URL, r.Header, body)
		}
		mu.Lock()
		bodies[id] = true
		mu.Unlock()
		get(w, r, client, echo+"/orders/"+id)
	})))
	r := examine(t, good, "-echo", echo, url+"/buy/{id}", "-X", "PUT", "-H", "X-Api-Key: key-of-{id}", "-d", "order {id}")
	if len(r.Calls) != 1 || r.Calls[0] != (callCount{"GET /orders/{id}", exchanges}) || len(bodies) != exchanges {
		t.Errorf("%+v, %d ids", r.Calls, len(bodies))
	}
}

// noise calls the echo until the test ends, as another user of it does.
func noise(t *testing.T, echo string) {
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(30 * time.Millisecond):
				if resp, err := http.Get(echo + "/other"); err == nil {
					resp.Body.Close()
				}
			}
		}
	})
	t.Cleanup(func() { close(stop); wg.Wait() })
}

// TestDoctorAmongOthers: calls of others do not count, if there is a way to know.
func TestDoctorAmongOthers(t *testing.T) {
	drop := func(in, out http.Header) {}
	pathOf := func(header func(in, out http.Header)) func(string) http.Handler {
		return func(echo string) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				copying(echo+r.URL.Path, header).ServeHTTP(w, r)
			})
		}
	}
	type test struct {
		make   func(echo string) http.Handler
		path   string
		status int
		b3     string
		calls  int // kinds of calls
	}
	tests := map[string]test{
		"carries":                 {func(echo string) http.Handler { return copying(echo, forward) }, "/", good, "carried", 2},
		"loses all":               {func(echo string) http.Handler { return copying(echo, drop) }, "/", bad, "unknown", 0},
		"loses all, with an id":   {pathOf(drop), "/{id}", bad, "lost", 2},
		"carries all, with an id": {pathOf(forward), "/{id}", good, "carried", 2},
	}
	reports := atOnceFor(tests, func(tt test) report {
		echo := startEcho(t)
		noise(t, echo)
		return examine(t, tt.status, "-echo", echo, serve(t, tt.make(echo))+tt.path)
	})
	for name, tt := range tests {
		if r := reports[name]; r.result("b3") != tt.b3 || len(r.Calls) != tt.calls || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "Others call the echo, too.") {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestDoctorKnowsCallsWithoutTheID: the service puts the id into one of its calls only.
func TestDoctorKnowsCallsWithoutTheID(t *testing.T) {
	echo := startEcho(t)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := propagation.MustNew(everything)
		ctx := p.ExtractHTTP(r.Context(), r.Header)
		get(w, r.WithContext(ctx), &http.Client{Transport: httptrace.NewTransport(p, nil)}, echo+"/orders"+r.URL.Path)
		get(w, r, http.DefaultClient, echo+"/ratings")
	}))
	r := examine(t, bad, "-echo", echo, url+"/{id}")
	if len(r.Findings) != 1 || r.Findings[0].Kind != lostAll || strings.Join(r.Findings[0].Calls, " ") != "GET /ratings" || len(r.Calls) != 2 || r.Calls[0].Call != "GET /orders/{id}" {
		t.Errorf("%+v", r)
	}
}

// TestDoctorWaitsForLateCalls: calls after the answer belong to their request.
func TestDoctorWaitsForLateCalls(t *testing.T) {
	echo := startEcho(t)
	var wg sync.WaitGroup
	t.Cleanup(wg.Wait)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header.Clone()
		wg.Go(func() {
			time.Sleep(40 * time.Millisecond)
			req, _ := http.NewRequest("GET", echo+"/late", nil)
			forward(h, req.Header)
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		})
	}))
	if r := examine(t, good, "-echo", echo, url); len(r.Calls) != 1 || r.Calls[0].Times != exchanges {
		t.Errorf("%+v", r)
	}
}

// TestDoctorSeesRetries: the second attempt of a call is a call, too.
func TestDoctorSeesRetries(t *testing.T) {
	for name, again := range map[string]func(in, out http.Header){"carries": forward, "loses": func(in, out http.Header) {}} {
		s := &echoServer{recorder: newRecorder(nil), show: func(call) {}, status: http.StatusServiceUnavailable}
		address, stop, err := s.start("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		echo := "http://" + address
		url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for _, header := range []func(in, out http.Header){forward, again} {
				req, _ := http.NewRequestWithContext(r.Context(), "GET", echo+"/flaky", nil)
				header(r.Header, req.Header)
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				resp.Body.Close()
				if resp.StatusCode == http.StatusOK {
					return
				}
			}
		}))
		status, result := good, "carried"
		if name == "loses" {
			status, result = bad, "partly lost"
		}
		if r := examine(t, status, "-echo", echo, url); len(r.Calls) != 1 || r.Calls[0].Call != "GET /flaky" || r.result("b3") != result {
			t.Errorf("%s: %+v", name, r)
		}
		stop()
	}
}

// TestDoctorFindsSwaps: requests at once whose headers are exchanged.
func TestDoctorFindsSwaps(t *testing.T) {
	echo := startEcho(t)
	var mu sync.Mutex
	var waiting http.Header
	// The first of two requests at once gets the headers of the second.
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := r.Header
		mu.Lock()
		mine := waiting == nil
		if mine {
			waiting = h
		}
		mu.Unlock()
		if mine {
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			h, waiting = waiting, nil
			mu.Unlock()
		} else {
			mu.Lock()
			if waiting != nil {
				waiting = h
			}
			mu.Unlock()
		}
		copying(echo, func(_, out http.Header) { forward(h, out) }).ServeHTTP(w, r)
	}))
	r := examine(t, bad, "-echo", echo, url)
	if !r.has("mixed up") || !strings.Contains(r.Findings[len(r.Findings)-1].Detail, "requests at once") {
		t.Errorf("%+v", r)
	}
}

// TestDoctorSaysWhatFailed: requests without an answer.
func TestDoctorSaysWhatFailed(t *testing.T) {
	echo := startEcho(t)
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Sw8") != "" && r.Header.Get("B3") == "" {
			panic(http.ErrAbortHandler)
		}
		copying(echo, forward).ServeHTTP(w, r)
	}))
	if r := examine(t, bad, "-echo", echo, url); len(r.Notes) != 1 || r.Notes[0] != "1 request had no answer." {
		t.Errorf("%+v", r.Notes)
	}
}
