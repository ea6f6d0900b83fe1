package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// bookHeader says which book a call is for. Every call gets it from the call's own arguments, never from a received
// header. The judge tells requests apart by it.
const bookHeader = "x-book"

// transport is an http.Transport that connects with dial. The hosts of URLs are names of services.
func transport(dial Dial) *http.Transport {
	return &http.Transport{
		DialContext:         dial,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     10 * time.Second,
	}
}

// routes holds the Route, once it is set.
type routes struct{ atomic.Pointer[Route] }

// dialer connects a service to a sidecar for each service name that it dials, as iptables redirects connections in a
// mesh.
func (r *routes) dialer(from string) Dial {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		to, _, _ := strings.Cut(addr, ":") // gRPC gives no port
		route := r.Load()
		if route == nil {
			return nil, fmt.Errorf("%s has no route to %s yet", from, to)
		}
		return new(net.Dialer).DialContext(ctx, network, (*route)(from, to))
	}
}

func client(p *propagation.Propagator, base http.RoundTripper) *http.Client {
	return &http.Client{Transport: httptrace.NewTransport(p, base)}
}

// get asks a service for its data about a book.
func get(ctx context.Context, c *http.Client, url, book string) (string, error) {
	return getWith(ctx, c, url, book, http.Header{})
}

// getWith is get with headers that are set by hand. It adds to them.
func getWith(ctx context.Context, c *http.Client, url, book string, h http.Header) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+book, nil)
	if err != nil {
		return "", err
	}
	req.Header = h
	req.Header.Set(bookHeader, book)
	resp, err := c.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(text)))
	}
	return string(text), nil
}
