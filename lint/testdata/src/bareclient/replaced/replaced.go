// Package replaced replaces http.DefaultTransport.
package replaced

import (
	"net/http"

	"github.com/traceferry/traceferry/httptrace"
)

func init() { http.DefaultTransport = httptrace.NewTransport(nil, http.DefaultTransport) }

func handler(w http.ResponseWriter, r *http.Request) {
	http.DefaultClient.Do(r)
	(&http.Client{}).Do(r)
}
