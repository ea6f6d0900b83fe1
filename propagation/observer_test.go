package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// observed records the calls of an Observer.
type observed struct {
	sync.Mutex
	outcomes  map[string]uint64
	extracted []string
}

func (o *observed) observer() *propagation.Observer {
	o.outcomes = map[string]uint64{}
	return &propagation.Observer{
		Outcome: func(ctx context.Context, f propagation.Format, what propagation.Outcome) {
			o.Lock()
			defer o.Unlock()
			if ctx == nil {
				panic("the observer got a nil context")
			}
			o.outcomes[fmt.Sprint(f, " ", what)]++
		},
		Extracted: func(ctx context.Context, fs []propagation.Format) {
			o.Lock()
			defer o.Unlock()
			o.extracted = append(o.extracted, fmt.Sprint(fs))
		},
	}
}

// outcomeRequests has requests for each outcome that a capture can have, and the counts of each.
var outcomeRequests = map[string]struct {
	in   []string
	want map[string]uint64
}{
	"malformed":              {[]string{"Traceparent", "00-x", "X-B3-Traceid", "1", "X-Amzn-Trace-Id", "Self=1"}, map[string]uint64{"tracecontext malformed": 1, "b3multi malformed": 1, "xray malformed": 1}},
	"opaque":                 {[]string{"Sw8", "garbage", "X-Request-Id", "ü", "Uberctx-A", "garbage"}, nil},
	"duplicate":              {[]string{"B3", callerB3, "B3", callerB3, "B3", callerB3}, map[string]uint64{"b3 duplicate": 1}},
	"duplicates":             {[]string{"X-B3-Sampled", "1", "X-B3-Sampled", "1", "X-B3-Flags", "1", "X-B3-Flags", "1"}, map[string]uint64{"b3multi duplicate": 1}},
	"restart":                {[]string{"Traceparent", callerW3C, "Traceparent", callerW3C}, map[string]uint64{"tracecontext duplicate": 1, "tracecontext malformed": 1}},
	"lists":                  {[]string{"Traceparent", callerW3C, "Tracestate", "a=1", "Tracestate", "b=2", "Baggage", "k=v", "Baggage", "l=w"}, nil},
	"conflict":               {[]string{"Traceparent", otherW3C, "B3", callerB3, "Uber-Trace-Id", callerTrace + ":1:0:1"}, map[string]uint64{"b3 conflict": 1, "jaeger conflict": 1}},
	"another span":           {[]string{"Traceparent", callerW3C, "B3", callerTrace + "-1111111111111111-1"}, nil},
	"half of the id":         {[]string{"Traceparent", callerW3C, "B3", callerTrace[16:] + "-1111111111111111-1"}, nil},
	"no conflict":            {[]string{"Traceparent", otherW3C, "B3", "0", "Uber-Trace-Id", "garbage"}, map[string]uint64{"jaeger malformed": 1}},
	"too large":              {[]string{"X-Tenant", strings.Repeat("x", 8193), "Sw8", strings.Repeat("x", 8193)}, map[string]uint64{"headers too large": 1, "sw8 too large": 1}},
	"stale, same trace":      {[]string{"B3", callerTrace + "-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, map[string]uint64{"b3 stale": 1}},
	"not stale: its child":   {[]string{"B3", callerTrace + "-1111111111111111-1-" + callerSpan, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, map[string]uint64{}},
	"each the other's child": {[]string{"B3", callerTrace + "-1111111111111111-1-" + callerSpan, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Parentspanid", "1111111111111111"}, map[string]uint64{"b3 stale": 1}},
	"stale, other trace":     {[]string{"B3", "1111111111111111-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, map[string]uint64{"b3 stale": 1, "b3multi conflict": 1}},
	"not stale":              {[]string{"B3", callerB3, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1"}, nil},
}

// TestOutcomes: an outcome of a capture is counted once for a request, however often its context is read and injected.
func TestOutcomes(t *testing.T) {
	for name, test := range outcomeRequests {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}})
			ctx := received(p, test.in...)
			for range 3 {
				propagation.RemoteFromContext(ctx)
				sent(p, ctx)
			}
			expectCounts(t, p, test.want)
		})
	}
}

// TestOutcomesObserved: the observer gets each counted outcome. With an observer, outcomes are counted at Extract.
func TestOutcomesObserved(t *testing.T) {
	for name, test := range outcomeRequests {
		t.Run(name, func(t *testing.T) {
			var heard observed
			p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, Observer: heard.observer()})
			ctx := received(p, test.in...)
			expectCounts(t, p, test.want)
			for range 3 {
				propagation.RemoteFromContext(ctx)
				sent(p, ctx)
			}
			expectCounts(t, p, test.want)
			if !maps.Equal(heard.outcomes, countsOf(p)) {
				t.Errorf("the observer got %v, but the counts are %v", heard.outcomes, countsOf(p))
			}
		})
	}
}

// TestOutcomesOfCalls: the outcomes of an outgoing call are counted for each call.
func TestOutcomesOfCalls(t *testing.T) {
	var heard observed
	p := compile(t, propagation.Config{Observer: heard.observer(), Limits: propagation.Limits{MetadataBytes: 60}})
	ctx := received(p, "X-Request-Id", "tab\tbed", "Baggage", "k="+strings.Repeat("x", 60))
	for range 2 {
		sentMetadata(p, ctx)
		engine(p).CloneHTTP(context.Background(), nil)
		engine(p).CloneMetadata(context.Background(), nil, nil)
		engine(p).ContextWithMetadata(context.Background(), nil, 1, func(md map[string][]string) any { return md })
	}
	want := map[string]uint64{"requestid unsendable": 2, "baggage too large": 2, "headers no context": 6}
	expectCounts(t, p, want)
	if !maps.Equal(heard.outcomes, want) {
		t.Errorf("the observer got %v, want %v", heard.outcomes, want)
	}
	sent(p, context.Background()) // InjectHTTP does not count calls, because it may be used without one
	expectCounts(t, p, want)
}

// TestExtracted: each Extract that captures a header calls Observer.Extracted with the formats that it read itself.
func TestExtracted(t *testing.T) {
	for _, formats := range [][]propagation.Format{nil, propagation.AllFormats()} { // with and without prefixes
		var heard observed
		p := compile(t, propagation.Config{Formats: formats, Headers: []string{"x-tenant"}, Observer: heard.observer()})
		ctx := received(p, "Traceparent", callerW3C, "X-Request-Id", "r1", "Baggage", " ", "X-Tenant", "acme")
		p.ExtractHTTP(ctx, carrier("Traceparent", callerW3C, "X-Request-Id", "r1", "X-Tenant", "acme")) // the same
		p.ExtractHTTP(ctx, carrier("Accept", "*/*"))
		p.ExtractMetadata(ctx, metadataOf("b3", "0"))
		received(p, "X-Tenant", "acme")
		want := []string{"[tracecontext requestid]", "[b3]", "[]"}
		if !slices.Equal(heard.extracted, want) {
			t.Errorf("the observer got %q, want %q", heard.extracted, want)
		}
	}
}

// TestObserverNilFunctions: each function of an Observer may be nil.
func TestObserverNilFunctions(t *testing.T) {
	p := compile(t, propagation.Config{Observer: &propagation.Observer{}})
	ctx := received(p, "Traceparent", "garbage")
	propagation.RemoteFromContext(ctx)
	expectCounts(t, p, map[string]uint64{"tracecontext malformed": 1})
}

// TestStats: each Propagator has its own counts. Stats returns a snapshot.
func TestStats(t *testing.T) {
	p, other := compile(t, propagation.Config{}), compile(t, propagation.Config{})
	before := p.Stats()
	for range 2 {
		propagation.RemoteFromContext(received(p, "Traceparent", "garbage", "B3", "garbage"))
	}
	after := p.Stats()
	if before.Total(propagation.Malformed) != 0 || after.Total(propagation.Malformed) != 4 || after.Count(propagation.B3Single, propagation.Malformed) != 2 {
		t.Errorf("the counts were %v and are %v, want first 0 and then 4 malformed, 2 of them b3", before, after)
	}
	if after.Total(propagation.Duplicate) != 0 || other.Stats().Total(propagation.Malformed) != 0 {
		t.Error("another outcome or another Propagator has counts, want none")
	}
	var none *propagation.Propagator
	if none.Stats() != (propagation.Stats{}) {
		t.Error("the nil Propagator has counts, want none")
	}
}

// TestStatsConcurrent: no count is lost if many requests are counted at the same time.
func TestStatsConcurrent(t *testing.T) {
	p := compile(t, propagation.Config{})
	const requests = 200
	var all sync.WaitGroup
	for range requests {
		ctx := received(p, "Traceparent", "garbage")
		for range 3 {
			all.Go(func() { propagation.RemoteFromContext(ctx) })
		}
	}
	all.Wait()
	expectCounts(t, p, map[string]uint64{"tracecontext malformed": requests})
}
