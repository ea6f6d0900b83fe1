package propagation_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// A browser sends a preflight request before it sends trace headers to another origin (CORS). A middleware that takes a
// fixed list of names gets ReadFields. The response to a preflight request cannot list prefixes. So preflight compares
// each name that the browser lists with the names and the prefixes.
func ExamplePropagator_ReadFields() {
	p := propagation.MustNew(propagation.Config{
		Formats:  []propagation.Format{propagation.W3C, propagation.Jaeger},
		ReadOnly: []propagation.Format{propagation.B3Single},
	})
	fields, prefixes := p.ReadFields(), p.Prefixes()
	allowed := func(name string) bool {
		return slices.Contains(fields, name) ||
			slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	}
	preflight := func(w http.ResponseWriter, r *http.Request) {
		var allow []string
		for name := range strings.SplitSeq(r.Header.Get("Access-Control-Request-Headers"), ",") {
			if name = strings.ToLower(strings.TrimSpace(name)); allowed(name) {
				allow = append(allow, name)
			}
		}
		w.Header().Set("Access-Control-Allow-Headers", strings.Join(allow, ","))
	}

	r := httptest.NewRequest("OPTIONS", "/", nil)
	r.Header.Set("Access-Control-Request-Headers", "b3,traceparent,uberctx-user,x-other")
	w := httptest.NewRecorder()
	preflight(w, r)
	fmt.Println("fixed list:", strings.Join(fields, ", "))
	fmt.Println("answer:", w.Header().Get("Access-Control-Allow-Headers"))
	// Output:
	// fixed list: traceparent, tracestate, b3, uber-trace-id, jaeger-debug-id, jaeger-baggage
	// answer: b3,traceparent,uberctx-user
}
