package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// aliasName returns the alias of a format in these tests.
func aliasName(f propagation.Format) string {
	if f == propagation.GRPCTraceBin {
		return "x-acme-trace-bin"
	}
	return "x-acme-trace"
}

// aliasableTraces are the trace formats that may have an alias.
var aliasableTraces = []propagation.Format{
	propagation.W3C, propagation.B3Single, propagation.GRPCTraceBin, propagation.CloudTrace, propagation.OTSpanContext, propagation.Jaeger, propagation.XRay, propagation.Sentry,
}

// withAlias returns a Config of one format with an alias, without Emit.
func withAlias(f propagation.Format) propagation.Config {
	return propagation.Config{Formats: []propagation.Format{f}, Emit: []propagation.Format{}, Aliases: []propagation.FormatAlias{{Format: f, Name: aliasName(f)}}}
}

// written returns the value that InjectHTTP writes for a span to the first header of a format.
func written(t *testing.T, f propagation.Format, sc propagation.SpanContext) string {
	p := compile(t, propagation.Config{Formats: []propagation.Format{f}, LocalSpan: running(sc)})
	return sent(p, context.Background()).Get(f.Fields()[0])
}

// TestAliasOfEachFormat: an alias has precedence over the format's own name. Both lines are sent as received. With a
// local span, both names have its ids.
func TestAliasOfEachFormat(t *testing.T) {
	for _, f := range aliasableTraces {
		t.Run(f.String(), func(t *testing.T) {
			alias, own := aliasName(f), f.Fields()[0]
			first, second := written(t, f, callerContext), written(t, f, otherSpan)
			p := compile(t, withAlias(f))

			ctx := received(p, alias, first)
			if sc, ok := propagation.RemoteFromContext(ctx); !ok || sc.SpanID != callerContext.SpanID || sc.Sampling != callerContext.Sampling {
				t.Errorf("with the alias alone, the remote span is %+v, %v, want %+v", sc, ok, callerContext)
			}
			expect(t, sent(p, ctx), carrier(alias, first))

			ctx = received(p, own, second, alias, first)
			if sc, _ := propagation.RemoteFromContext(ctx); sc.SpanID != callerContext.SpanID {
				t.Errorf("with both names, the remote span is %v, want the span of the alias", sc.SpanID)
			}
			expect(t, sent(p, ctx), carrier(alias, first, own, second))

			ctx = received(p, own, second, alias, "garbage !")
			if sc, _ := propagation.RemoteFromContext(ctx); sc.SpanID != otherSpan.SpanID {
				t.Errorf("with a malformed alias, the remote span is %v, want the span of %s", sc.SpanID, own)
			}
			expect(t, sent(p, ctx), carrier(alias, "garbage !", own, second))

			c := withAlias(f)
			c.LocalSpan = running(otherSpan)
			local := compile(t, c)
			for _, in := range [][]string{{alias, first}, {own, first}, {alias, first, own, first}} {
				got := sent(local, received(local, in...))
				for _, name := range []string{alias, own} {
					reader := compile(t, withAlias(f))
					if sc, _ := propagation.RemoteFromContext(received(reader, name, got.Get(name))); sc.SpanID != otherSpan.SpanID || len(got.Values(name)) != 1 {
						t.Errorf("received %q: %s is sent as %q, want one line with the local span", in[0], name, got.Values(name))
					}
				}
			}
		})
	}
}

// TestAliasOverEachCarrier: an alias is read from and written to HTTP headers, gRPC metadata, text carriers and messages.
func TestAliasOverEachCarrier(t *testing.T) {
	c := withAlias(propagation.B3Single)
	for _, local := range []bool{false, true} {
		want := map[string]string{"x-acme-trace": callerB3}
		if local {
			c.LocalSpan = running(otherSpan)
			value := written(t, propagation.B3Single, otherSpan)
			want = map[string]string{"x-acme-trace": value, "b3": value}
		}
		p := compile(t, c)
		ways := maps.Clone(extracts)
		ways["lines"] = func(ctx context.Context, p *propagation.Propagator, md map[string][]string) context.Context {
			return p.ExtractLines(ctx, func(yield func(string, string) bool) {
				for name, vals := range md {
					yield(strings.ToUpper(name), vals[0])
				}
			})
		}
		for way, extract := range ways {
			ctx := extract(context.Background(), p, map[string][]string{"x-acme-trace": {callerB3}})
			outs := map[string]map[string][]string{"gRPC": sentMetadata(p, ctx), "HTTP": {}, "lines": {}}
			for name, vals := range sent(p, ctx) {
				outs["HTTP"][strings.ToLower(name)] = vals
			}
			for name, value := range p.Lines(ctx, "") {
				outs["lines"][name] = append(outs["lines"][name], value)
			}
			text := otelprop.MapCarrier{}
			p.Inject(ctx, text)
			outs["text"] = headerdiff.Single(text)
			for out, got := range outs {
				headerdiff.Check(t, headerdiff.Single(want), got, "from %s to %s, with a local span: %v", way, out, local)
			}
		}
	}
}

// TestAliasOfGRPCTraceBin: the alias holds bytes in metadata, and base64 in HTTP.
func TestAliasOfGRPCTraceBin(t *testing.T) {
	p := compile(t, withAlias(propagation.GRPCTraceBin))
	ctx := p.ExtractMetadata(context.Background(), metadataOf("x-acme-trace-bin", callerBinRaw))
	expect(t, sentMetadata(p, ctx), metadataOf("x-acme-trace-bin", callerBinRaw))
	expect(t, sent(p, ctx), carrier("x-acme-trace-bin", callerBin))
	ctx = received(p, "x-acme-trace-bin", callerBin)
	expect(t, sentMetadata(p, ctx), metadataOf("x-acme-trace-bin", callerBinRaw))
}

// TestAliasBehindCloudRun: the example of the documentation, in which Google has rewritten traceparent.
func TestAliasBehindCloudRun(t *testing.T) {
	c := propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.CloudTrace}, Aliases: []propagation.FormatAlias{{Format: propagation.W3C, Name: "Original-Traceparent"}}}
	rewritten := "00-" + callerTrace + "-00000000000000ff-00"
	in := []string{"traceparent", rewritten, "original-traceparent", callerW3C, "tracestate", "a=1"}
	p := compile(t, c)
	ctx := received(p, in...)
	want := callerContext
	want.TraceState = "a=1"
	if sc, _ := propagation.RemoteFromContext(ctx); sc != want {
		t.Errorf("the remote span is %+v, want %+v", sc, want)
	}
	expect(t, sent(p, ctx), carrier(in...))
	expectCounts(t, p, nil)

	c.LocalSpan = running(propagation.SpanContext{TraceID: callerContext.TraceID, SpanID: otherSpan.SpanID, Sampling: propagation.Accepted})
	local := "00-" + callerTrace + "-bb000000000000bb-01"
	p = compile(t, c)
	expect(t, sent(p, received(p, in...)), carrier("traceparent", local, "original-traceparent", local, "tracestate", "a=1"))
	expect(t, sent(p, received(p, in[2:]...)), carrier("traceparent", local, "original-traceparent", local, "tracestate", "a=1"))
	expect(t, sent(p, context.Background()), carrier("traceparent", local, "original-traceparent", local))

	c.LocalSpan, c.Emit = nil, []propagation.Format{propagation.W3C}
	p = compile(t, c)
	expect(t, sent(p, received(p, "traceparent", callerW3C)), carrier("traceparent", callerW3C, "original-traceparent", callerW3C))
	expect(t, sent(p, received(p, "original-traceparent", callerW3C, "tracestate", "a=1")), carrier("traceparent", callerW3C, "original-traceparent", callerW3C, "tracestate", "a=1"))

	c.Emit, c.Reconcile = nil, true
	p = compile(t, c)
	expect(t, sent(p, received(p, in...)), carrier("traceparent", callerW3C, "original-traceparent", callerW3C, "tracestate", "a=1"))
	expectCounts(t, p, map[string]uint64{"tracecontext reconciled": 1})
}

// TestAliasPrecedence: an alias has the place of its format in Config.Formats.
func TestAliasPrecedence(t *testing.T) {
	other := written(t, propagation.CloudTrace, otherSpan)
	for _, order := range [][]propagation.Format{{propagation.B3Single, propagation.CloudTrace}, {propagation.CloudTrace, propagation.B3Single}} {
		p := compile(t, propagation.Config{Formats: order, Aliases: []propagation.FormatAlias{{Format: propagation.B3Single, Name: "x-acme-trace"}}})
		want := callerContext.SpanID
		if order[0] == propagation.CloudTrace {
			want = otherSpan.SpanID
		}
		if sc, _ := propagation.RemoteFromContext(received(p, "x-acme-trace", callerB3, "x-cloud-trace-context", other)); sc.SpanID != want {
			t.Errorf("%v: the remote span is %v, want %v", order, sc.SpanID, want)
		}
	}
}

// TestAliasOfRequestID: RequestIDFromContext returns the value of an alias of x-request-id.
func TestAliasOfRequestID(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: []propagation.Format{propagation.RequestID}, GenerateRequestID: true,
		Aliases: []propagation.FormatAlias{{Format: propagation.RequestID, Name: "x-correlation-id"}},
	})
	ctx := received(p, "x-correlation-id", "abc", "x-request-id", "def")
	if id := propagation.RequestIDFromContext(ctx); id != "abc" {
		t.Errorf("the request id is %q, want %q", id, "abc")
	}
	expect(t, sent(p, ctx), carrier("x-correlation-id", "abc", "x-request-id", "def"))
	expect(t, sent(p, received(p, "x-correlation-id", "abc")), carrier("x-correlation-id", "abc"))
	for _, trust := range []propagation.Trust{propagation.DistrustRequestID, propagation.Restart} {
		out := sent(p, p.ExtractHTTPTrust(context.Background(), carrier("x-correlation-id", "abc"), trust))
		if out.Get("x-correlation-id") != "" || len(out.Get("x-request-id")) != 36 {
			t.Errorf("%v: sent %v, want a new id instead of the untrusted caller's", trust, out)
		}
	}
	sampled := "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"
	out := sent(p, p.ExtractHTTPTrust(context.Background(), carrier("x-correlation-id", sampled), propagation.DistrustSampling))
	expect(t, out, carrier("x-correlation-id", "5f2f7d9c-7b1a-4d5e-8f57-1f8f0a2b3c4d"))
}

// TestAliasTrust: an untrusted caller's alias is withheld like its format, also if the handler copies it by hand.
func TestAliasTrust(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.B3Single}, Emit: []propagation.Format{},
		Aliases: []propagation.FormatAlias{{Format: propagation.W3C, Name: "original-traceparent"}, {Format: propagation.B3Single, Name: "x-acme-trace"}},
	})
	in := carrier("original-traceparent", callerW3C, "x-acme-trace", callerB3, "tracestate", "a=1,dd=s:1")
	for trust, want := range map[propagation.Trust]http.Header{
		propagation.Continue:         in,
		propagation.Restart:          {},
		propagation.Ignore:           {},
		propagation.DistrustIDs:      carrier("x-acme-trace", "1"),
		propagation.DistrustSampling: carrier("original-traceparent", "00-"+callerTrace+"-"+callerSpan+"-00", "x-acme-trace", callerTrace+"-"+callerSpan, "tracestate", "a=1"),
		propagation.DistrustBaggage:  in,
	} {
		ctx := p.ExtractHTTPTrust(context.Background(), in, trust)
		headerdiff.Check(t, want, sent(p, ctx), "%v", trust)
		if sc, ok := propagation.UntrustedFromContext(ctx); trust == propagation.Restart && (!ok || sc.SpanID != callerContext.SpanID) {
			t.Errorf("UntrustedFromContext returns %+v, %v, want the caller's span", sc, ok)
		}
		if trust != propagation.Ignore {
			headerdiff.Check(t, in, sent(p, propagation.Promote(ctx)), "%v, then trusted", trust)
		}
	}
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
	stripped := in.Clone()
	engine(p).StripHTTP(ctx, stripped)
	expect(t, stripped, nil)
	if out, _ := engine(p).CloneHTTP(ctx, in); len(out) != 0 {
		t.Errorf("withheld headers that were copied by hand are sent: %v, want none", out)
	}
}

// TestAliasDestinations: a destination rule for a format also applies to its alias.
func TestAliasDestinations(t *testing.T) {
	c := propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.B3Single}, Emit: []propagation.Format{},
		Aliases: []propagation.FormatAlias{{Format: propagation.W3C, Name: "original-traceparent"}, {Format: propagation.B3Single, Name: "x-acme-trace"}},
		Destinations: []propagation.Destination{
			{Hosts: []string{"w3c.example"}, Formats: []propagation.Format{propagation.W3C}},
			{Hosts: []string{"sampled.example"}, OnlySampled: []propagation.Format{propagation.B3Single}},
		},
	}
	w3c, b3 := "00-"+callerTrace+"-"+callerSpan+"-00", callerTrace+"-"+callerSpan+"-0"
	for _, local := range []bool{false, true} {
		want := carrier("original-traceparent", w3c)
		if local {
			c.LocalSpan = running(propagation.SpanContext{TraceID: callerContext.TraceID, SpanID: callerContext.SpanID, Sampling: propagation.Denied})
			want = carrier("original-traceparent", w3c, "traceparent", w3c)
		}
		p := compile(t, c)
		ctx := received(p, "original-traceparent", w3c, "x-acme-trace", b3)
		for _, host := range []string{"w3c.example", "sampled.example"} {
			out := http.Header{}
			p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: host}, out)
			headerdiff.Check(t, want, out, "to %s, with a local span: %v", host, local)
		}
		expectCounts(t, p, map[string]uint64{"b3 disallowed": 2})
	}
}

// TestAliasLimits: the limits apply to an alias separately. An alias above a limit is left out as a whole.
func TestAliasLimits(t *testing.T) {
	c := withAlias(propagation.W3C)
	c.Limits.HeaderBytes = 60
	p := compile(t, c)
	expect(t, sent(p, received(p, "x-acme-trace", callerW3C+strings.Repeat(" ", 9), "traceparent", callerW3C)), carrier("traceparent", callerW3C))
	expect(t, sent(p, received(p, "x-acme-trace", callerW3C, "connection", "x-acme-trace", "traceparent", callerW3C)), carrier("traceparent", callerW3C))
	expectCounts(t, p, map[string]uint64{"tracecontext too large": 1, "tracecontext unsendable": 1})
}

// TestAliasMalformed: DropMalformed leaves out only the name whose value is malformed. An alias of b3 is never stale.
func TestAliasMalformed(t *testing.T) {
	c := withAlias(propagation.W3C)
	c.DropMalformed = true
	p := compile(t, c)
	expect(t, sent(p, received(p, "x-acme-trace", "garbage", "traceparent", callerW3C)), carrier("traceparent", callerW3C))
	expect(t, sent(p, received(p, "x-acme-trace", callerW3C, "traceparent", "garbage")), carrier("x-acme-trace", callerW3C))

	c = withAlias(propagation.B3Single)
	c.Formats = append(c.Formats, propagation.B3Multi)
	p = compile(t, c)
	old := callerTrace + "-0000000000000001-1"
	expect(t, sent(p, received(p, "x-acme-trace", old, "b3", old, "x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan)),
		carrier("x-acme-trace", old, "x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan))
}

// TestAliasFields: Fields and ReadFields include the aliases.
func TestAliasFields(t *testing.T) {
	c := withAlias(propagation.B3Single)
	c.ReadOnly, c.Aliases = []propagation.Format{propagation.Jaeger}, append(c.Aliases, propagation.FormatAlias{Format: propagation.Jaeger, Name: "X-Old-Jaeger"})
	c.HeaderAliases = []propagation.HeaderAlias{{Received: "X-Tenant", Sent: "x-acme-tenant"}, {Received: "x-region", Default: "eu"}}
	p := compile(t, c)
	check := func(what string, got []string, want ...string) {
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	check("Fields", p.Fields(), "b3", "x-acme-tenant", "x-acme-trace", "x-region")
	check("ReadFields", p.ReadFields(), "b3", "jaeger-baggage", "jaeger-debug-id", "uber-trace-id", "x-acme-trace", "x-old-jaeger", "x-region", "x-tenant")
	ctx := received(p, "x-old-jaeger", written(t, propagation.Jaeger, callerContext))
	if sc, _ := propagation.RemoteFromContext(ctx); sc.SpanID != callerContext.SpanID {
		t.Errorf("with the alias of a read-only format, the remote span is %+v, want %+v", sc, callerContext)
	}
	expect(t, sent(p, ctx), carrier("x-region", "eu"))
}

// TestAliasExplained: Explain and ExplainRequest name the format and the alias. The observer gets the format.
func TestAliasExplained(t *testing.T) {
	c := withAlias(propagation.B3Single)
	c.HeaderAliases = []propagation.HeaderAlias{{Received: "x-tenant", Sent: "x-acme-tenant"}, {Received: "x-region", Default: "eu"}}
	var extracted []propagation.Format
	c.Observer = &propagation.Observer{Extracted: func(_ context.Context, fs []propagation.Format) { extracted = fs }}
	p := compile(t, c)
	in := carrier("x-acme-trace", callerB3, "b3", callerTrace+"-0000000000000001-1", "x-tenant", "7", "x-acme-tenant", "8")
	ctx := p.ExtractHTTP(context.Background(), in)
	if !slices.Equal(extracted, []propagation.Format{propagation.B3Single}) {
		t.Errorf("the observer got %v, want b3", extracted)
	}
	text := p.ExplainRequest(&http.Request{Header: in}, "reviews").String()
	for _, want := range []string{
		"remote span, from b3: trace " + callerTrace + ", span " + callerSpan,
		"b3 (x-acme-trace)  is used", "b3                 names another span of the same trace as b3",
		"x-tenant      (size 1)", "sent as received, under the name x-acme-tenant",
		"x-region", "sent with its default, because it was not received",
		"x-acme-tenant  (size 1)  not carried: Config.Headers does not list it",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the explanation has no %q:\n%s", want, text)
		}
	}
	if got := fmt.Sprint(ctx); !strings.HasSuffix(got, "traceferry(b3)") {
		t.Errorf("the context prints as %q, want the format b3 at its end", got)
	}
	x := propagation.Explain(ctx, "evil.example")
	i := slices.IndexFunc(x.Headers, func(h propagation.ExplainedHeader) bool { return h.Name == "x-region" })
	if i < 0 || x.Headers[i].Fate != propagation.FateDisallowed {
		t.Errorf("to an external host, want x-region with the fate disallowed, got %+v", x.Headers)
	}
}

// TestAliasOfAnotherPropagator: a Propagator does not send a header that another Propagator captured under another alias.
// RemoteFromContext still returns its span.
func TestAliasOfAnotherPropagator(t *testing.T) {
	outer, inner := compile(t, withAlias(propagation.W3C)), compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	c := withAlias(propagation.W3C)
	c.Aliases[0].Name = "x-other-trace"
	for name, p := range map[string]*propagation.Propagator{"no alias": inner, "another alias": compile(t, c)} {
		ctx := received(outer, "x-acme-trace", callerW3C)
		expect(t, sent(p, ctx), nil)
		if fate := p.Explain(ctx, "reviews").Headers[0].Fate; fate != propagation.FateForeign {
			t.Errorf("%s: the fate of the alias is %v, want %v", name, fate, propagation.FateForeign)
		}
		ctx = p.ExtractHTTP(ctx, carrier("x-acme-trace", callerW3C))
		if sc, _ := propagation.RemoteFromContext(ctx); name == "no alias" && sc.SpanID != callerContext.SpanID {
			t.Errorf("%s: after a second Extract, the remote span is %+v, want %+v", name, sc, callerContext)
		}
		if got := captures(ctx); name == "no alias" && !slices.Equal(got, []string{"x-acme-trace: " + callerW3C}) {
			t.Errorf("%s: captured %q, want the line of the alias", name, got)
		}
	}
}

// TestHeaderAlias: a header is sent under its other name over every carrier, and to internal hosts only.
func TestHeaderAlias(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats:       []propagation.Format{propagation.W3C},
		HeaderAliases: []propagation.HeaderAlias{{Received: "X-Tenant", Sent: "X-Acme-Tenant"}, {Received: "x-data-bin", Sent: "x-acme-data-bin"}},
	})
	ctx := received(p, "x-tenant", "a", "x-tenant", "b", "traceparent", callerW3C, "x-acme-tenant", "not ours", "x-data-bin", "AAE")
	expect(t, sent(p, ctx), carrier("x-acme-tenant", "a", "x-acme-tenant", "b", "traceparent", callerW3C, "x-acme-data-bin", "AAE"))
	expect(t, sentMetadata(p, ctx), metadataOf("x-acme-tenant", "a", "x-acme-tenant", "b", "traceparent", callerW3C, "x-acme-data-bin", "\x00\x01"))
	if got, want := captures(ctx), []string{"traceparent: " + callerW3C, "x-tenant: a", "x-tenant: b", "x-data-bin: AAE"}; !slices.Equal(got, want) {
		t.Errorf("captured %q, want %q", got, want)
	}
	for host, want := range map[string]http.Header{
		"reviews":      carrier("x-acme-tenant", "a", "x-acme-tenant", "b", "traceparent", callerW3C, "x-acme-data-bin", "AAE"),
		"evil.example": carrier("traceparent", callerW3C),
	} {
		out := carrier("X-Acme-Tenant", "an older call's")
		if host == "evil.example" {
			out = http.Header{}
		}
		p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: host}, out)
		headerdiff.Check(t, want, out, "to %s", host)
		r := (&http.Request{URL: &url.URL{Scheme: "http", Host: host}, Header: sent(p, ctx)}).WithContext(ctx)
		cloned, _ := engine(p).CloneRequest(r)
		headerdiff.Check(t, want, cloned, "to %s, after another Inject", host)
	}
	stripped := carrier("x-tenant", "a", "x-acme-tenant", "b", "x-other", "c")
	engine(p).StripHTTP(ctx, stripped)
	expect(t, stripped, carrier("x-other", "c"))
}

// TestHeaderAliasTrust: an untrusted caller's header is withheld under both names.
func TestHeaderAliasTrust(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: []propagation.Format{}, HeaderAliases: []propagation.HeaderAlias{{Received: "x-tenant", Sent: "x-acme-tenant", Default: "none"}},
		Destinations: []propagation.Destination{{Hosts: []string{"partner.example"}, Headers: []string{"x-acme-tenant"}}},
	})
	in := carrier("x-tenant", "7")
	for trust, want := range map[propagation.Trust]string{propagation.Continue: "7", propagation.DistrustIDs: "7", propagation.DistrustHeaders: "none", propagation.Restart: "none", propagation.Ignore: "none"} {
		ctx := p.ExtractHTTPTrust(context.Background(), in, trust)
		headerdiff.Check(t, carrier("x-acme-tenant", want), sent(p, ctx), "%v", trust)
		out := http.Header{}
		p.InjectHTTPTo(ctx, &url.URL{Scheme: "https", Host: "partner.example"}, out)
		headerdiff.Check(t, carrier("x-acme-tenant", want), out, "%v, to a partner", trust)
	}
	ctx := p.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
	cloned, _ := engine(p).CloneHTTP(ctx, in)
	headerdiff.Check(t, carrier("x-acme-tenant", "none"), cloned, "copied by hand")
}

// TestHeaderDefault: a call sends the default if its request had no value. A context without a request has no default.
func TestHeaderDefault(t *testing.T) {
	p := compile(t, propagation.Config{HeaderAliases: []propagation.HeaderAlias{{Received: "x-region", Default: "eu"}, {Received: "x-plan", Sent: "x-acme-plan", Default: "free"}}})
	both := carrier("x-region", "eu", "x-acme-plan", "free")
	for name, ctx := range map[string]context.Context{
		"no header": received(p), "a blank header": received(p, "x-region", " "),
		"a copy":           propagation.Copy(context.Background(), received(p)),
		"a second Extract": received(compile(t, propagation.Config{})),
	} {
		if name == "a second Extract" {
			ctx = p.ExtractHTTP(ctx, http.Header{})
		}
		headerdiff.Check(t, both, sent(p, ctx), "%s", name)
		headerdiff.Check(t, metadataOf("x-region", "eu", "x-acme-plan", "free"), sentMetadata(p, ctx), "%s, over gRPC", name)
		lines := map[string][]string{}
		for name, value := range p.Lines(ctx, "reviews") {
			lines[name] = []string{value}
		}
		headerdiff.Check(t, metadataOf("x-region", "eu", "x-acme-plan", "free"), lines, "%s, in a message", name)
		for _, host := range []string{"evil.example", "kafka:orders"} {
			for name := range p.Lines(ctx, host) {
				t.Errorf("%s gets %s, want no default", host, name)
			}
		}
		out := http.Header{}
		p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "evil.example"}, out)
		headerdiff.Check(t, nil, out, "to an external host")
		r := (&http.Request{URL: &url.URL{Scheme: "http", Host: "evil.example"}, Header: both.Clone()}).WithContext(ctx)
		cloned, _ := engine(p).CloneRequest(r)
		headerdiff.Check(t, nil, cloned, "to an external host, after another Inject")
		if got := captures(ctx); len(got) > 0 {
			t.Errorf("%s: captured %q, want nothing", name, got)
		}
	}
	sent(p, received(p))["X-Region"][0] = "overwritten"
	expect(t, sent(p, received(p)), both)
	expect(t, sent(p, received(p, "x-region", "us")), carrier("x-region", "us", "x-acme-plan", "free"))
	expect(t, sent(p, p.ExtractMetadata(context.Background(), metadataOf("x-plan", "gold"))), carrier("x-region", "eu", "x-acme-plan", "gold"))
	for name, ctx := range map[string]context.Context{
		"no request": context.Background(), "WithoutCapture": propagation.WithoutCapture(received(p)),
		"WithoutCapture of an untrusted caller": propagation.WithoutCapture(p.ExtractHTTPTrust(context.Background(), nil, propagation.Restart)),
		"another Propagator's request":          received(compile(t, propagation.Config{}), "traceparent", callerW3C),
		"a demoted context":                     propagation.Demote(context.Background()),
	} {
		if out := sent(p, ctx); out.Get("x-region") != "" {
			t.Errorf("%s: sent %v, want no default", name, out)
		}
	}
}

// TestConfigAliasMistakes: New reports all mistakes in aliases at once.
func TestConfigAliasMistakes(t *testing.T) {
	c := propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.Baggage, propagation.SkyWalking, propagation.B3Single, propagation.GRPCTraceBin},
		Headers: []string{"x-team"},
		Aliases: []propagation.FormatAlias{
			0: {propagation.W3C, "original-traceparent"}, 1: {propagation.W3C, "x-second"}, 2: {propagation.B3Multi, "x-b3-alias"}, 3: {propagation.Baggage, "x-baggage"},
			4: {propagation.SkyWalking, "x-sw"}, 5: {propagation.Jaeger, "x-jaeger"}, 6: {99, "x-unknown"}, 7: {propagation.B3Single, "uber-trace-id"}, 8: {propagation.GRPCTraceBin, "x-trace"},
		},
		HeaderAliases: []propagation.HeaderAlias{
			0: {"x-team", "x-other-team", ""}, 1: {"x-old", "authorization", ""}, 2: {"cookie", "x-biscuit", ""}, 3: {"x-a-*", "", ""}, 4: {"", "x-sent", ""}, 5: {"x-b", "connection", ""},
			6: {"x-c", "Original-Traceparent", ""}, 7: {"x-d-bin", "x-d", ""}, 8: {"x-e-bin", "", "AA"}, 9: {"x-f", "", "grün"}, 10: {"x-g", "", " a"}, 11: {"x-h", "x-other-team", ""},
			12: {"traceparent", "x-i", ""}, 13: {"x-j", "baggage", ""}, 14: {"x-k", "X-K", "ok"}, 15: {"x-envoy-retry-on", "", ""},
		},
		Destinations: []propagation.Destination{{Hosts: []string{"a"}, Headers: []string{"x-other-team", "x-old"}}},
	}
	expectMistakes(t, c,
		mistake{"Aliases[1].Format", propagation.W3C}, mistake{"Aliases[2].Format", propagation.B3Multi}, mistake{"Aliases[3].Format", propagation.Baggage},
		mistake{"Aliases[4].Format", propagation.SkyWalking}, mistake{"Aliases[5].Format", propagation.Jaeger}, mistake{"Aliases[6].Format", propagation.Format(99)},
		mistake{"Aliases[7].Name", "uber-trace-id"}, mistake{"Aliases[8].Name", "x-trace"},
		mistake{"HeaderAliases[0].Received", "x-team"}, mistake{"HeaderAliases[1].Sent", "authorization"}, mistake{"HeaderAliases[2].Received", "cookie"},
		mistake{"HeaderAliases[3].Received", "x-a-*"}, mistake{"HeaderAliases[4].Received", ""}, mistake{"HeaderAliases[5].Sent", "connection"},
		mistake{"HeaderAliases[6].Sent", "Original-Traceparent"}, mistake{"HeaderAliases[7].Sent", "x-d"}, mistake{"HeaderAliases[8].Default", "AA"},
		mistake{"HeaderAliases[9].Default", "grün"}, mistake{"HeaderAliases[10].Default", " a"}, mistake{"HeaderAliases[11].Sent", "x-other-team"},
		mistake{"HeaderAliases[12].Received", "traceparent"}, mistake{"HeaderAliases[13].Sent", "baggage"}, mistake{"HeaderAliases[15].Received", "x-envoy-retry-on"},
		mistake{"Destinations[0].Headers[1]", "x-old"},
	)
}

// TestAliasCost: an alias costs as many allocations as a header of a format.
func TestAliasCost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	c := withAlias(propagation.W3C)
	c.HeaderAliases = []propagation.HeaderAlias{{Received: "x-tenant", Sent: "x-acme-tenant"}}
	p := compile(t, c)
	in := carrier("x-acme-trace", callerW3C, "traceparent", callerW3C, "x-tenant", "7")
	ctx, out := p.ExtractHTTP(context.Background(), in), carrier("x-acme-trace", "", "traceparent", "", "x-acme-tenant", "")
	for what, row := range map[string]struct {
		want float64
		run  func()
	}{
		"ExtractHTTP": {1, func() { sink = p.ExtractHTTP(context.Background(), in) }},
		"InjectHTTP":  {0, func() { p.InjectHTTP(ctx, out) }},
	} {
		if got := testing.AllocsPerRun(200, row.run); got != row.want {
			t.Errorf("%s: %v allocations, want %v", what, got, row.want)
		}
	}
}

// TestAliasesTogether: a local span is written to all formats and all aliases at once.
func TestAliasesTogether(t *testing.T) {
	span := otherSpan
	span.ParentID, span.Sampling = callerContext.SpanID, propagation.Debug
	c := propagation.Config{Formats: propagation.AllFormats(), Emit: slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool {
		return slices.Contains([]propagation.Format{propagation.RequestID, propagation.Baggage, propagation.SkyWalking, propagation.ClientTrace, propagation.Linkerd1, propagation.AzureRequestID}, f)
	}), LocalSpan: running(span)}
	for _, f := range aliasableTraces {
		c.Aliases = append(c.Aliases, propagation.FormatAlias{Format: f, Name: strings.Replace(aliasName(f), "trace", "trace-"+f.String(), 1)})
	}
	p := compile(t, c)
	out := sent(p, received(p, "x-b3-sampled", "1", "jaeger-debug-id", "a", "x-datadog-origin", "o", "x-datadog-tags", "_dd.p.dm=-1"))
	for _, a := range c.Aliases {
		if own := out.Get(a.Format.Fields()[0]); own == "" || out.Get(a.Name) != own {
			t.Errorf("%s is sent as %q and %s as %q, want the same", a.Name, out.Get(a.Name), a.Format.Fields()[0], own)
		}
	}
}
