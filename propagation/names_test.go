package propagation_test

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestNames: Fields lists the written names, ReadFields the read names, and Prefixes the prefixes of both.
func TestNames(t *testing.T) {
	p := propagation.MustNew(propagation.Config{
		Formats:       []propagation.Format{propagation.B3Single, propagation.Jaeger},
		ReadOnly:      []propagation.Format{propagation.XRay, propagation.OTTrace},
		Emit:          []propagation.Format{propagation.W3C},
		Headers:       []string{"End-User"},
		UnsafeHeaders: []string{"Authorization"},
	})
	jaeger := propagation.Jaeger.Fields()
	ot := propagation.OTTrace.Fields()
	for name, list := range map[string]struct{ got, want []string }{
		"Fields":     {p.Fields(), slices.Concat([]string{"traceparent", "tracestate", "b3"}, jaeger, []string{"end-user", "authorization"})},
		"ReadFields": {p.ReadFields(), slices.Concat([]string{"b3"}, jaeger, []string{"x-amzn-trace-id"}, ot, []string{"end-user", "authorization"})},
		"Prefixes":   {p.Prefixes(), []string{"uberctx-", "ot-baggage-"}},
	} {
		slices.Sort(list.got)
		slices.Sort(list.want)
		if !slices.Equal(list.got, list.want) {
			t.Errorf("%s gives %q, want %q", name, list.got, list.want)
		}
	}
	for _, name := range p.ReadFields() {
		ctx := p.ExtractHTTP(context.Background(), http.Header{http.CanonicalHeaderKey(name): {"v"}})
		if len(captures(ctx)) == 0 && name != "authorization" {
			t.Errorf("ReadFields lists %s, but ExtractHTTP does not read it", name)
		}
	}
	var none *propagation.Propagator
	if none.Fields() != nil || none.ReadFields() != nil || none.Prefixes() != nil {
		t.Error("the nil Propagator returns names, want nil")
	}
	p.ReadFields()[0], p.Prefixes()[0] = "mine", "mine"
	if slices.Contains(p.ReadFields(), "mine") || slices.Contains(p.Prefixes(), "mine") {
		t.Error("a change of a returned list changes the next result")
	}
}
