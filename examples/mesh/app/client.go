package app

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// bookHeader says of which book a call is. Every call gets it from the call's own
// arguments, never from a header that came in: by it the judge tells requests apart.
const bookHeader = "x-book"

// transport connects by dial. URLs name services.
func transport(dial Dial) *http.Transport {
	return &http.Transport{
		DialContext:         dial,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     10 * time.Second,
	}
}

// via connects to the sidecar, whatever the address is.
func via(sidecar string) Dial {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, sidecar)
	}
}

func client(p *propagation.Propagator, base http.RoundTripper) *http.Client {
	return &http.Client{Transport: httptrace.NewTransport(p, base)}
}

// get asks a service for what it knows of a book.
func get(ctx context.Context, c *http.Client, url, book string) (string, error) {
	return getWith(ctx, c, url, book, http.Header{})
}

// getWith does so with headers set by hand, which it adds to.
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
