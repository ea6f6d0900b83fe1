package propagation_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestBounds: a tracestate and a request id are read at the largest size that the format allows. One byte or member more
// makes them invalid.
func TestBounds(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	list := func(n int) string {
		var members []string
		for i := range n {
			members = append(members, fmt.Sprintf("k%d=v", i))
		}
		return strings.Join(members, ",")
	}
	p := compile(t, propagation.Config{})
	for name, row := range map[string]struct{ fits, exceeds string }{
		"members":       {list(32), list(33)},
		"empty members": {list(32) + ", ,", list(33) + ", ,"},
		"a key":         {x(256) + "=v", x(257) + "=v"},
		"a value":       {"k=" + x(256), "k=" + x(257)},
		"of two":        {"a=1,k=" + x(256), "a=1,k=" + x(257)},
		"a key at all":  {"k=v", "=v"},
		"a value too":   {"k=v", "k="},
		"a character":   {"k=~", "k=\x7f"},
		"the first":     {"k=a b", "k=a\x1fb"},
	} {
		for list, want := range map[string]bool{row.fits: true, row.exceeds: false} {
			sc, ok := propagation.RemoteFromContext(received(p, "Traceparent", callerW3C, "Tracestate", list))
			if !ok || (sc.TraceState != "") != want {
				t.Errorf("%s: the tracestate %.40q... is read as %.40q..., want it valid: %v", name, list, sc.TraceState, want)
			}
		}
	}
	for id, want := range map[string]bool{x(1): true, x(128): true, x(129): false, " " + x(128) + " ": true} {
		if got := propagation.RequestIDFromContext(received(p, "X-Request-Id", id)) != ""; got != want {
			t.Errorf("a request id of %d bytes is returned: %v, want %v", len(id), got, want)
		}
	}
}

// TestDatadogMemberBounds: the member dd has at most 256 bytes, with its key. A part that does not fit is left out. A later,
// shorter part is still written.
func TestDatadogMemberBounds(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.Datadog}, Emit: []propagation.Format{propagation.W3C}})
	member := func(tag string) string {
		return sent(p, received(p, "X-Datadog-Trace-Id", "5208512171318403364", "X-Datadog-Parent-Id", callerSpanNumber,
			"X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", tag+",_dd.p.s=1")).Get("Tracestate")
	}
	begin := "dd=s:1;p:" + callerSpan
	room := 256 - len(begin) - len(";t.v:")
	if got, want := member("_dd.p.v="+strings.Repeat("x", room)), begin+";t.v:"+strings.Repeat("x", room); got != want || len(got) != 256 {
		t.Errorf("the member has %d bytes, want 256: %q", len(got), got)
	}
	if got, want := member("_dd.p.v="+strings.Repeat("x", room+1)), begin+";t.s:1"; got != want {
		t.Errorf("the member is %q, want %q", got, want)
	}
}

// TestNodeBounds: lines that exactly meet a limit are kept, and lines that exceed it by one are left out. The context's node
// holds some lines itself, and the test has fewer and more lines than that.
func TestNodeBounds(t *testing.T) {
	for n := 1; n <= 12; n++ {
		var in []string
		for i := range n {
			in = append(in, "baggage", fmt.Sprintf("k%d=v", i))
		}
		bytes := n*len("k0=v") + max(0, n-10)
		for way, extract := range extracts {
			fits := compile(t, propagation.Config{Limits: propagation.Limits{Lines: n, TotalBytes: bytes, HeaderBytes: bytes}})
			expect(t, sentMetadata(fits, extract(context.Background(), fits, metadataOf(in...))), metadataOf(in...))
			expectCounts(t, fits, nil)
			for name, limits := range map[string]propagation.Limits{"lines": {Lines: n - 1}, "bytes": {TotalBytes: bytes - 1}, "bytes of a name": {HeaderBytes: bytes - 1}} {
				if limits == (propagation.Limits{}) {
					continue // zero is the default
				}
				short := compile(t, propagation.Config{Limits: limits})
				if got := extract(context.Background(), short, metadataOf(in...)); got != context.Background() {
					t.Errorf("%s, %d %s: kept %q, want nothing", way, n, name, captures(got))
				}
				expectCounts(t, short, map[string]uint64{"baggage too large": 1})
			}
		}
	}
}

// TestPrefixBounds: the limits apply to names under a prefix. Their size is the size of name and value.
func TestPrefixBounds(t *testing.T) {
	config := propagation.Config{Formats: []propagation.Format{propagation.Jaeger, propagation.OTTrace}}
	for n := 1; n <= 4; n++ {
		in := map[string][]string{}
		for i := range n {
			in[fmt.Sprintf("uberctx-%d", i)] = []string{"1"}
		}
		size := n * len("uberctx-01")
		for _, limits := range []propagation.Limits{{Lines: n}, {TotalBytes: size}} {
			config.Limits = limits
			for way, extract := range extracts {
				p := compile(t, config)
				ctx := extract(context.Background(), p, in)
				expect(t, sentMetadata(p, ctx), in)
				expectCounts(t, p, nil)
				in["uberctx-9"] = []string{"1"} // the last
				if got := captures(extract(context.Background(), p, in)); len(got) != n || strings.Contains(fmt.Sprint(got), "uberctx-9") {
					t.Errorf("%s: of %d lines with %+v, %q are kept, want the first %d", way, n+1, limits, got, n)
				}
				expectCounts(t, p, map[string]uint64{"jaeger too large": 1})
				delete(in, "uberctx-9")
			}
		}
	}
}

// TestConfigBounds: New accepts the largest and smallest values that a Config may have, and refuses the next ones.
func TestConfigBounds(t *testing.T) {
	names := func(n int) (names []string) {
		for i := range n {
			names = append(names, fmt.Sprintf("x-mine-%d", i))
		}
		return names
	}
	for name, row := range map[string]struct{ fits, exceeds propagation.Config }{
		"headers":        {propagation.Config{Headers: names(150)}, propagation.Config{Headers: names(151)}},
		"both":           {propagation.Config{Headers: names(149), UnsafeHeaders: []string{"authorization"}}, propagation.Config{Headers: names(150), UnsafeHeaders: []string{"authorization"}}},
		"lines":          {propagation.Config{Limits: propagation.Limits{Lines: 65535}}, propagation.Config{Limits: propagation.Limits{Lines: 65536}}},
		"a name":         {propagation.Config{Limits: propagation.Limits{HeaderBytes: 1 << 30}}, propagation.Config{Limits: propagation.Limits{HeaderBytes: 1<<30 + 1}}},
		"all bytes":      {propagation.Config{Limits: propagation.Limits{TotalBytes: 1 << 30}}, propagation.Config{Limits: propagation.Limits{TotalBytes: 1<<30 + 1}}},
		"metadata":       {propagation.Config{Limits: propagation.Limits{MetadataBytes: 1 << 30}}, propagation.Config{Limits: propagation.Limits{MetadataBytes: 1<<30 + 1}}},
		"least lines":    {propagation.Config{Limits: propagation.Limits{Lines: 1}}, propagation.Config{Limits: propagation.Limits{Lines: -1}}},
		"least metadata": {propagation.Config{Limits: propagation.Limits{MetadataBytes: 1}}, propagation.Config{Limits: propagation.Limits{MetadataBytes: -1}}},
		"a decision":     {propagation.Config{Deferred: propagation.Accepted}, propagation.Config{Deferred: propagation.Debug}},
	} {
		if _, err := propagation.New(row.fits); err != nil {
			t.Errorf("%s: New refuses the last valid value: %v", name, err)
		}
		var mistake *propagation.ConfigError
		if _, err := propagation.New(row.exceeds); !errors.As(err, &mistake) {
			t.Errorf("%s: New accepts the first invalid value, want a ConfigError", name)
		}
	}
	p := compile(t, propagation.Config{Headers: names(150)})
	in := carrier("X-Mine-0", "a", "X-Mine-149", "b", "X-Mine-150", "c")
	expect(t, sent(p, p.ExtractHTTP(context.Background(), in)), carrier("X-Mine-0", "a", "X-Mine-149", "b"))
}
