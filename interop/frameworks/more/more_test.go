package more

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
)

// setUp returns a mesh that drives a service, a Propagator, an HTTP client, and the URL of a service to call.
func setUp(t *testing.T) (m *propagationtest.Mesh, p *propagation.Propagator, client *http.Client, url string) {
	p = propagation.MustNew(propagation.Config{})
	m = propagationtest.New(t)
	return m, p, &http.Client{Transport: httptrace.NewTransport(p, nil)}, m.HTTP("details").URL
}

// call calls a service with net/http.
func call(ctx context.Context, client interface {
	Do(*http.Request) (*http.Response, error)
}, url string) error {
	req, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
