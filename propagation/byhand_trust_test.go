package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// handNames are headers that a call keeps if the application sets them by hand.
var handNames = []string{
	"Baggage", "X-Request-Id", "X-Tenant", "Authorization", "Sw8", "Sw8-Correlation", "Sw8-X", "Uberctx-K", "Ot-Baggage-K",
	"Jaeger-Baggage", "Correlation-Context", "L5d-Ctx-Trace", "X-Client-Trace-Id", "X-Envoy-Force-Trace",
}

// byHandOf returns the headers of calls on which the application has set the headers of own by hand. The keys name the
// transport and the host. Header names are in lower case.
func byHandOf(t *testing.T, p *propagation.Propagator, ctx context.Context, own http.Header) map[string]map[string][]string {
	t.Helper()
	sent := map[string]map[string][]string{}
	for _, host := range []string{"reviews", "api.partner.example"} {
		r := requestTo(t, ctx, "http://"+host)
		r.Header = own.Clone()
		h, _ := engine(p).CloneRequest(r)
		sent["HTTP to "+host] = lowered(h)
		sent["gRPC to "+host], _ = engine(p).CloneMetadata(ctx, someHost(host), lowered(own))
	}
	return sent
}

// copies are the ways in which code copies the lines of a header.
func copies(lines []string) map[string][]string {
	reversed := slices.Clone(lines)
	slices.Reverse(reversed)
	ways := map[string][]string{
		"all": lines, "the first": lines[:1], "the last": lines[len(lines)-1:], "reversed": reversed, "twice": slices.Concat(lines, lines),
		"joined": {strings.Join(lines, ",")}, "joined with spaces": {strings.Join(lines, ", ")}, "with white space": {" " + lines[0] + "\t"},
	}
	if len(lines) > 2 {
		ways["some"] = lines[1:3]
	}
	return ways
}

// TestUntrustedByHand: an untrusted caller's line is not sent if the application copies it by hand, even if the line
// exceeds the limits. The application's own lines under the same name are sent.
func TestUntrustedByHand(t *testing.T) {
	p := compile(t, carryTestHeaders())
	many := make([]string, 2000)
	for i := range many {
		many[i] = fmt.Sprintf("k%d=v", i)
	}
	for kind, lines := range map[string][]string{
		"one":           {"a=1"},
		"two":           {"a=1", "b=2"},
		"three":         {"a=1", "b=2", "c=3"},
		"too large":     {"a=" + strings.Repeat("x", 9000)},
		"two too large": {"a=" + strings.Repeat("x", 5000), "b=" + strings.Repeat("y", 5000)},
		"too many":      many[:70],
		"far too many":  many,
	} {
		for _, name := range handNames {
			in := http.Header{name: lines, "Traceparent": {callerW3C}}
			for _, ctx := range []context.Context{
				p.ExtractHTTPTrust(context.Background(), in, propagation.Restart),
				p.ExtractMetadataTrust(context.Background(), lowered(in), propagation.Restart),
			} {
				for copied, vals := range copies(lines) {
					for call, got := range byHandOf(t, p, propagation.Copy(context.Background(), ctx), http.Header{name: vals}) {
						if sent := got[strings.ToLower(name)]; len(sent) > 0 {
							t.Errorf("%s, %s, %s: %s carries %d untrusted lines, want 0", kind, name, copied, call, len(sent))
						}
					}
				}
				if kind == "far too many" {
					continue // Inject cannot tell the application's own lines from the others
				}
				for call, got := range byHandOf(t, p, ctx, http.Header{name: {"own=1", lines[0]}}) {
					if sent := got[strings.ToLower(name)]; !slices.Equal(sent, []string{"own=1"}) {
						t.Errorf("%s, %s: %s carries %.40q, want the application's own line", kind, name, call, sent)
					}
				}
			}
		}
	}
}

// TestUntrustedByHandManyNames: an untrusted caller's lines are not sent by hand if there are more names than the limits
// allow.
func TestUntrustedByHandManyNames(t *testing.T) {
	p := compile(t, carryTestHeaders())
	for _, n := range []int{10, 100, 900, 5000} {
		in := manyNames(n)
		ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
		own := maps.Clone(in)
		own["Uberctx-Own"] = []string{"own"}
		own["X-Tenant"] = []string{"own"}
		for call, got := range byHandOf(t, p, ctx, own) {
			delete(got, "uber-trace-id")
			if n <= 900 && !slices.Equal(got["uberctx-own"], []string{"own"}) {
				t.Errorf("%d names: %s does not carry the application's own uberctx-own", n, call)
			}
			delete(got, "uberctx-own")
			if len(got) != 1 || got["x-tenant"] == nil {
				t.Errorf("%d names: %s carries %d names, want only x-tenant", n, call, len(got))
			}
		}
	}
}

// TestUntrustedByHandTrustedPart: the application can copy the trusted part of the headers by hand.
func TestUntrustedByHandTrustedPart(t *testing.T) {
	p := compile(t, carryTestHeaders())
	in := http.Header{"X-Tenant": {"a", "b"}, "Baggage": {"k=1", "l=2"}, "X-Request-Id": {"0a1b2c3d-0000-9000-8000-000000000000"}}
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart&^propagation.DistrustHeaders)
	own := http.Header{"X-Tenant": {"a"}, "Baggage": {"k=1"}, "X-Request-Id": in["X-Request-Id"]}
	expect(t, byHandOf(t, p, ctx, own)["HTTP to reviews"], map[string][]string{"x-tenant": {"a"}})

	own.Del("Baggage")

	ctx = p.ExtractHTTPTrust(context.Background(), in, propagation.DistrustSampling)
	expect(t, byHandOf(t, p, ctx, own)["HTTP to reviews"], map[string][]string{
		"x-tenant": {"a"}, "baggage": {"k=1", "l=2"}, "x-request-id": {"0a1b2c3d-0000-4000-8000-000000000000"},
	})
}

// TestUntrustedByHandInnerExtract: after an inner Extract, lines of the outer one are still withheld if they are copied by
// hand. After Promote they are sent.
func TestUntrustedByHandInnerExtract(t *testing.T) {
	p, other := compile(t, carryTestHeaders()), compile(t, preset.Istio())
	large := "a=" + strings.Repeat("x", 9000)
	in := http.Header{"Baggage": {large}, "X-Tenant": {large}}
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
	for name, ctx := range map[string]context.Context{
		"the same":          p.ExtractHTTP(ctx, in),
		"another":           other.ExtractHTTP(ctx, http.Header{"X-Request-Id": {"r"}}),
		"a second decision": p.ExtractHTTPTrust(ctx, http.Header{"X-Request-Id": {"r"}}, propagation.Restart),
		"a late decision":   propagation.Demote(ctx),
	} {
		for call, got := range byHandOf(t, p, ctx, in) {
			if len(got) > 0 {
				t.Errorf("%s: %s carries %d untrusted names, want 0", name, call, len(got))
			}
		}
	}
	expect(t, byHandOf(t, p, propagation.Promote(ctx), in)["HTTP to reviews"], lowered(in))
}

// TestUntrustedBaggageByHand: an untrusted caller's members are withheld, also if they are copied in another order or only
// in part.
func TestUntrustedBaggageByHand(t *testing.T) {
	p := compile(t, carryTestHeaders())
	ctx := p.ExtractHTTPTrust(context.Background(), carrier("Baggage", "a=1,b=2;p=1", "Baggage", "c=%33"), propagation.Restart)
	for _, line := range []string{"a=1", "b=2;p=1,a=1", "c=3", " a=1 , c=3"} {
		for call, got := range byHandOf(t, p, ctx, carrier("Baggage", line)) {
			if got["baggage"] != nil {
				t.Errorf("%s carries the untrusted baggage %q, want nothing", call, got["baggage"])
			}
		}
	}
	for call, got := range byHandOf(t, p, ctx, carrier("Baggage", "own=1")) {
		if call == "HTTP to reviews" && !slices.Equal(got["baggage"], []string{"own=1"}) {
			t.Errorf("%s carries the baggage %q, want the application's own=1", call, got["baggage"])
		}
	}
}

// TestUntrustedByHandSigned: untrusted lines that are copied by hand are also removed from a signed request to an external
// host.
func TestUntrustedByHandSigned(t *testing.T) {
	p := compile(t, carryTestHeaders())
	in := carrier("Baggage", "a=1", "Baggage", "b=2", "X-Tenant", "t", "X-Tenant", "u")
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
	r := requestTo(t, ctx, "http://bucket.example/?X-Amz-Signature=1")
	r.Header = carrier("Baggage", "a=1", "X-Tenant", "u", "Accept", "*/*")
	h, _ := engine(p).CloneRequest(r)
	expect(t, h, carrier("Accept", "*/*"))
}

// TestStripRemovesTooLarge: StripHTTP also removes a proxy's copy of an untrusted header that an outer Propagator left out for its
// size.
func TestStripRemovesTooLarge(t *testing.T) {
	outer := compile(t, propagation.Config{Headers: []string{"x-user"}})
	inner := compile(t, propagation.Config{Headers: []string{"x-other"}})
	in := http.Header{"X-User": {strings.Repeat("u", 9000)}, "Accept": {"*/*"}}
	ctx := inner.ExtractHTTP(outer.ExtractHTTPTrust(context.Background(), in, propagation.Restart), carrier("X-Other", "o"))
	engine(inner).StripHTTP(ctx, in)
	expect(t, in, carrier("Accept", "*/*"))
}

// TestStripIsLinear: the time of StripHTTP is linear in the names of the request, and in the withheld lines.
func TestStripIsLinear(t *testing.T) {
	outer := compile(t, propagation.Config{Headers: []string{"x-user"}, Limits: propagation.Limits{Lines: 65535, TotalBytes: 1 << 30, HeaderBytes: 1 << 30}})
	inner := compile(t, propagation.Config{})
	checkLinear(t, 500, func(n int) func() {
		in := http.Header{}
		for i := range n {
			in[fmt.Sprintf("X-Unknown-%06d", i)] = []string{"v"}
			in.Add("X-User", fmt.Sprint("u", i))
		}
		ctx := inner.ExtractHTTP(outer.ExtractHTTPTrust(context.Background(), in, propagation.Restart), in)
		return func() { engine(inner).StripHTTP(ctx, maps.Clone(in)) }
	})
}
