// Package early calls itself over HTTP before package weave is initialized: it imports less, and its path sorts first.
package early

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// Answer is what its server answered, or an error.
var Answer = call()

func call() string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "early") }))
	defer s.Close()
	resp, err := http.Get(s.URL)
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}
