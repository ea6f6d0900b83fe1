package propagation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// counted returns a Propagator that has counted some outcomes: two calls without a capture, one call of a request without
// headers, and a malformed header of each of two formats.
func counted(t *testing.T) *propagation.Propagator {
	t.Helper()
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	for range 2 {
		engine(p).CloneHTTP(context.Background(), nil)
	}
	ctx := p.ExtractHTTP(context.Background(), http.Header{"B3": {"?"}, "Uber-Trace-Id": {"?"}})
	propagation.RemoteFromContext(ctx)
	engine(p).CloneHTTP(context.WithValue(context.Background(), http.ServerContextKey, t), nil)
	return p
}

func TestStatsPrinted(t *testing.T) {
	empty, full := propagation.MustNew(propagation.Config{}).Stats(), counted(t).Stats()
	for _, test := range []struct {
		stats      propagation.Stats
		text, json string
	}{
		{propagation.Stats{}, "", "{}"},
		{empty, "", "{}"},
		{full, "requests captured: 1, headers no context: 2, headers nothing received: 1, b3 malformed: 1, jaeger malformed: 1",
			`{"b3":{"malformed":1},"headers":{"no context":2,"nothing received":1},"jaeger":{"malformed":1},"requests":{"captured":1}}`},
	} {
		if got := fmt.Sprint(test.stats); got != test.text {
			t.Errorf("prints %q, want %q", got, test.text)
		}
		if got, err := json.Marshal(test.stats); err != nil || string(got) != test.json {
			t.Errorf("is %s in JSON (%v), want %s", got, err, test.json)
		}
	}
}

// TestStatsAll: All agrees with Count, leaves out the zeros, and stops if the loop breaks.
func TestStatsAll(t *testing.T) {
	stats := counted(t).Stats()
	var keys []propagation.StatsKey
	for key, n := range stats.All() {
		keys = append(keys, key)
		if n == 0 || n != stats.Count(key.Format, key.Outcome) {
			t.Errorf("All gives %d for %v, want the %d of Count, and not 0", n, key, stats.Count(key.Format, key.Outcome))
		}
	}
	want := []propagation.StatsKey{
		{Outcome: propagation.NoContext}, {Outcome: propagation.NothingReceived},
		{Format: propagation.B3Single, Outcome: propagation.Malformed}, {Format: propagation.Jaeger, Outcome: propagation.Malformed},
	}
	if !slices.Equal(keys, want) {
		t.Errorf("All gives %v, want %v", keys, want)
	}
	n := 0
	for range stats.All() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("a loop with a break ran %d times, want once", n)
	}
}
