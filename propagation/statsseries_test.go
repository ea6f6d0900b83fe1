package propagation_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// TestSeriesOccur: each key of Series can have a count. compile checks that Series lists each count.
func TestSeriesOccur(t *testing.T) {
	for _, f := range append(propagation.AllFormats(), 0) {
		before := slices.DeleteFunc(propagation.AllFormats(), func(g propagation.Format) bool { return g == f })
		order := before
		if f != 0 {
			order = append(order, f)
		}
		p := compile(t, propagation.Config{
			Formats: order, Headers: []string{"x-tenant"}, Reconcile: true,
			Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{}}},
			Observer:     &propagation.Observer{Outcome: func(context.Context, propagation.Format, propagation.Outcome) { panic("seen") }},
		})
		meet := func(h http.Header, others ...string) {
			for i := 0; i < len(others); i += 2 {
				h.Add(others[i], others[i+1])
			}
			ctx := p.ExtractHTTP(context.Background(), h)
			baggage.FromContext(ctx)
			sent(p, ctx)
			sentTo(t, p, ctx, "https://example.com/")
		}
		name := "X-Tenant"
		if f != 0 {
			name = f.Fields()[0]
		}
		plain := func() http.Header { return carrier(name, "a=1") }
		if f != 0 && slices.Contains(encodes(t), f) {
			plain = func() http.Header { return writtenAlone(t, f, callerContext) }
		}
		meet(plain())
		meet(plain(), "Connection", name)
		meet(plain(), name, plain().Get(name))
		meet(carrier(name, "?"))
		meet(carrier(name, strings.Repeat("x", 8193)))
		for _, other := range []string{otherW3C, staleW3C} { // another trace, and another span of the same trace
			meet(plain(), "Traceparent", other)
			meet(plain(), "X-B3-Traceid", other[3:35], "X-B3-Spanid", other[36:52])
		}
		if f == 0 {
			p.ExtractHTTPTrust(context.Background(), plain(), propagation.Restart)
			engine(p).CloneHTTP(context.Background(), nil)
			engine(p).CloneHTTP(context.WithValue(context.Background(), http.ServerContextKey, t), nil)
		}
		for key, n := range p.Stats().Series() {
			if key.Format == f && n == 0 {
				t.Errorf("Series lists %v, but it was not counted", key)
			}
		}
	}
}

// TestSeriesAgrees: Series gives the counts of All, in the same order, and also zeros. It stops if the loop breaks.
func TestSeriesAgrees(t *testing.T) {
	stats := counted(t).Stats()
	var full []propagation.StatsKey
	counts := map[propagation.StatsKey]uint64{}
	zeros := 0
	for key, n := range stats.Series() {
		if n == 0 {
			zeros++
			continue
		}
		full, counts[key] = append(full, key), n
	}
	var all []propagation.StatsKey
	for key := range stats.All() {
		all = append(all, key)
	}
	if !slices.Equal(full, all) || !maps.Equal(counts, maps.Collect(stats.All())) || zeros == 0 {
		t.Errorf("Series gives %v and %d zeros, want %v as All, and some zeros", full, zeros, all)
	}
	n := 0
	for range stats.Series() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("a loop with a break ran %d times, want once", n)
	}
}

// TestSeriesOfConfigs: the number of series of a Config.
func TestSeriesOfConfigs(t *testing.T) {
	for name, test := range map[string]struct {
		p    *propagation.Propagator
		want int
	}{
		"nil":          {nil, 0},
		"zero":         {new(propagation.Propagator), 0},
		"no formats":   {compile(t, propagation.Config{Formats: []propagation.Format{}}), 5},
		"W3C":          {compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}}), 11},
		"B3 to W3C":    {compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Multi}, Emit: []propagation.Format{propagation.W3C}}), 17},
		"migrated":     {compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}, ReadOnly: []propagation.Format{propagation.B3Single}}), 17},
		"zero Config":  {compile(t, propagation.Config{}), 49},
		"with headers": {compile(t, propagation.Config{Headers: []string{"x-tenant"}}), 51},
		"all formats":  {compile(t, propagation.Config{Formats: propagation.AllFormats()}), 91},
		"all series":   {compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, Reconcile: true}), 104},
		"only baggage": {compile(t, propagation.Config{Formats: []propagation.Format{propagation.Baggage}}), 9},
	} {
		if got := seriesOf(test.p); len(got) != test.want {
			t.Errorf("%s: %d series, want %d: %v", name, len(got), test.want, got)
		}
	}
}

// TestSeriesForeign: Series lists a format that only an outer Propagator carries once its count is not zero.
func TestSeriesForeign(t *testing.T) {
	outer := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	inner := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	foreign := propagation.StatsKey{Format: propagation.XRay, Outcome: propagation.Malformed}
	if slices.Contains(seriesOf(inner), foreign) {
		t.Fatal("before the count, Series lists the format of the outer Propagator, want it absent")
	}
	ctx := inner.Extract(received(outer, "X-Amzn-Trace-Id", "?"), lend(metadataOf("traceparent", callerW3C)))
	propagation.RemoteFromContext(ctx)
	if inner.Stats().Count(foreign.Format, foreign.Outcome) != 1 || !slices.Contains(seriesOf(inner), foreign) {
		t.Errorf("counted %v, Series lists %v, want one malformed xray in both", inner.Stats(), seriesOf(inner))
	}
}

// TestLabels: Labels returns names that Prometheus and semantic conventions accept. String has the same names.
func TestLabels(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, Reconcile: true})
	for key := range p.Stats().Series() {
		format, outcome := key.Labels()
		if strings.Trim(format+outcome, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || format+" "+strings.ReplaceAll(outcome, "_", " ") != key.String() {
			t.Errorf("%v has the labels %q, %q, want the same words in lower case with underscores", key, format, outcome)
		}
	}
}
