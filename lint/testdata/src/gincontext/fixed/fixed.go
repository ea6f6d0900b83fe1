// Package fixed has what the suggested fixes change.
package fixed

import (
	"context"
	"net/http"

	"example.com/shop"
	"github.com/gin-gonic/gin"
	"google.golang.org/grpc"
)

var (
	shops shop.Client
	conn  grpc.ClientConn
)

func handler(c *gin.Context) {
	shops.Get(c, nil)                                           // want `gincontext`
	conn.Invoke(c, "", nil, nil)                                // want `gincontext`
	http.NewRequestWithContext(c, "GET", "http://details", nil) // want `gincontext`
	user(c)                                                     // want `gincontext`
}

// user may read what gin's own Set has stored.
func user(ctx context.Context) (any, error) { return ctx.Value("user"), nil }
