package propagation_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/propagation"
)

// All calls of one run of a job carry the same request id. The calls of the next run carry another one.
func ExamplePropagator_Begin() {
	p := propagation.MustNew(propagation.Config{})
	sent := func(ctx context.Context) string {
		h := http.Header{}
		p.InjectHTTP(ctx, h)
		return h.Get("X-Request-Id")
	}
	first, second := p.Begin(context.Background()), p.Begin(context.Background())
	id := sent(first)
	fmt.Println(len(id), sent(first) == id, sent(second) == id)
	// Output: 36 true false
}
