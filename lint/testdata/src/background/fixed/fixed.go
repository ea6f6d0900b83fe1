// Package fixed has what the suggested fixes change.
package fixed

import (
	stdcontext "context"
	"net/http"

	"example.com/shop"
)

var shops shop.Client

func handler(w http.ResponseWriter, r *http.Request) {
	shops.Get(stdcontext.Background(), nil) // want `drops the headers`
	shops.Get(stdcontext.TODO(), nil)       // want `drops the headers`
}
