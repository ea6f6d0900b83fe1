package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
)

// placeholder in a URL, a header or a body stands for an id of the request.
const placeholder = "{id}"

// target is the service that a doctor examines, and the request that it gets.
type target struct {
	url, method string
	header      http.Header
	body        string
	grpc        bool
	client      *http.Client
}

// newTarget returns the target of a URL: http, https, or grpc and grpcs with the full method as the path.
func newTarget(raw, method string, headers []string, body string, insecure bool) (*target, error) {
	u, err := url.Parse(strings.ReplaceAll(raw, placeholder, "id"))
	if err != nil {
		return nil, usageError{err}
	}
	t := &target{url: raw, method: method, header: http.Header{}, body: body}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: atOnce, TLSClientConfig: &tls.Config{InsecureSkipVerify: insecure}}
	switch u.Scheme {
	case "http", "https":
	case "grpc", "grpcs":
		if strings.Count(u.Path, "/") != 2 {
			return nil, usagef("%q has no method: write %s://host:port/package.Service/Method", raw, u.Scheme)
		}
		t.grpc, t.method = true, http.MethodPost
		t.url = "http" + strings.TrimPrefix(raw, "grpc")
		t.header = http.Header{"Content-Type": {"application/grpc"}, "Te": {"trailers"}}
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetHTTP2(true)
		transport.Protocols.SetUnencryptedHTTP2(true)
	default:
		return nil, usagef("%q does not begin with http://, https://, grpc:// or grpcs://", raw)
	}
	if u.Host == "" {
		return nil, usagef("%q has no host", raw)
	}
	for _, h := range headers {
		name, value, ok := headerLine(h)
		if !ok {
			return nil, usagef(`%q is not a header: write it as "Name: value"`, h)
		}
		t.header.Add(name, value)
	}
	t.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return t, nil
}

// send sends one request and returns the status of its answer.
func (t *target) send(ctx context.Context, id string, h http.Header) (status string, err error) {
	fill := func(s string) string { return strings.ReplaceAll(s, placeholder, id) }
	body := []byte(fill(t.body))
	if t.grpc {
		body = append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(body))), body...)
		h = compare.Unpadded(h)
	}
	req, err := http.NewRequestWithContext(ctx, t.method, fill(t.url), bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	maps.Copy(req.Header, h)
	for name, lines := range t.header {
		for _, l := range lines {
			req.Header.Add(name, fill(l))
		}
	}
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", "traceferry-doctor")
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return "", err
	}
	if t.grpc {
		code := or(resp.Trailer.Get("Grpc-Status"), resp.Header.Get("Grpc-Status"))
		return fmt.Sprintf("%s, gRPC status %s", resp.Status, or(code, "missing")), nil
	}
	return resp.Status, nil
}
