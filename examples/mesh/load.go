package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/app"
)

// load sends the requests for the books 1 to n to the edge, and returns the errors.
func (m *mesh) load(ctx context.Context, o options) []error {
	client := &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: o.parallel},
		Timeout:   20 * time.Second,
	}
	defer client.CloseIdleConnections()
	var (
		last    atomic.Int64
		errs    = make([]error, o.n)
		clients sync.WaitGroup
	)
	for range min(o.parallel, o.n) {
		clients.Go(func() {
			for i := int(last.Add(1)); i <= o.n; i = int(last.Add(1)) {
				errs[i-1] = app.Ask(ctx, client, m.entry, i, o.others(i))
			}
		})
	}
	clients.Wait()
	return slices.DeleteFunc(errs, func(err error) bool { return err == nil })
}
