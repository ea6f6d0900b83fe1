// Package fixed has what the suggested fixes change.
package fixed

import (
	"context"
	"net/http"

	"example.com/shop"
)

var shops shop.Client

func handler(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	go shops.Get(ctx, nil)         // want `goroutine`
	go shops.Get(r.Context(), nil) // want `goroutine`
	go func() {
		shops.Get(ctx, nil) // want `goroutine`
	}()
}
