package main

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/traceferry/traceferry/internal/compare"
)

// call is a call that arrived at the echo. Of its headers only the trace headers are kept, and those that the user
// named: others may be credentials.
type call struct {
	Seq     int       `json:"seq"`
	Time    time.Time `json:"time"`
	Method  string    `json:"method"`
	URI     string    `json:"uri"` // of gRPC the full method
	Proto   string    `json:"proto"`
	GRPC    bool      `json:"grpc"`
	Headers []line    `json:"headers"` // values of -bin names are base64
}

// what returns the method and the path.
func (c *call) what() string {
	path, _, _ := strings.Cut(c.URI, "?")
	if c.GRPC {
		return path
	}
	return c.Method + " " + path
}

func (c *call) header() http.Header {
	h := http.Header{}
	for _, l := range c.Headers {
		h.Add(l.Name, l.Value)
	}
	if c.GRPC {
		return compare.Unpadded(h)
	}
	return h
}

// maxCalls bounds the memory of a recorder, with the size of a call's headers.
const maxCalls = 1000

// recorder remembers the last calls.
type recorder struct {
	keep []string // further headers to keep

	mu    sync.Mutex
	calls []call
	next  int           // the number of the next call
	more  chan struct{} // closed when a call arrives
}

func newRecorder(keep []string) *recorder {
	return &recorder{keep: keep, next: 1, more: make(chan struct{})}
}

// add records a call and shows it.
func (r *recorder) add(req *http.Request, show func(call)) {
	kept := http.Header{}
	for name, values := range req.Header {
		same := func(k string) bool { return strings.EqualFold(k, name) }
		if isTrace(name) || slices.ContainsFunc(r.keep, same) {
			kept[name] = values
		}
	}
	c := call{Time: now().UTC(), Method: req.Method, URI: req.URL.RequestURI(), Proto: req.Proto, GRPC: isGRPC(req), Headers: linesOf(kept)}
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Seq = r.next
	r.next++
	if r.calls = append(r.calls, c); len(r.calls) > maxCalls {
		r.calls = slices.Delete(r.calls, 0, len(r.calls)-maxCalls)
	}
	close(r.more)
	r.more = make(chan struct{})
	show(c)
}

// after returns the calls from a number on, the number of the next call, and a channel that is closed when it arrives.
func (r *recorder) after(from int) (calls []call, next int, more <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if c.Seq >= from {
			calls = append(calls, c)
		}
	}
	return calls, r.next, r.more
}
