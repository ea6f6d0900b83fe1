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

// TestSeriesOccur: each series of a Config can have a count. That Series foresees all counts is checked by compile.
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
		for _, other := range []string{otherW3C, staleW3C} { // of another trace, another span of the same
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
				t.Errorf("%v cannot occur", key)
			}
		}
	}
}

// TestSeriesAgrees: Series gives what All gives, in its order, and zeros between. It stops when it is asked to.
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
		t.Errorf("Series gives %v and %d zeros, All %v", full, zeros, all)
	}
	n := 0
	for range stats.Series() {
		n++
		break
	}
	if n != 1 {
		t.Errorf("went on %d times after a break", n)
	}
}

// TestSeriesOfConfigs: how many series a Config has, and which it has not.
func TestSeriesOfConfigs(t *testing.T) {
	for name, test := range map[string]struct {
		p    *propagation.Propagator
		want int
	}{
		"nil":            {nil, 0},
		"zero":           {new(propagation.Propagator), 0},
		"no formats":     {compile(t, propagation.Config{Formats: []propagation.Format{}}), 5},
		"W3C":            {compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}}), 11},
		"B3 to W3C":      {compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Multi}, Emit: []propagation.Format{propagation.W3C}}), 17},
		"migrated":       {compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}, ReadOnly: []propagation.Format{propagation.B3Single}}), 17},
		"the zero's":     {compile(t, propagation.Config{}), 49},
		"with headers":   {compile(t, propagation.Config{Headers: []string{"x-tenant"}}), 51},
		"all formats":    {compile(t, propagation.Config{Formats: propagation.AllFormats()}), 91},
		"all there are":  {compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, Reconcile: true}), 104},
		"only baggage's": {compile(t, propagation.Config{Formats: []propagation.Format{propagation.Baggage}}), 9},
	} {
		if got := seriesOf(test.p); len(got) != test.want {
			t.Errorf("%s: %d series, want %d: %v", name, len(got), test.want, got)
		}
	}
}

// TestSeriesForeign: a count of a format that only an outer Propagator carries has a series when it is no longer zero.
func TestSeriesForeign(t *testing.T) {
	outer := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	inner := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	foreign := propagation.StatsKey{Format: propagation.XRay, Outcome: propagation.Malformed}
	if slices.Contains(seriesOf(inner), foreign) {
		t.Fatal("has the series already")
	}
	ctx := inner.Extract(received(outer, "X-Amzn-Trace-Id", "?"), lend(metadataOf("traceparent", callerW3C)))
	propagation.RemoteFromContext(ctx)
	if inner.Stats().Count(foreign.Format, foreign.Outcome) != 1 || !slices.Contains(seriesOf(inner), foreign) {
		t.Errorf("counted %v, has the series %v", inner.Stats(), seriesOf(inner))
	}
}

// TestLabels: names are what semantic conventions and Prometheus take, and those that String has.
func TestLabels(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, Reconcile: true})
	for key := range p.Stats().Series() {
		format, outcome := key.Labels()
		if strings.Trim(format+outcome, "abcdefghijklmnopqrstuvwxyz0123456789_") != "" || format+" "+strings.ReplaceAll(outcome, "_", " ") != key.String() {
			t.Errorf("%v has the labels %q, %q", key, format, outcome)
		}
	}
}
