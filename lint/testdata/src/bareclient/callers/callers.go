// Package callers has clients where a context may be a request's.
package callers

import (
	"context"
	"net/http"
)

type reviews struct{ client *http.Client }

func newReviews() *reviews {
	return &reviews{&http.Client{}} // want `http.Client has no transport`
}

func (r *reviews) Get(ctx context.Context) {
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://reviews", nil)
	r.client.Do(req)
	http.DefaultClient.Do(req) // want `http.DefaultClient has no transport`
}

func Run(ctx context.Context) {
	http.Get("http://reviews") // the program's work
}
