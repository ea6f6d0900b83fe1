package propagation_test

import (
	"context"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// TestInnerExtractOfEachFormat: a format that an inner Extract reads has precedence over a format of the outer Extract,
// whatever the order of Config.Formats.
func TestInnerExtractOfEachFormat(t *testing.T) {
	for _, d := range dialects {
		if d.format == propagation.W3C || d.headers[propagation.Accepted] == nil {
			continue
		}
		p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C, d.format}})
		outer := received(p, "Traceparent", "00-"+callerTrace+"-"+callerSpan+"-00")
		inner := otelprop.MapCarrier{}
		for name, lines := range d.metadata(propagation.Accepted) {
			inner[name] = lines[0]
		}
		sc, _ := propagation.RemoteFromContext(p.Extract(context.Background(), inner))
		if sc.Sampling != propagation.Accepted {
			t.Fatalf("%s: the decision in %q is %v, want accepted", d.name, inner, sc.Sampling)
		}
		if sc, _ = propagation.RemoteFromContext(p.Extract(outer, inner)); sc.Sampling != propagation.Accepted {
			t.Errorf("%s: the outer traceparent is denied, the inner %q is accepted, and the decision is %v, want accepted", d.name, inner, sc.Sampling)
		}
	}
}
