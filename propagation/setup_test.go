package propagation_test

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// The caller's span in most tests.
const (
	callerTrace = "463ac35c9f6413ad48485a3953bb6124"
	callerSpan  = "a2fb4a1d1a96d312"
	callerW3C   = "00-" + callerTrace + "-" + callerSpan + "-01"
	callerB3    = callerTrace + "-" + callerSpan + "-1"
)

var callerContext = propagation.SpanContext{
	TraceID:  [16]byte{0x46, 0x3a, 0xc3, 0x5c, 0x9f, 0x64, 0x13, 0xad, 0x48, 0x48, 0x5a, 0x39, 0x53, 0xbb, 0x61, 0x24},
	SpanID:   [8]byte{0xa2, 0xfb, 0x4a, 0x1d, 0x1a, 0x96, 0xd3, 0x12},
	Sampling: propagation.Accepted,
}

// callerW3C as grpc-trace-bin: the raw bytes, and their base64 with and without padding.
const (
	callerBinRaw    = "\x00\x00\x46\x3a\xc3\x5c\x9f\x64\x13\xad\x48\x48\x5a\x39\x53\xbb\x61\x24\x01\xa2\xfb\x4a\x1d\x1a\x96\xd3\x12\x02\x01"
	callerBinPadded = "AABGOsNcn2QTrUhIWjlTu2EkAaL7Sh0altMSAgE="
	callerBin       = "AABGOsNcn2QTrUhIWjlTu2EkAaL7Sh0altMSAgE"
)

// compile calls New with a valid Config. At the end of the test it checks the counts: Stats.Series must have listed each
// count of a format that the Config carries.
func compile(t testing.TB, c propagation.Config) *propagation.Propagator {
	t.Helper()
	p, err := propagation.New(c)
	if err != nil {
		t.Fatal(err)
	}
	foreseen := seriesOf(p)
	t.Cleanup(func() {
		for key := range p.Stats().All() {
			foreign := !slices.ContainsFunc(foreseen, func(k propagation.StatsKey) bool { return k.Format == key.Format })
			if !foreign && !slices.Contains(foreseen, key) {
				t.Errorf("%v is counted, but Series did not list it", key)
			}
		}
	})
	return p
}

// seriesOf returns the keys of Stats.Series.
func seriesOf(p *propagation.Propagator) (keys []propagation.StatsKey) {
	for key := range p.Stats().Series() {
		keys = append(keys, key)
	}
	return keys
}

// carrier returns a header with names and values. A name that is given twice has two lines.
func carrier(pairs ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(pairs); i += 2 {
		h.Add(pairs[i], pairs[i+1])
	}
	return h
}

// metadataOf is carrier, but keeps the spelling of the names.
func metadataOf(pairs ...string) map[string][]string {
	md := map[string][]string{}
	for i := 0; i < len(pairs); i += 2 {
		md[pairs[i]] = append(md[pairs[i]], pairs[i+1])
	}
	return md
}

// received returns the context of a handler after an Extract of these headers.
func received(p *propagation.Propagator, pairs ...string) context.Context {
	return p.ExtractHTTP(context.Background(), carrier(pairs...))
}

// sent returns the headers that InjectHTTP writes.
func sent(p *propagation.Propagator, ctx context.Context) http.Header {
	h := http.Header{}
	p.InjectHTTP(ctx, h)
	return h
}

// sentMetadata returns the metadata that InjectMetadata writes.
func sentMetadata(p *propagation.Propagator, ctx context.Context) map[string][]string {
	md := map[string][]string{}
	p.InjectMetadata(ctx, md)
	return md
}

// expect compares the lines of a carrier.
func expect(t *testing.T, got, want map[string][]string) {
	t.Helper()
	headerdiff.Check(t, want, got, "the carrier has other lines")
}

// captures lists the captured lines as "name: value".
func captures(ctx context.Context) []string {
	var all []string
	for name, value := range propagation.CapturedFromContext(ctx) {
		all = append(all, name+": "+value)
	}
	return all
}

// countsOf returns the counts of Stats that are not zero, with keys such as "b3 malformed".
func countsOf(p *propagation.Propagator) map[string]uint64 {
	counts := map[string]uint64{}
	for key, n := range p.Stats().All() {
		counts[key.String()] = n
	}
	return counts
}

func expectCounts(t *testing.T, p *propagation.Propagator, want map[string]uint64) {
	t.Helper()
	if got := countsOf(p); !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// otherSpan is a local span in another trace than the caller's, for Config.LocalSpan.
var otherSpan = propagation.SpanContext{
	TraceID:  [16]byte{0xAA, 15: 0xAA},
	SpanID:   [8]byte{0xBB, 7: 0xBB},
	Sampling: propagation.Accepted,
}

const otherW3C = "00-aa0000000000000000000000000000aa-bb000000000000bb-01"

// running returns a function for Config.LocalSpan that always returns sc.
func running(sc propagation.SpanContext) func(context.Context) (propagation.SpanContext, bool) {
	return func(context.Context) (propagation.SpanContext, bool) { return sc, true }
}

// extracts are the functions that extract headers. Names in lower case and values without commas work with all of them.
var extracts = map[string]func(context.Context, *propagation.Propagator, map[string][]string) context.Context{
	"http": func(ctx context.Context, p *propagation.Propagator, md map[string][]string) context.Context {
		h := http.Header{}
		for name, vals := range md {
			h[http.CanonicalHeaderKey(name)] = vals
		}
		return p.ExtractHTTP(ctx, h)
	},
	"metadata": func(ctx context.Context, p *propagation.Propagator, md map[string][]string) context.Context {
		return p.ExtractMetadata(ctx, md)
	},
	"text": func(ctx context.Context, p *propagation.Propagator, md map[string][]string) context.Context {
		return p.Extract(ctx, valuesCarrier(md))
	},
}

// valuesCarrier is a user's carrier that returns all lines of a name.
type valuesCarrier map[string][]string

var _ otelprop.ValuesGetter = valuesCarrier{}

func (c valuesCarrier) Get(key string) string      { return strings.Join(c[key][:min(1, len(c[key]))], "") }
func (c valuesCarrier) Values(key string) []string { return c[key] }
func (c valuesCarrier) Set(key, value string)      { c[key] = []string{value} }
func (c valuesCarrier) Keys() []string             { return slices.Collect(maps.Keys(c)) }

// engine returns the type of a Propagator that has the methods for this module only.
func engine(p *propagation.Propagator) *plan.Engine { return (*plan.Engine)(p) }
