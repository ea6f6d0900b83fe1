// Package callees has a goroutine in a function that a handler calls.
package callees

import (
	"context"
	"net/http"

	"example.com/shop"
)

var shops shop.Client

func handler(w http.ResponseWriter, r *http.Request) { notify(r.Context()) }

func notify(ctx context.Context) {
	go shops.Get(ctx, nil) // want `the goroutine uses ctx`
}
