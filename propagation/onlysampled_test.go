package propagation_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
)

const (
	vendorHost = "otlp.vendor.example"
	vendorURL  = "https://" + vendorHost + "/v1"
)

// billing returns a Config that sends some formats to a vendor only if the call is sampled.
func billing(only ...propagation.Format) propagation.Config {
	return carryingAll(propagation.Destination{Hosts: []string{vendorHost}, OnlySampled: only, Baggage: []string{"*"}})
}

// decidedBy says whether a call is sampled, for received headers, a local span and a Trust.
var decidedBy = map[string]struct {
	came    []string
	local   propagation.SpanContext
	trust   propagation.Trust
	sampled bool
}{
	"accepted":                          {came: []string{"B3", callerB3}, sampled: true},
	"debug":                             {came: []string{"B3", callerTrace + "-" + callerSpan + "-d"}, sampled: true},
	"denied":                            {came: []string{"B3", callerTrace + "-" + callerSpan + "-0"}},
	"open":                              {came: []string{"B3", callerTrace + "-" + callerSpan}},
	"without ids":                       {came: []string{"B3", "1"}, sampled: true},
	"malformed":                         {came: []string{"B3", "x"}},
	"no trace":                          {},
	"by precedence":                     {came: []string{"B3", callerB3, "Traceparent", "00-" + callerTrace + "-" + callerSpan + "-00"}},
	"not trusted":                       {came: []string{"B3", callerB3}, trust: propagation.DistrustSampling},
	"a sampled span runs":               {came: []string{"B3", callerTrace + "-" + callerSpan + "-0"}, local: otherSpan, sampled: true},
	"a span runs, nothing received":     {local: otherSpan, sampled: true},
	"a span runs that is not sampled":   {came: []string{"B3", callerB3}, local: propagation.SpanContext{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, Sampling: propagation.Denied}},
	"a span runs with an open decision": {came: []string{"B3", callerB3}, local: propagation.SpanContext{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID}},
}

// TestOnlySampled: the formats of OnlySampled are sent to the hosts of the rule only if the call is sampled, over every
// transport. Each format that is not sent is counted, and Explain says so.
func TestOnlySampled(t *testing.T) {
	besides := []string{"X-Request-Id", "r1", "Sw8", "opaque", "Baggage", "tenant=7", "Uberctx-User", "bob"}
	only := []propagation.Format{propagation.B3Single, propagation.W3C, propagation.SkyWalking, propagation.Baggage, propagation.Jaeger}
	disallowedNames := []string{"Traceparent", "Tracestate", "B3", "Sw8", "Baggage", "Uber-Trace-Id", "Uberctx-User"}
	for name, row := range decidedBy {
		t.Run(name, func(t *testing.T) {
			c := billing(only...)
			c.Emit = []propagation.Format{propagation.W3C, propagation.XRay}
			c.Deferred = propagation.Accepted // changes nothing
			if row.local.IsValid() {
				c.LocalSpan = running(row.local)
			}
			p := compile(t, c)
			ctx := p.ExtractHTTPTrust(context.Background(), carrier(append(besides, row.came...)...), row.trust)
			all := sent(p, ctx)
			want, counts := all, map[propagation.Format]uint64{}
			if !row.sampled {
				want = without(all, disallowedNames...)
				for name := range all {
					if want[name] == nil {
						counts[testHeader{name: strings.ToLower(name)}.format()] = 1
					}
				}
			}
			expect(t, sentTo(t, p, ctx, vendorURL), want)
			expectDisallowed(t, p, counts)
			to, h := &url.URL{Scheme: "https", Host: vendorHost}, http.Header{"Traceparent": {"00-of-an-outer-Inject"}}
			p.InjectHTTPTo(ctx, to, h)
			headerdiff.Check(t, want, h, "InjectHTTPTo")
			headerdiff.Check(t, overMetadata(want), metadataTo(t, p, ctx, vendorHost), "gRPC")
			for _, x := range p.Explain(ctx, vendorURL).Headers {
				disallowed := slices.Contains(only, x.Format) && !row.sampled
				if x.Fate != propagation.FateUntrusted && (x.Fate == propagation.FateNotSampled) != disallowed || x.Fate.Sent() && disallowed {
					t.Errorf("for %s, Explain returns the fate %v, want not sampled: %v", x.Name, x.Fate, disallowed)
				}
			}
			expect(t, sentTo(t, p, ctx, "http://reviews/"), sent(p, ctx))
		})
	}
}

// TestOnlySampledInside: an inner span may have another decision than the context of the call. The inner decision applies,
// and headers that an outer Inject wrote are removed.
func TestOnlySampledInside(t *testing.T) {
	var local propagation.SpanContext
	c := billing(propagation.W3C, propagation.RequestID)
	c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return local, local.IsValid() }
	p := compile(t, c)
	ctx := received(p, "Traceparent", callerW3C, "X-Request-Id", "r1", "B3", callerB3)
	r := requestTo(t, ctx, vendorURL)
	outer, told := engine(p).ContextForRequest(r)
	if !told {
		t.Fatal("the context does not have the destination for an inner Inject")
	}
	r.Header = sent(p, outer)
	headerdiff.Check(t, carrier("Traceparent", callerW3C, "X-Request-Id", "r1", "B3", callerB3), r.Header, "a sampled call")
	local = propagation.SpanContext{TraceID: otherSpan.TraceID, SpanID: otherSpan.SpanID, Sampling: propagation.Denied}
	want := carrier("B3", local.TraceID.String()+"-"+local.SpanID.String()+"-0")
	headerdiff.Check(t, want, sent(p, outer), "an inner span that is not sampled")
	h, _ := engine(p).CloneRequest(r)
	headerdiff.Check(t, want, h, "over the headers of an outer Inject")
}

// TestOnlySampledElsewhere: a call that may reach several hosts carries the headers that all of them may get. Rules also
// count with DestinationsReportOnly. After a redirect, the rule of the new host applies.
func TestOnlySampledElsewhere(t *testing.T) {
	denied := []string{"Traceparent", "00-" + callerTrace + "-" + callerSpan + "-00", "B3", callerTrace + "-" + callerSpan + "-0", "Authorization", "secret"}
	c := carryingAll(
		propagation.Destination{Hosts: []string{"a.example"}, OnlySampled: []propagation.Format{propagation.W3C}, Headers: []string{"*"}},
		propagation.Destination{Hosts: []string{"b.example"}, OnlySampled: []propagation.Format{propagation.B3Single}, Headers: []string{"*"}},
		propagation.Destination{Hosts: []string{"c.example"}, Headers: []string{"*"}},
	)
	p := compile(t, c)
	ctx := received(p, denied...)
	for hosts, names := range map[string]string{"a.example": "b3 authorization", "a.example,c.example": "b3 authorization", "c.example,b.example": "traceparent authorization", "a.example,b.example": "authorization"} {
		want := map[string][]string{}
		for name := range strings.FieldsSeq(names) {
			want[name] = carrier(denied...).Values(name)
		}
		headerdiff.Check(t, want, metadataTo(t, p, ctx, hosts), "%s", hosts)
	}
	elsewhere := requestTo(t, ctx, "http://a.example/")
	elsewhere.Response = &http.Response{Request: requestTo(t, ctx, "http://b.example/")}
	h, _ := engine(p).CloneRequest(elsewhere)
	headerdiff.Check(t, carrier("B3", callerTrace+"-"+callerSpan+"-0"), h, "after a redirect from another host")

	c.DestinationsReportOnly = true
	p = compile(t, c)
	ctx = received(p, denied...)
	expect(t, sentTo(t, p, ctx, "http://a.example/"), carrier(denied...))
	expectDisallowed(t, p, onceEach(propagation.W3C))
	for _, x := range p.Explain(ctx, "a.example").Headers {
		if want := map[bool]propagation.Fate{true: propagation.FateReported, false: propagation.FateSent}[x.Format == propagation.W3C]; x.Fate != want {
			t.Errorf("for %s, Explain returns the fate %v, want %v", x.Name, x.Fate, want)
		}
	}
}
