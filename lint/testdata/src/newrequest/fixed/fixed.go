// Package fixed has what the suggested fixes change.
package fixed

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

func handler(w http.ResponseWriter, r *http.Request) {
	http.NewRequest("GET", "http://details", nil) // want `newrequest`
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	_ = ctx
	http.NewRequest("GET", "http://details", nil) // want `newrequest`
}

func parameters(_ string, call context.Context, r *http.Request) {
	http.NewRequest( // want `newrequest`
		"GET",
		"http://details",
		nil,
	)
}

func ginHandler(c *gin.Context) {
	http.NewRequest("GET", "http://details", nil) // want `newrequest`
}
