package propagationtest_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// TestOwnPropagator: traceferry's propagator does what all vectors and promises say.
func TestOwnPropagator(t *testing.T) {
	ran := map[propagationtest.Basis]int{}
	for _, f := range propagation.AllFormats() {
		formats := []propagation.Format{f}
		if f == propagation.Datadog {
			formats = append(formats, propagation.W3C)
		}
		newPropagator := func() otelprop.TextMapPropagator {
			return propagation.MustNew(propagation.Config{Formats: formats})
		}
		for _, r := range propagationtest.TestPropagator(newPropagator, formats) {
			ran[r.Basis]++
			if !r.OK() {
				t.Error(r)
			}
		}
	}
	t.Logf("ran %v", ran)
	if ran[propagationtest.Spec] < 130 || ran[propagationtest.Promise] < 100 {
		t.Errorf("ran only %v", ran)
	}
}

// appending breaks a propagator in several ways.
type appending struct{ otelprop.TextMapPropagator }

func (a appending) Inject(_ context.Context, c otelprop.TextMapCarrier) {
	h := c.(otelprop.HeaderCarrier)
	h["B3"] = append(h["B3"], "0")
}

// TestPropagatorFindsMistakes: a result is not OK where a propagator appends, invents and loses.
func TestPropagatorFindsMistakes(t *testing.T) {
	broken := map[string]bool{}
	for _, r := range propagationtest.TestPropagator(func() otelprop.TextMapPropagator { return appending{propagation.MustNew(propagation.Config{})} },
		[]propagation.Format{propagation.B3Single}) {
		if !r.OK() {
			broken[r.ID] = true
		}
	}
	for _, name := range []string{"verbatim", "nothing invented", "replace", "reuse"} {
		if !broken["promise: "+name+", b3"] {
			t.Errorf("the promise %q was found kept", name)
		}
	}
}
