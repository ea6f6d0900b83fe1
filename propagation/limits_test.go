package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestLimits: lines that exactly meet a limit are kept. Lines that exceed it by one are left out. The test checks each limit
// over every carrier.
func TestLimits(t *testing.T) {
	of := func(fs ...propagation.Format) []propagation.Format { return fs }
	x := func(n int) string { return strings.Repeat("x", n) }
	counted := func(f propagation.Format) map[string]uint64 {
		return map[string]uint64{fmt.Sprint(f, " ", propagation.TooLarge): 1}
	}
	for name, test := range map[string]struct {
		formats []propagation.Format
		limits  propagation.Limits
		fits    map[string][]string
		exceeds map[string][]string // is left out as a whole
		count   map[string]uint64
	}{
		"default bytes of a name": {
			formats: of(propagation.RequestID),
			fits:    metadataOf("x-request-id", x(8192)),
			exceeds: metadataOf("x-request-id", x(8193)),
			count:   counted(propagation.RequestID),
		},
		"bytes of a name": {
			formats: of(propagation.RequestID), limits: propagation.Limits{HeaderBytes: 10},
			fits:    metadataOf("x-request-id", x(10)),
			exceeds: metadataOf("x-request-id", x(11)),
			count:   counted(propagation.RequestID),
		},
		"bytes of a name's lines": {
			formats: of(propagation.Baggage), limits: propagation.Limits{HeaderBytes: 10},
			fits:    metadataOf("baggage", x(5), "baggage", x(5)),
			exceeds: metadataOf("baggage", x(5), "baggage", x(6)),
			count:   counted(propagation.Baggage),
		},
		"one name of a format": {
			formats: of(propagation.B3Multi), limits: propagation.Limits{HeaderBytes: 32},
			fits:    metadataOf("x-b3-traceid", x(32), "x-b3-spanid", x(16), "x-b3-sampled", "1"),
			exceeds: metadataOf("x-b3-traceid", x(33), "x-b3-spanid", x(16), "x-b3-sampled", "1"),
			count:   counted(propagation.B3Multi),
		},
		"a header of the Config's": {
			formats: of(), limits: propagation.Limits{HeaderBytes: 10},
			fits:    metadataOf("x-tenant", x(10)),
			exceeds: metadataOf("x-tenant", x(11)),
			count:   counted(0),
		},
		"a name under a prefix counts": {
			formats: of(propagation.Jaeger), limits: propagation.Limits{HeaderBytes: 20},
			fits:    metadataOf("uberctx-k", x(11)),
			exceeds: metadataOf("uberctx-k", x(12)),
			count:   counted(propagation.Jaeger),
		},
		"default bytes of a request": {
			formats: of(propagation.SkyWalking),
			fits:    metadataOf("sw8", x(8192), "sw8-x", x(8192)),
			exceeds: metadataOf("sw8", x(8192), "sw8-x", x(8191), "sw8-correlation", x(2)),
			count:   counted(propagation.SkyWalking),
		},
		"bytes of a request": {
			formats: of(propagation.W3C), limits: propagation.Limits{TotalBytes: 60},
			fits:    metadataOf("traceparent", callerW3C, "tracestate", "k=123"),
			exceeds: metadataOf("traceparent", callerW3C, "tracestate", "k=1234"),
			count:   counted(propagation.W3C),
		},
		"lines of a request": {
			formats: of(propagation.W3C), limits: propagation.Limits{Lines: 3},
			fits:    metadataOf("traceparent", callerW3C, "tracestate", "k=1", "tracestate", "l=1"),
			exceeds: metadataOf("traceparent", callerW3C, "tracestate", "k=1", "tracestate", "l=1", "tracestate", "m=1"),
			count:   counted(propagation.W3C),
		},
		"default lines of a request": {
			formats: of(propagation.Baggage),
			fits:    map[string][]string{"baggage": slices.Repeat([]string{"k=v"}, 64)},
			exceeds: map[string][]string{"baggage": slices.Repeat([]string{"k=v"}, 65)},
			count:   counted(propagation.Baggage),
		},
		"lines at both limits": {
			formats: of(propagation.Baggage), limits: propagation.Limits{Lines: 1, HeaderBytes: 3},
			fits: metadataOf("baggage", "k=v"),
		},
	} {
		for way, extract := range extracts {
			t.Run(name+"/"+way, func(t *testing.T) {
				c := propagation.Config{Formats: test.formats, Headers: []string{"x-tenant"}, Limits: test.limits}
				p := compile(t, c)
				if got, want := captures(extract(context.Background(), p, test.fits)), captures(extract(context.Background(), compile(t, propagation.Config{
					Formats: test.formats, Headers: c.Headers, Limits: propagation.Limits{HeaderBytes: 1 << 30, TotalBytes: 1 << 30, Lines: 65535},
				}), test.fits)); !slices.Equal(got, want) || len(got) == 0 {
					t.Errorf("lines within the limits were reduced from %.80q to %.80q, want all of them", want, got)
				}
				expectCounts(t, p, nil)
				if ctx := extract(context.Background(), p, test.exceeds); ctx != context.Background() {
					t.Errorf("lines above the limit are kept: %.80q, want nothing", captures(ctx))
				}
				expectCounts(t, p, test.count)
			})
		}
	}
}

// TestLimitsLeaveTheRest: if a format exceeds a limit, the other formats are still kept.
func TestLimitsLeaveTheRest(t *testing.T) {
	p := compile(t, propagation.Config{Limits: propagation.Limits{HeaderBytes: 60}})
	ctx := received(p, "Traceparent", callerW3C, "Tracestate", strings.Repeat("k=v,", 20),
		"X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-Request-Id", strings.Repeat("x", 60))
	expect(t, sent(p, ctx), carrier("X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-Request-Id", strings.Repeat("x", 60)))
	expectCounts(t, p, map[string]uint64{"tracecontext too large": 1})
}

// TestLimitsPrefixes: if a fixed name of a format exceeds a limit, the names under its prefix are left out, too. If a name
// under the prefix exceeds a limit, the fixed names are kept.
func TestLimitsPrefixes(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Limits: propagation.Limits{HeaderBytes: 20}})
	long := strings.Repeat("x", 21)
	expect(t, sent(p, received(p, "Uber-Trace-Id", long, "Uberctx-A", "1", "Sw8", "s")), carrier("Sw8", "s"))
	expect(t, sent(p, received(p, "Uber-Trace-Id", "1:2:0:1", "Uberctx-A", "1", "Uberctx-B", long)), carrier("Uber-Trace-Id", "1:2:0:1", "Uberctx-A", "1"))
}

// TestLimitsOrder: the order in which headers are left out over a limit. Each header of this test has ten bytes.
func TestLimitsOrder(t *testing.T) {
	in := metadataOf("x-request-id", "fixed-name", "x-tenant", "the-header", "baggage", "baggage=ab",
		"uberctx-a", "1", "uberctx-b", "2", "uberctx-c", "3")
	want := []string{ // the first ones are kept
		"x-request-id: fixed-name", "x-tenant: the-header", "baggage: baggage=ab", "uberctx-a: 1", "uberctx-b: 2", "uberctx-c: 3",
	}
	for n := 1; n <= len(want); n++ {
		for limit, limits := range map[string]propagation.Limits{"bytes": {TotalBytes: 10*n + 9}, "lines": {Lines: n}} {
			for way, extract := range extracts {
				t.Run(fmt.Sprint(limit, n, way), func(t *testing.T) {
					p := compile(t, propagation.Config{
						Formats: []propagation.Format{propagation.Jaeger, propagation.Baggage, propagation.RequestID},
						Headers: []string{"x-tenant"},
						Limits:  limits,
					})
					got := captures(extract(context.Background(), p, in))
					for i, name := range got {
						got[i] = strings.ToLower(name)
					}
					slices.Sort(got)
					if kept := slices.Sorted(slices.Values(want[:n])); !slices.Equal(got, kept) {
						t.Errorf("kept %q, want %q", got, kept)
					}
				})
			}
		}
	}
}

// manyNames returns n names under a prefix, and one fixed name that must always be kept.
func manyNames(n int) http.Header {
	h := make(http.Header, n+1)
	for i := range n {
		h[fmt.Sprintf("Uberctx-K%06d", i)] = []string{"v"}
	}
	h["Uber-Trace-Id"] = []string{"1:2:0:1"}
	return h
}

// TestLimitsFlood: if a request has ten thousand names, the first names in sorted order are kept, whatever the order of the
// map. Each name that is left out is counted.
func TestLimitsFlood(t *testing.T) {
	want := []string{"uber-trace-id: 1:2:0:1"}
	for i := range 63 {
		want = append(want, fmt.Sprintf("uberctx-k%06d: v", i))
	}
	for range 10 {
		p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
		got := captures(p.ExtractHTTP(context.Background(), manyNames(10_000)))
		if !slices.Equal(got, want) {
			t.Fatalf("kept %d lines, want %d: %q", len(got), len(want), got)
		}
		expectCounts(t, p, map[string]uint64{"jaeger too large": 10_000 - 63})
	}
}

// TestLimitsLinear: the time of Extract is linear in the number of names, for any value of Limits.Lines.
func TestLimitsLinear(t *testing.T) {
	for name, limits := range map[string]propagation.Limits{
		"default lines": {},
		"most lines":    {Lines: 65535, TotalBytes: 1 << 30},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Limits: limits})
			checkLinear(t, 2_500, func(n int) func() {
				in := manyNames(n)
				return func() { p.ExtractHTTP(context.Background(), in) }
			})
		})
	}
}
