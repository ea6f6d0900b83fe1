// Package bareclient has clients with and without a transport that writes headers.
package bareclient

import (
	"context"
	"crypto/tls"
	"net/http"
	"time"

	"github.com/spf13/cobra"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

var p *propagation.Propagator

func handler(w http.ResponseWriter, r *http.Request) {
	http.Get("http://details")           // want `http.Get sends no headers of the request in r: it takes no context, and its client has no traceferry; use a client with httptrace.NewTransport and http.NewRequestWithContext\(r.Context\(\), ...\) \(https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#bareclient\)`
	http.Head("http://details")          // want `http.Head sends no headers`
	http.Post("http://details", "", nil) // want `http.Post sends no headers`
	http.PostForm("http://details", nil) // want `http.PostForm sends no headers`
	http.DefaultClient.Do(r)             // want `http.DefaultClient has no transport that writes trace headers: calls carry no headers of the request in r; use httptrace.NewTransport`
	http.DefaultClient.Get("")           // want `http.DefaultClient has no transport`
}

func made(w http.ResponseWriter, req *http.Request) {
	client := &http.Client{Timeout: time.Second} // want `http.Client has no transport`
	client.Do(req)
	(&http.Client{Transport: &http.Transport{}}).Do(req)                               // want `http.Client has no transport`
	(&http.Client{Transport: http.DefaultTransport}).Do(req)                           // want `http.Client has no transport`
	(&http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}).Do(req) // want `http.Client has no transport`
	(&http.Client{Transport: nil}).Do(req)                                             // want `http.Client has no transport`
	new(http.Client).Do(req)                                                           // want `new\(http.Client\) has no transport`
	var zero http.Client                                                               // want `http.Client has no transport`
	zero.Do(req)
	base := &http.Transport{TLSClientConfig: &tls.Config{}}
	var rt http.RoundTripper = base
	(&http.Client{Transport: rt}).Do(req) // want `http.Client has no transport`
}

var packageClient = &http.Client{} // want `http.Client has no transport.*request in req`

var packageValue http.Client // want `http.Client has no transport`

func usesPackageClient(w http.ResponseWriter, req *http.Request) {
	packageClient.Do(req)
	packageValue.Do(req)
}

type service struct {
	client, other *http.Client
}

func newService() *service {
	return &service{
		client: &http.Client{}, // want `http.Client has no transport`
	}
}

func (s *service) setOther() { s.other = newClient() }

func newClient() *http.Client {
	return &http.Client{} // want `http.Client has no transport`
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.call(r.Context()) }

// call gets its context from a handler.
func (s *service) call(ctx context.Context) {
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://details", nil)
	s.client.Do(req)
	s.other.Do(req)
}

type fallback struct{ client *http.Client }

func newFallback(client *http.Client) *fallback {
	if client == nil {
		client = http.DefaultClient // want `http.DefaultClient has no transport`
	}
	return &fallback{client}
}

func newFallback2(client *http.Client) *fallback {
	f := &fallback{client: client}
	return f
}

func (f *fallback) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequestWithContext(r.Context(), "GET", "http://details", nil)
	f.client.Do(req)
}

// From here on nothing is reported.

func ferried(ctx context.Context, req *http.Request) {
	(&http.Client{Transport: httptrace.NewTransport(p, nil)}).Do(req)
	client := &http.Client{}
	client.Transport = httptrace.NewTransport(p, nil)
	client.Do(req)
	var rt http.RoundTripper = http.DefaultTransport
	rt = httptrace.NewTransport(p, rt)
	(&http.Client{Transport: rt}).Do(req)
	transportOf := func() http.RoundTripper { return nil }
	(&http.Client{Transport: transportOf()}).Do(req)
	var pointer *http.Client
	pointer.Do(req)
}

func given(ctx context.Context, req *http.Request, rt http.RoundTripper) {
	(&http.Client{Transport: rt}).Do(req)
}

func caller(ctx context.Context, req *http.Request) {
	http.DefaultClient.Do(req) // reported with the flag -callers
}

var unused = &http.Client{}

func main() {
	http.Get("http://details")
	(&http.Client{}).Get("http://details")
	unused.Get("http://details")
}

func init() { http.DefaultClient.Get("http://details") }

func command(cmd *cobra.Command, args []string) {
	http.Get("http://details")
}
