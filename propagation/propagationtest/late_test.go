package propagationtest_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/traceferry/traceferry/propagation/propagationtest"
)

// TestLateCalls: a call that a goroutine makes after the Mesh has gone on still belongs to its request.
func TestLateCalls(t *testing.T) {
	t.Parallel()
	m := propagationtest.New(t, propagationtest.Wait(30*time.Millisecond))
	details := m.HTTP("details")
	var n atomic.Int32
	m.Drive(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		late := n.Add(1)%3 == 0 && r.Header.Get("X-Request-Id") != "" // a late call without a header is of no known request
		h := pick(r.Header)
		if late {
			go func() {
				time.Sleep(60 * time.Millisecond)
				get(context.Background(), http.DefaultClient, details.URL+"/late", h)
			}()
			return
		}
		get(r.Context(), http.DefaultClient, details.URL, h)
	}))
}
