package main

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// A call has the headers that a service received, and the trace that it read from them.
type call struct {
	headers http.Header
	trace   string
}

// service calls the next service, if there is one, and records the headers of its own call. Without a tracer, it sends
// the caller's span. With a tracer, it sends a span of its own.
func service(p *propagation.Propagator, next string, calls chan<- call) http.Handler {
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := propagation.RemoteFromContext(r.Context())
		calls <- call{r.Header, caller.TraceID.String()}
		if next == "" {
			return
		}
		if err := get(r.Context(), client, next, nil); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
}

func get(ctx context.Context, client *http.Client, url string, h http.Header) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	maps.Copy(req.Header, h)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(string(text))
	}
	return err
}

// send makes a client call a fleet whose services are at the given steps, in the order of the calls. It returns how
// each service was called, and the number of requests with B3 only.
func send(h http.Header, at []step) (all []call, counted int, err error) {
	var count b3Callers
	calls := make(chan call, len(at))
	next := ""
	for _, step := range slices.Backward(at) {
		p, err := propagation.New(step(&count))
		if err != nil {
			return nil, 0, err
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, 0, err
		}
		s := &http.Server{Handler: service(p, next, calls), ReadHeaderTimeout: 10 * time.Second}
		go s.Serve(l) // Close ends it; if it ends otherwise, the call fails
		defer s.Close()
		next = "http://" + l.Addr().String()
	}
	if err := get(context.Background(), http.DefaultClient, next, h); err != nil {
		return nil, 0, err
	}
	close(calls)
	for c := range calls {
		all = append(all, c)
	}
	return all, int(count.Load()), nil
}
