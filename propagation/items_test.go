package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// bagMap returns the context's baggage as a map.
func bagMap(ctx context.Context) map[string]string {
	m := map[string]string{}
	for _, member := range baggage.FromContext(ctx).Members() {
		m[member.Key()] = member.Value()
	}
	return m
}

// TestItemsRead: without a baggage header, OpenTelemetry's baggage has the items of Jaeger and of OpenTracing.
func TestItemsRead(t *testing.T) {
	all := propagation.Config{Formats: propagation.AllFormats()}
	for name, row := range map[string]struct {
		config propagation.Config
		in     http.Header
		want   map[string]string
	}{
		"jaeger":             {all, carrier("Uberctx-User", "j%20d%2B%2c%C3%A9", "Uberctx-A", "1+1"), map[string]string{"user": "j d+,é", "a": "1 1"}},
		"jaeger, no escapes": {all, carrier("Uberctx-User", "50%", "Uberctx-A", "x=%zz"), map[string]string{"user": "50%", "a": "x=%zz"}},
		"a list":             {all, carrier("Jaeger-Baggage", "User=a b, k2=v=2,,bad"), map[string]string{"User": "a b", "k2": "v=2"}},
		"opentracing":        {all, carrier("Ot-Baggage-User", "j d%20+", "Ot-Baggage-A", "1"), map[string]string{"user": "j d%20+", "a": "1"}},
		"both":               {all, carrier("Ot-Baggage-User", "ot", "Uberctx-User", "jaeger", "Uberctx-A", "1", "Ot-Baggage-B", "2"), map[string]string{"user": "jaeger", "a": "1", "b": "2"}},
		"a baggage header":   {all, carrier("Baggage", "k=v", "Ot-Baggage-User", "x", "Uberctx-User", "x", "Jaeger-Baggage", "user=x"), map[string]string{"k": "v"}},
		"without Baggage":    {propagation.Config{Formats: []propagation.Format{propagation.OTTrace}}, carrier("Ot-Baggage-User", "x"), map[string]string{"user": "x"}},
		"not carried":        {propagation.Config{}, carrier("Ot-Baggage-User", "x", "Uberctx-User", "x"), map[string]string{}},
		"only read": {propagation.Config{ReadOnly: []propagation.Format{propagation.Jaeger}}, carrier("Uberctx-User", "x"),
			map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			for way, extract := range extracts {
				p := compile(t, row.config)
				ctx := extract(context.Background(), p, lowered(row.in))
				headerdiff.Check(t, headerdiff.Single(row.want), headerdiff.Single(bagMap(ctx)), "%s: the baggage shown", way)
			}
		})
	}
}

// TestItemsChanged: items that the application changes are sent in the received form. The others are sent as received.
func TestItemsChanged(t *testing.T) {
	set := func(pairs ...string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			for i := 0; i < len(pairs); i += 2 {
				m, err := baggage.NewMemberRaw(pairs[i], pairs[i+1])
				if err != nil {
					t.Fatal(err)
				}
				bag, err := baggage.FromContext(ctx).SetMember(m)
				if err != nil {
					t.Fatal(err)
				}
				ctx = baggage.ContextWithBaggage(ctx, bag)
			}
			return ctx
		}
	}
	del := func(key string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return deleteMember(ctx, key) }
	}
	jaegers := carrier("Uberctx-A", "%31", "Uberctx-B", "x+y")
	tracers := carrier("Ot-Baggage-A", "1", "Ot-Baggage-B", "x y")
	list := carrier("Jaeger-Baggage", "A=1 ,  b=2")
	both := carrier("Uberctx-A", "1", "Ot-Baggage-B", "2")
	for name, row := range map[string]struct {
		in     http.Header
		change func(context.Context) context.Context
		want   http.Header
	}{
		"not read":           {jaegers, func(ctx context.Context) context.Context { return ctx }, jaegers},
		"read":               {jaegers, func(ctx context.Context) context.Context { baggage.FromContext(ctx); return ctx }, jaegers},
		"set as it was":      {jaegers, set("a", "1", "b", "x y"), jaegers},
		"jaeger, changed":    {jaegers, set("a", "é, %"), carrier("Uberctx-A", "%C3%A9%2C%20%25", "Uberctx-B", "x+y")},
		"jaeger, added":      {jaegers, set("Tenant", "t 1"), carrier("Uberctx-A", "%31", "Uberctx-B", "x+y", "Uberctx-Tenant", "t%201")},
		"jaeger, deleted":    {jaegers, del("a"), carrier("Uberctx-B", "x+y")},
		"jaeger, emptied":    {jaegers, set("a", ""), carrier("Uberctx-B", "x+y")},
		"jaeger, all gone":   {jaegers, baggage.ContextWithoutBaggage, carrier()},
		"jaeger, other case": {jaegers, set("A", "2"), carrier("Uberctx-A", "2", "Uberctx-B", "x+y")},
		"tracers, not read":  {tracers, func(ctx context.Context) context.Context { return ctx }, tracers},
		"tracers, changed":   {tracers, set("a", "p=% q,"), carrier("Ot-Baggage-A", "p=% q,", "Ot-Baggage-B", "x y")},
		"tracers, added":     {tracers, set("Tenant", "t 1"), carrier("Ot-Baggage-A", "1", "Ot-Baggage-B", "x y", "Ot-Baggage-Tenant", "t 1")},
		"tracers, deleted":   {tracers, del("b"), carrier("Ot-Baggage-A", "1")},
		"tracers, all gone":  {tracers, baggage.ContextWithoutBaggage, carrier()},
		"a key of no header": {tracers, set("ключ", "v", "a b", "v"), tracers},
		"a list, not read":   {list, func(ctx context.Context) context.Context { return ctx }, list},
		"a list, changed":    {list, set("b", "3"), carrier("Jaeger-Baggage", "A=1,b=3")},
		"a list, added":      {list, set("c", "3"), carrier("Jaeger-Baggage", "A=1 ,  b=2,c=3")},
		"a list, not for it": {list, set("b", "3,4", "c", "5,6"), carrier("Jaeger-Baggage", "A=1", "Uberctx-B", "3%2C4", "Uberctx-C", "5%2C6")},
		"a list, deleted":    {list, del("A"), carrier("Jaeger-Baggage", "b=2")},
		"both, changed":      {both, set("a", "3", "b", "4"), carrier("Uberctx-A", "3", "Ot-Baggage-B", "4")},
		"both, added":        {both, set("c", "% 3"), carrier("Uberctx-A", "1", "Ot-Baggage-B", "2", "Uberctx-C", "%25%203", "Ot-Baggage-C", "% 3")},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
			for way, extract := range extracts {
				ctx := row.change(extract(context.Background(), p, lowered(row.in)))
				expect(t, sent(p, ctx), row.want)
				expect(t, sentMetadata(p, ctx), lowered(row.want))
				text := otelprop.MapCarrier{}
				p.Inject(ctx, text)
				if len(text) != len(row.want) {
					t.Errorf("%s: the map is %q, want %d names", way, text, len(row.want))
				}
				for key, vals := range row.want {
					if text[strings.ToLower(key)] != vals[0] {
						t.Errorf("%s: the map is %q, want %s: %s", way, text, key, vals[0])
					}
				}
				again := row.in.Clone() // a second Inject over the received headers gives the same result
				p.InjectHTTP(ctx, again)
				p.InjectHTTP(ctx, again)
				expect(t, again, row.want)
				md := lowered(row.in)
				p.InjectMetadata(ctx, md)
				p.InjectMetadata(ctx, md)
				expect(t, md, lowered(row.want))
				cloned, _ := engine(p).CloneHTTP(ctx, http.Header{"X-Own": {"1"}})
				headerdiff.Check(t, row.want, without(cloned, "X-Own"), "%s: a clone", way)
			}
		})
	}
}

// TestItemsLimits: an item that gRPC does not accept, or that exceeds the limit of metadata, is left out.
func TestItemsLimits(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Limits: propagation.Limits{MetadataBytes: 200}})
	ctx := setMember(t, received(p, "Ot-Baggage-A", "1"), "b", "%C3%A9")
	expect(t, sent(p, ctx), carrier("Ot-Baggage-A", "1", "Ot-Baggage-B", "é"))
	expect(t, sentMetadata(p, ctx), metadataOf("ot-baggage-a", "1"))
	ctx = setMember(t, received(p, "Ot-Baggage-A", "1", "X-Request-Id", "r"), "b", strings.Repeat("x", 200))
	expect(t, sentMetadata(p, ctx), metadataOf("x-request-id", "r"))
	expectCounts(t, p, map[string]uint64{"ottrace unsendable": 1, "ottrace too large": 1})
}

// TestItemsMany: OpenTelemetry accepts 64 items. The others are sent as received.
func TestItemsMany(t *testing.T) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.OTTrace}, Limits: propagation.Limits{Lines: 200}})
	in := http.Header{"Ot-Baggage-\xff": {"x"}}
	for i := range 100 {
		in.Set(fmt.Sprintf("Ot-Baggage-K%02d", i), "v")
	}
	ctx := p.ExtractHTTP(context.Background(), in)
	if n := baggage.FromContext(ctx).Len(); n != 64 {
		t.Errorf("OpenTelemetry's baggage has %d members, want 64", n)
	}
	expectCounts(t, p, map[string]uint64{"ottrace malformed": 1})
	delete(in, "Ot-Baggage-\xff") // HTTP does not accept this name
	delete(in, "Ot-Baggage-K00")
	in.Set("Ot-Baggage-K99", "v")
	expect(t, sent(p, deleteMember(ctx, "k00")), in)
}

// TestItemsTrust: untrusted items are withheld. After Promote they are sent.
func TestItemsTrust(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	in := carrier("Uberctx-User", "x", "Ot-Baggage-User", "y", "Jaeger-Baggage", "user=z")
	for _, trust := range []propagation.Trust{propagation.DistrustBaggage, propagation.Restart, propagation.Ignore} {
		ctx := p.ExtractHTTPTrust(context.Background(), in, trust)
		if got := bagMap(ctx); len(got) != 0 {
			t.Errorf("%v: the baggage is %q, want nothing", trust, got)
		}
		expect(t, sent(p, setMember(t, ctx, "k", "v")), carrier("Baggage", "k=v"))
		if got := bagMap(propagation.Promote(ctx)); trust != propagation.Ignore && got["user"] != "x" && got["user"] != "z" {
			t.Errorf("%v: after Promote, the baggage is %q, want the caller's user", trust, got)
		}
	}
}

// TestItemsDestinations: the destination rules apply to the key of every item. They also apply to items that the
// application sets and to items that an outer Inject wrote.
func TestItemsDestinations(t *testing.T) {
	c := propagation.Config{Formats: propagation.AllFormats(), Destinations: []propagation.Destination{{Hosts: []string{"partner.example.com"}, Baggage: []string{"Tenant"}}}}
	for _, in := range []http.Header{carrier("Uberctx-User", "bob", "Uberctx-Tenant", "7"), carrier("Ot-Baggage-User", "bob", "Ot-Baggage-Tenant", "7"), carrier("Jaeger-Baggage", "user=bob, tenant=7")} {
		p := compile(t, c)
		ctx := setMember(t, setMember(t, p.ExtractHTTP(context.Background(), in), "tenant", "8"), "secret", "s")
		all := sent(p, ctx)
		if text := fmt.Sprint(all); !strings.Contains(text, "secret") && !strings.Contains(text, "Secret") || len(all) < len(in) {
			t.Errorf("without a destination, %q is sent, want all received items and the application's", all)
		}
		for url, want := range map[string]string{"https://partner.example.com/": "8", "https://other.example.com/": ""} {
			for _, before := range []http.Header{{}, all} { // nothing, or the headers of an outer Inject
				r := requestTo(t, ctx, url)
				r.Header = before.Clone()
				out, _ := engine(p).CloneRequest(r)
				text := fmt.Sprint(out)
				if strings.Contains(text, "bob") || strings.Contains(strings.ToLower(text), "secret") || strings.Contains(text, "8") != (want != "") {
					t.Errorf("%s gets %q, want tenant %q and no other key", url, out, want)
				}
			}
		}
		if disallowed(p)[propagation.Jaeger]+disallowed(p)[propagation.OTTrace] == 0 {
			t.Error("nothing is counted as disallowed, want some counts")
		}
	}
}

// TestItemsExplained: Explain says which items are sent.
func TestItemsExplained(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	ctx := deleteMember(setMember(t, setMember(t, received(p, "Uberctx-A", "1", "Uberctx-B", "2", "Uberctx-C", "3"), "a", "9"), "d", "4"), "b")
	got := map[string]string{}
	for _, h := range propagation.Explain(ctx, "reviews").Headers {
		got[h.Name] = h.Fate.String()
	}
	want := map[string]string{"uberctx-a": "sent with the application's baggage", "uberctx-b": "not sent: the application removed this baggage",
		"uberctx-c": "sent as received", "uberctx-d": "sent with the application's baggage"}
	headerdiff.Check(t, headerdiff.Single(want), headerdiff.Single(got), "fates")
}
