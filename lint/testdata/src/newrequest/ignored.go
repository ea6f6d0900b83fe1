package newrequest

import (
	"context"
	"net/http"
)

func ignored(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil) //nolint
	http.NewRequest("GET", "http://details", nil) //nolint:newrequest // this service knows no headers
	http.NewRequest("GET", "http://details", nil) //nolint:errcheck,traceferry
	http.NewRequest("GET", "http://details", nil) //lint:ignore newrequest this service knows no headers

	//lint:ignore background,newrequest this service knows no headers
	http.NewRequest("GET", "http://details", nil)
	http.NewRequest("GET", "http://details", nil) // want `takes no context`

	//lint:ignore newrequest
	http.NewRequest("GET", "http://details", nil) // want `takes no context`
	http.NewRequest("GET", "http://details", nil) //nolint:errcheck // want `takes no context`
}

// ignoredFunc is about a comment for a function.
//
//nolint:newrequest // this service knows no headers
func ignoredFunc(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil)
	http.NewRequest("GET", "http://details", nil)
}

func notIgnored(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil) // want `takes no context`
}
