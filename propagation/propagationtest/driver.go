package propagationtest

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc"
)

// driver sends requests to the tested service.
type driver interface {
	requests() []Request // by default
	send(ctx context.Context, r Request, h http.Header) (answer, error)
	grpc() bool
}

// answer is what the service answered.
type answer struct {
	status string // "200 OK"
	header http.Header
}

func (m *Mesh) driverOf(service any) (driver, error) {
	switch s := service.(type) {
	case *grpc.Server:
		return m.driveServer(s)
	case http.Handler:
		server := &http.Server{Handler: s}
		return m.driveURL("http://" + m.serve(server.Serve, func() { server.Close() })), nil
	case string:
		switch {
		case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"):
			return m.driveURL(s), nil
		case strings.HasPrefix(s, "grpc://"):
			if len(m.conf.requests) == 0 {
				return nil, fmt.Errorf("propagationtest: %s: use the option Requests to say which methods to call", s)
			}
			return m.driveTarget(strings.TrimPrefix(s, "grpc://"), nil)
		}
		return nil, fmt.Errorf("propagationtest: %q begins with none of http://, https:// and grpc://", s)
	}
	return nil, fmt.Errorf("propagationtest: a service is an http.Handler, a *grpc.Server or the URL of a running service, not a %T", service)
}

// httpDriver drives an HTTP service.
type httpDriver struct {
	url    string
	client *http.Client
}

func (m *Mesh) driveURL(url string) *httpDriver {
	t := &http.Transport{MaxIdleConnsPerHost: m.conf.atOnce + 1}
	m.closers = append(m.closers, t.CloseIdleConnections)
	return &httpDriver{strings.TrimSuffix(url, "/"), &http.Client{
		Transport:     t,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (*httpDriver) requests() []Request { return []Request{{}} }

func (*httpDriver) grpc() bool { return false }

func (d *httpDriver) send(ctx context.Context, r Request, h http.Header) (answer, error) {
	url := d.url + "/" + strings.TrimPrefix(r.Path, "/")
	req, err := http.NewRequestWithContext(ctx, cmp.Or(r.Method, http.MethodGet), url, bytes.NewReader(r.Body))
	if err != nil {
		return answer{}, err
	}
	req.Header = h
	for name, lines := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = lines
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return answer{resp.Status, resp.Header}, err
}
