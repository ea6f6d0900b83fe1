package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// harness is the suite's side: it sends requests to the service, and receives the service's calls.
type harness struct {
	service, callback server
	arrived           chan http.Header // the headers of the calls, in their order
}

// mostCalls is the maximum number of calls of one request.
const mostCalls = 16

// startHarness serves the service and the harness on loopback.
func startHarness(service http.Handler) (h *harness, err error) {
	h = &harness{arrived: make(chan http.Header, mostCalls)}
	if h.service, err = serve("127.0.0.1:0", service); err != nil {
		return nil, err
	}
	h.callback, err = serve("127.0.0.1:0", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		h.arrived <- r.Header
	}))
	if err != nil {
		return nil, errors.Join(err, h.service.close())
	}
	return h, nil
}

func (h *harness) close() error { return errors.Join(h.service.close(), h.callback.close()) }

// ask makes the service make calls within one request, and returns the headers of each. It sends the header lines
// unchanged, in any spelling, and keeps the white space around them. net/http's client would change them.
func (h *harness) ask(lines []string, calls int) ([]http.Header, error) {
	conn, err := net.DialTimeout("tcp", h.service.address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))

	list := []call{}
	for i := range calls {
		list = append(list, call{URL: fmt.Sprintf("http://%s/callback/%d", h.callback.address, i), Arguments: json.RawMessage("[]")})
	}
	body, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	request := append([]string{
		"POST /test HTTP/1.1",
		"Host: " + h.service.address,
		"Connection: close",
		"Content-Type: application/json",
		fmt.Sprintf("Content-Length: %d", len(body)),
	}, lines...)
	if _, err := io.WriteString(conn, strings.Join(request, "\r\n")+"\r\n\r\n"+string(body)); err != nil {
		return nil, err
	}

	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	arrived := h.take()
	switch {
	case err != nil:
		return nil, err
	case resp.StatusCode != http.StatusOK:
		return nil, errors.New("the service answered " + resp.Status + ": " + strings.TrimSpace(string(answer)))
	case len(arrived) != calls:
		return nil, fmt.Errorf("the service made %d calls, not %d", len(arrived), calls)
	}
	return arrived, nil
}

// take returns the calls that have arrived. The service answers after its calls, so none is missing.
func (h *harness) take() (arrived []http.Header) {
	for len(h.arrived) > 0 {
		arrived = append(arrived, <-h.arrived)
	}
	return arrived
}
