package httptrace_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"

	ferry "github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// The standard library has a package of this name. If a file needs both, give this one another name. Here net/http's
// httptrace prints the headers that ours sends.
func Example_besideNetHTTP() {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()

	p := propagation.MustNew(propagation.Config{})
	client := &http.Client{Transport: ferry.NewTransport(p, nil)}
	handlerContext := p.ExtractHTTP(context.Background(), http.Header{"X-Request-Id": {"r-1"}})
	ctx := httptrace.WithClientTrace(handlerContext, &httptrace.ClientTrace{
		WroteHeaderField: func(name string, values []string) {
			if name == "X-Request-Id" {
				fmt.Println("on the wire:", name, values)
			}
		},
	})
	req, err := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp.Body.Close()
	// Output:
	// on the wire: X-Request-Id [r-1]
}
