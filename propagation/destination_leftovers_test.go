package propagation_test

import (
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// Where a propagator of Config.Also writes a name of ours, ours is judged, and theirs does not go beside it.
func TestAlsoBaggageOverGRPC(t *testing.T) {
	p := compile(t, propagation.Config{Also: []otelprop.TextMapPropagator{otelprop.Baggage{}}})
	md := metadataTo(t, p, received(p, "Baggage", "user=bob", "B3", "1"), "evil.example")
	expect(t, md, metadataOf("b3", "1"))
}

// An x-ot-span-context that is not padded is not read; what its items may be does not go to strangers.
func TestUnreadableItems(t *testing.T) {
	p := compile(t, propagation.Config{})
	for _, line := range []string{strings.TrimRight(ladenOTSpanContext[:len(ladenOTSpanContext)-2], "="), ladenOTSpanContext + "=", "Ei4J!" + ladenOTSpanContext, callerTrace[16:] + ";" + callerSpan + ";0;user=bob"} {
		got := sentTo(t, p, received(p, "X-Ot-Span-Context", line), "http://evil.example").Get("X-Ot-Span-Context")
		if got == line {
			t.Errorf("%q goes as it came", line)
		}
	}
}
