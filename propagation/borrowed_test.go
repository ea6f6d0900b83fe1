package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// lendingCarrier returns strings that share one buffer, as fasthttp does. The next request overwrites the buffer.
type lendingCarrier struct {
	buffer []byte
	values map[string][]string
}

func lend(md map[string][]string) *lendingCarrier {
	c := &lendingCarrier{values: map[string][]string{}}
	size := 0
	for key, vals := range md {
		size += len(key)
		for _, v := range vals {
			size += len(v)
		}
	}
	c.buffer = make([]byte, 0, size)
	for _, key := range slices.Sorted(maps.Keys(md)) {
		var vals []string
		for _, v := range md[key] {
			vals = append(vals, c.borrowed(v))
		}
		c.values[c.borrowed(key)] = vals
	}
	return c
}

func (c *lendingCarrier) borrowed(s string) string {
	from := len(c.buffer)
	c.buffer = append(c.buffer, s...)
	if s == "" {
		return ""
	}
	return unsafe.String(&c.buffer[from], len(s))
}

// reuse overwrites the buffer of all strings.
func (c *lendingCarrier) reuse() {
	for i := range c.buffer {
		c.buffer[i] = '#'
	}
}

func (c *lendingCarrier) Values(key string) []string {
	for own, vals := range c.values {
		if strings.EqualFold(own, key) {
			return vals
		}
	}
	return nil
}

func (c *lendingCarrier) Get(key string) string {
	if vals := c.Values(key); len(vals) > 0 {
		return vals[0]
	}
	return ""
}

func (c *lendingCarrier) Keys() []string     { return slices.Collect(maps.Keys(c.values)) }
func (c *lendingCarrier) Set(string, string) {}

// TestBorrowedStrings: if the carrier reuses its memory, nothing that Extract keeps changes. The test checks every format,
// names under prefixes, several lines of a name, and the results of the accessors and of OpenTelemetry.
func TestBorrowedStrings(t *testing.T) {
	for name, also := range map[string][]otelprop.TextMapPropagator{
		"ours": nil, "others": {keepingAll{}},
	} {
		p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant", "x-other"}, UnsafeHeaders: []string{"authorization"}, Also: also})
		in := trusted(allTestHeaders, propagation.Continue)
		in["Tracestate"] = []string{"a=1", "b=2"}
		in["Baggage"] = []string{"user=one", "tenant=two;p=3"}
		in["X-Request-Id"] = []string{"r-1"}
		for _, way := range []string{"lower", "canonical", "header", "one line", "added", "distrusted"} {
			t.Run(name+"/"+way, func(t *testing.T) {
				lent := lend(in)
				if way != "canonical" && way != "header" {
					lent = lend(lowered(in))
				}
				var c otelprop.TextMapCarrier = lent
				if way == "header" {
					c = otelprop.HeaderCarrier(lent.values)
				}
				if way == "one line" {
					c = struct{ otelprop.TextMapCarrier }{lent}
				}
				ctx := context.Background()
				switch way {
				case "added":
					ctx = received(p, "X-Other", "o")
				case "distrusted":
					ctx = p.ExtractHTTPTrust(ctx, nil, propagation.DistrustSampling|propagation.DistrustHeaders)
				}
				ctx = p.Extract(ctx, c)
				var want string
				{ // the content before the reuse, from a capture of its own
					want = contentOf(p, p.Extract(context.Background(), c))
					if way == "added" || way == "distrusted" {
						want = strings.Clone(contentOf(p, ctx))
						ctx = p.Extract(ctx, c)
					}
				}
				lent.reuse()
				if got := contentOf(p, ctx); got != want {
					t.Errorf("after the reuse, the context has\n%s\nwant\n%s", got, want)
				}
				if strings.Contains(contentOf(p, propagation.Promote(ctx)), "##") {
					t.Error("after the reuse, withheld lines have changed")
				}
			})
		}
	}
}

// TestBorrowedHeader: Extract copies the lines of an http.Header, too. The header that fiber's GetReqHeaders returns has
// strings of a reused buffer.
func TestBorrowedHeader(t *testing.T) {
	p := compile(t, propagation.Config{Headers: []string{"x-tenant"}})
	for _, outer := range []context.Context{
		context.Background(),
		p.ExtractHTTPTrust(context.Background(), nil, propagation.DistrustRequestID),
		p.ExtractHTTPTrust(context.Background(), nil, propagation.Restart),
		p.ExtractHTTP(context.Background(), istio()),
	} {
		in := istio()
		in["Baggage"] = []string{"user=one", "tenant=two"}
		in["X-Tenant"] = []string{"t"}
		want := contentOf(p, propagation.Promote(p.ExtractHTTP(outer, in)))
		lent := lend(in)
		ctx := p.Extract(outer, otelprop.HeaderCarrier(lent.values))
		lent.reuse()
		if got := contentOf(p, propagation.Promote(ctx)); got != want {
			t.Errorf("after the reuse, the context has\n%s\nwant\n%s", got, want)
		}
	}
}

// contentOf returns everything that the accessors and the Inject functions return for a context, as a new string.
func contentOf(p *propagation.Propagator, ctx context.Context) string {
	text := otelprop.MapCarrier{}
	p.Inject(ctx, text)
	remote, _ := propagation.RemoteFromContext(ctx)
	untrusted, _ := propagation.UntrustedFromContext(ctx)
	members := baggage.FromContext(ctx).Members()
	slices.SortFunc(members, func(a, b baggage.Member) int { return strings.Compare(a.Key(), b.Key()) })
	return fmt.Sprint(sent(p, ctx), sentMetadata(p, ctx), text, captures(ctx), remote, untrusted, propagation.RequestIDFromContext(ctx),
		trace.SpanContextFromContext(ctx).TraceState(), members, ctx.Value(keptKey{}))
}

// keepingAll is a user's propagator that keeps the strings that it reads.
type keepingAll struct{}

type keptKey struct{}

func (keepingAll) Extract(ctx context.Context, c otelprop.TextMapCarrier) context.Context {
	kept := []string{c.Get("x-tenant"), c.Get("baggage")}
	if values, ok := c.(otelprop.ValuesGetter); ok {
		kept = append(kept, values.Values("baggage")...)
	}
	return context.WithValue(ctx, keptKey{}, append(kept, slices.Sorted(slices.Values(c.Keys()))...))
}

func (keepingAll) Inject(context.Context, otelprop.TextMapCarrier) {}
func (keepingAll) Fields() []string                                { return nil }

// TestBorrowedIsBounded: Extract copies only lines within the limits, into one block.
func TestBorrowedIsBounded(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	p := compile(t, propagation.Config{})
	in := otelprop.MapCarrier{"traceparent": callerW3C, "baggage": strings.Repeat("x", 1<<20), "x-request-id": "r1"}
	if got := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p.Extract(context.Background(), in)
		}
	}).AllocedBytesPerOp(); got > 4096 {
		t.Errorf("Extract allocates %d bytes for a header over the limit, want at most 4096", got)
	}
}
