// Package backend runs real tracing backends. Each is a process of its own, on loopback. The mesh's proxies report
// spans to a backend, and this package reads the spans back with its query API.
package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/sink"
)

// Backend is a running backend. As a sink.Sink, its Addr is the address for tracers.
type Backend interface {
	sink.Sink
	// TraceURL returns the URL of a trace in the backend's user interface.
	TraceURL(id string) string
	// Received returns the number of stored spans, by the backend's own counter. It is cheaper than Spans.
	Received() int
	// Err returns the first error of Received and Spans. After an error, their results are incomplete.
	Err() error
}

// server is the common part of the backends.
type server struct {
	process *process.Process
	addr    string // the collector's address
	api     string // the URL of the query API, and of the user interface
	err     error  // the first error
}

func (s *server) Addr() string { return s.addr }
func (s *server) Err() error   { return s.err }
func (s *server) Close() error { s.process.Stop(); return nil }

// open sends a request for a path of the query API. The caller closes the body.
func (s *server) open(path string) (*http.Response, error) {
	client := http.Client{Timeout: time.Minute}
	resp, err := client.Get(s.api + path)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s answers %s", s.api+path, resp.Status)
	}
	return resp, nil
}

// get decodes the JSON at a path. It keeps the first error.
func (s *server) get(path string, into any) {
	if s.err != nil {
		return
	}
	resp, err := s.open(path)
	if err == nil {
		defer resp.Body.Close()
		err = json.NewDecoder(resp.Body).Decode(into)
	}
	if err != nil {
		s.err = fmt.Errorf("the backend's API: %w", err)
	}
}

// ready waits until a path of the query API answers. If it returns an error, the backend is stopped.
func (s *server) ready(ctx context.Context, path string) error {
	return s.process.Ready(ctx, func(context.Context) error {
		resp, err := s.open(path)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
}

// freePorts finds ports of loopback that nothing listens on. If another program takes one before the backend does, the
// backend ends with an error.
func freePorts(n int) (addrs []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		addrs = append(addrs, l.Addr().String())
	}
	return addrs, nil
}
