package pages

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// sends returns the trace formats that a service sends for received headers.
func sends(config propagation.Config, in http.Header) string {
	p, out := propagation.MustNew(config), http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
	return strings.Join(slices.Sorted(maps.Keys(out)), " ")
}

func TestMigration(t *testing.T) {
	step1 := propagation.Config{
		Formats: []propagation.Format{propagation.B3Multi, propagation.B3Single, propagation.W3C, propagation.RequestID, propagation.Baggage},
		Emit:    []propagation.Format{propagation.B3Multi, propagation.W3C},
	}
	step2 := propagation.Config{
		Formats:  []propagation.Format{propagation.W3C, propagation.RequestID, propagation.Baggage},
		Emit:     []propagation.Format{propagation.W3C},
		ReadOnly: []propagation.Format{propagation.B3Multi, propagation.B3Single},
	}
	step3 := propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.RequestID, propagation.Baggage},
	}

	old := http.Header{"X-B3-Traceid": {traceID}, "X-B3-Spanid": {spanID}, "X-B3-Sampled": {"1"}}
	recent := http.Header{"Traceparent": {traceparent}}
	for _, c := range []struct {
		step propagation.Config
		in   http.Header
		want string
	}{
		{step1, old, "Traceparent X-B3-Sampled X-B3-Spanid X-B3-Traceid"},
		{step1, recent, "Traceparent X-B3-Sampled X-B3-Spanid X-B3-Traceid"},
		{step2, old, "Traceparent"},
		{step2, recent, "Traceparent"},
		{step3, old, ""},
		{step3, recent, "Traceparent"},
		{step1, http.Header{"B3": {"0"}}, "B3"},
		{step2, http.Header{"B3": {"0"}}, ""},
	} {
		if got := sends(c.step, c.in); got != c.want {
			t.Errorf("%v of %v sends %q, want %q", c.step.Formats, c.in, got, c.want)
		}
	}

	config := step2
	var onlyB3 atomic.Int64
	config.Observer = &propagation.Observer{Extracted: func(_ context.Context, formats []propagation.Format) {
		b3 := slices.Contains(formats, propagation.B3Multi) || slices.Contains(formats, propagation.B3Single)
		if b3 && !slices.Contains(formats, propagation.W3C) {
			onlyB3.Add(1) // a metric of your service
		}
	}}

	sends(config, old)
	sends(config, recent)
	if onlyB3.Load() != 1 {
		t.Errorf("%d requests had B3 alone, want one", onlyB3.Load())
	}
}
