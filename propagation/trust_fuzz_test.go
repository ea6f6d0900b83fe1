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
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// The bits of the parameter way of FuzzTrust.
const (
	viaMetadata = 1 << iota // the first Extract reads metadata
	thenText                // the second Extract reads a text map, without a Trust
	aLocalSpan              // there is a local span
	emitsAll                // Config.Emit has every format
	makesIDs                // Config.GenerateRequestID is set
	fromOther               // the first Extract is by another Propagator, which carries all formats
	sendsOther              // Inject is by another Propagator
	bits
)

// trustPropagators are the Propagators of FuzzTrust, by the bits that their Config depends on.
var trustPropagators = func() (all [bits]*propagation.Propagator) {
	for way := range all {
		c := propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-user"}, GenerateRequestID: way&makesIDs != 0}
		if way&emitsAll != 0 {
			c.Emit = traceFormats()
		}
		if way&aLocalSpan != 0 {
			c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return localOfFuzz, true }
		}
		all[way] = propagation.MustNew(c)
	}
	return all
}()

// readersOfOne are Propagators that each read one format.
var readersOfOne = func() map[propagation.Format]*propagation.Propagator {
	each := map[propagation.Format]*propagation.Propagator{}
	for _, f := range traceFormats() {
		each[f] = propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
	}
	return each
}()

var trustingAll = propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-user"}})

// FuzzTrust: no untrusted part of any received headers is sent or returned, for any Trust. That also holds after a second
// Extract, after Copy, with the Inject of another Propagator, and after Demote. Only Promote takes the Trust back.
func FuzzTrust(f *testing.F) {
	seedPolicies(f, func(text string, i int) {
		f.Add(text, "baggage: secondword=1\ntracestate: dd=s:2;o:hostileorigin", byte(i), byte(i>>3), byte(7*i))
		f.Add(text, text, byte(propagation.Restart), byte(0), byte(i))
	})
	f.Fuzz(func(t *testing.T, first, second string, trust1, trust2, way byte) {
		fuzzTrust(t, linesOf(first), linesOf(second), propagation.Trust(trust1)&propagation.Ignore, propagation.Trust(trust2)&propagation.Ignore, way&(bits-1))
	})
}

func fuzzTrust(t *testing.T, first, second [][2]string, trust1, trust2 propagation.Trust, way byte) {
	p := trustPropagators[way&(aLocalSpan|emitsAll|makesIDs)]
	sends, reads := p, p
	if way&fromOther != 0 {
		reads = trustingAll
	}
	if way&sendsOther != 0 {
		sends = trustPropagators[way&aLocalSpan|emitsAll]
	}
	var ctx context.Context
	if way&viaMetadata != 0 {
		ctx = reads.ExtractMetadataTrust(context.Background(), asMetadata(first), trust1)
	} else {
		ctx = reads.ExtractHTTPTrust(context.Background(), asHeader(first), trust1)
	}
	if way&thenText != 0 {
		ctx = p.Extract(ctx, asText(second))
		trust2 = trust1
	} else {
		ctx = p.ExtractHTTPTrust(ctx, asHeader(second), trust2)
	}
	trust := trust1 | trust2
	var pieces []piece
	for _, line := range slices.Concat(first, second) {
		pieces = append(pieces, piecesOf(line[0], line[1])...)
	}
	check := func(what string, ctx context.Context, trust propagation.Trust) {
		told := everyAccessor(ctx)
		for carrier, sent := range everyCall(sends, ctx, nil) {
			told[carrier] = sent
			checkDecisions(t, what+", "+carrier, sent, trust, way)
		}
		untrustedWords := secrets(pieces, func(p piece) bool { return p.trust&trust != 0 })
		for where, carrier := range told {
			checkNamesWithheld(t, what+", "+where, carrier, trust, way)
			all := decodedText(carrier)
			for _, word := range untrustedWords {
				if strings.Contains(all, word) {
					t.Fatalf("%s: the untrusted value %q (%v) is in %s: %q", what, word, trust, where, carrier)
				}
			}
		}
		if remote, ok := propagation.RemoteFromContext(ctx); trust&propagation.DistrustIDs != 0 && remote.IsValid() ||
			trust&propagation.DistrustSampling != 0 && ok && remote.Sampling.Decided() {
			t.Fatalf("%s: the caller is not trusted (%v), but the remote span is %+v", what, trust, remote)
		}
	}
	check("extracted", ctx, trust)
	copied := propagation.Copy(context.Background(), ctx)
	check("copied", copied, trust)
	check("copied, and another Extract", p.ExtractHTTP(copied, asHeader(second)), trust)
	promoted := propagation.Promote(ctx)
	check("extracted, and promoted elsewhere", ctx, trust)
	check("demoted", propagation.Demote(ctx), propagation.Restart)
	check("promoted and demoted", propagation.Demote(promoted), propagation.Restart)
	check("promoted, and another Extract", p.ExtractHTTPTrust(promoted, asHeader(second), propagation.Restart), propagation.Restart)
}

// TestPromotedIsTrusted: after Promote, the same headers are sent as for a trusted caller.
func TestPromotedIsTrusted(t *testing.T) {
	p := trustPropagators[0]
	came := []http.Header{asHeader(linesOf(everyHeader))}
	for _, v := range readVectors(t) {
		came = append(came, v.header())
	}
	for _, h := range came {
		want := sent(p, p.ExtractHTTP(context.Background(), h))
		for trust := range propagation.Restart + 1 {
			got := sent(p, propagation.Promote(p.ExtractHTTPTrust(context.Background(), h, trust)))
			headerdiff.Check(t, want, got, "promoted from %v", trust)
		}
	}
}

// everyAccessor returns the results of the functions that read a context, each as a carrier.
func everyAccessor(ctx context.Context) map[string]map[string][]string {
	captured := map[string][]string{}
	for name, value := range propagation.CapturedFromContext(ctx) {
		captured[name] = append(captured[name], value)
	}
	remote, _ := propagation.RemoteFromContext(ctx)
	return map[string]map[string][]string{
		"CapturedFromContext":  captured,
		"RemoteFromContext":    {"": {fmt.Sprint(remote)}},
		"RequestIDFromContext": {"": {propagation.RequestIDFromContext(ctx)}},
		"the baggage":          {"": {baggage.FromContext(ctx).String()}},
		"the active span":      {"": {fmt.Sprint(trace.SpanContextFromContext(ctx))}},
		"%v":                   {"": {fmt.Sprintf("%v %+v %#v", ctx, ctx, ctx)}},
	}
}

// hostCallee is a destination without a port.
type hostCallee string

func (c hostCallee) Host() (string, uint16) { return string(c), 0 }

// everyCall returns the headers that each kind of call sends. to may be nil.
func everyCall(p *propagation.Propagator, ctx context.Context, to plan.Callee) map[string]map[string][]string {
	sent := map[string]map[string][]string{}
	if to == nil {
		h, md, text := http.Header{}, map[string][]string{}, otelprop.MapCarrier{}
		p.InjectHTTP(ctx, h)
		p.InjectMetadata(ctx, md)
		p.Inject(ctx, text)
		sent["InjectHTTP"], sent["InjectMetadata"], sent["Inject"] = h, md, map[string][]string{}
		for name, value := range text {
			sent["Inject"][name] = []string{value}
		}
		sent["CloneHTTP"], _ = engine(p).CloneHTTP(ctx, nil)
	} else {
		host, _ := to.Host()
		r := (&http.Request{URL: &url.URL{Scheme: "http", Host: host}}).WithContext(ctx)
		sent["CloneRequest"], _ = engine(p).CloneRequest(r)
	}
	sent["CloneMetadata"], _ = engine(p).CloneMetadata(ctx, to, nil)
	key := new(int)
	if ctx, ok := engine(p).ContextWithMetadata(ctx, to, key, func(md map[string][]string) any { return maps.Clone(md) }); ok {
		sent["ContextWithMetadata"] = ctx.Value(key).(map[string][]string)
	}
	return sent
}

// checkDecisions checks that the sent headers have neither a span nor a sampling decision of an untrusted caller.
func checkDecisions(t *testing.T, what string, sent map[string][]string, trust propagation.Trust, way byte) {
	t.Helper()
	h := http.Header{}
	for name, lines := range sent {
		for _, line := range lines {
			h.Add(name, line)
		}
	}
	for f, alone := range readersOfOne {
		sc, _ := propagation.RemoteFromContext(alone.ExtractHTTP(context.Background(), h))
		switch {
		case trust&propagation.DistrustIDs != 0 && sc.IsValid() && (way&aLocalSpan == 0 || sc.SpanID != localOfFuzz.SpanID):
			t.Fatalf("%s: the ids are not trusted (%v), but %v is sent with %+v: %q", what, trust, f, sc, sent)
		case trust&propagation.DistrustSampling != 0 && sc.Sampling.Sampled():
			t.Fatalf("%s: the decision is not trusted (%v), but %v is sent with %+v: %q", what, trust, f, sc, sent)
		}
	}
	if reason := propagation.TraceReasonOf(h.Get("X-Request-Id")); trust&propagation.DistrustSampling != 0 && reason != propagation.NotTraced {
		t.Fatalf("%s: the decision is not trusted (%v), but x-request-id has the trace reason %s: %q", what, trust, reason, sent)
	}
}

// rewritten are names that Inject may write itself, for a local span or for an open decision.
var rewritten = []string{"x-b3-sampled", "ot-tracer-sampled"}

// checkNamesWithheld checks that a header which is not trusted as a whole is absent, even with an empty value.
func checkNamesWithheld(t *testing.T, what string, carrier map[string][]string, trust propagation.Trust, way byte) {
	t.Helper()
	for name := range carrier {
		lower := strings.ToLower(name)
		m, own := meaningOf(lower)
		if _, listed := meanings[lower]; !listed && own == "" || slices.Contains(rewritten, lower) ||
			lower == "x-request-id" && way&makesIDs != 0 {
			continue
		}
		if m.trust&trust != 0 {
			t.Fatalf("%s: %s is not trusted (%v), but it is present: %q", what, name, trust, carrier)
		}
	}
}

func asHeader(lines [][2]string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		h.Add(line[0], line[1])
	}
	return h
}

func asMetadata(lines [][2]string) map[string][]string {
	md := map[string][]string{}
	for _, line := range lines {
		md[line[0]] = append(md[line[0]], line[1])
	}
	return md
}

func asText(lines [][2]string) otelprop.MapCarrier {
	text := otelprop.MapCarrier{}
	for _, line := range lines {
		text[line[0]] = line[1]
	}
	return text
}

// seedPolicies adds seeds: a request with every header, and every golden vector.
func seedPolicies(f *testing.F, add func(text string, i int)) {
	for i := range 64 {
		add(everyHeader, i)
	}
	for i, v := range readVectors(f) {
		var text strings.Builder
		for name, lines := range v.header() {
			for _, line := range lines {
				text.WriteString(name + ": " + line + "\n")
			}
		}
		add(text.String(), i)
	}
}

// everyHeader is a request with a value in every header.
const everyHeader = `traceparent: 00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-03
tracestate: dd=s:2;o:ddorigin;t.usr.id:dduserword, vendor=vendorword
tracestate: ot=th:otthreshold,other=otherword
b3: 463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-d-0020000000000001
x-b3-traceid: 463ac35c9f6413ad48485a3953bb6124
x-b3-spanid: a2fb4a1d1a96d312
x-b3-parentspanid: 0020000000000001
x-b3-sampled: 1
x-b3-flags: 1
grpc-trace-bin: ` + callerBin + `
x-cloud-trace-context: 463ac35c9f6413ad48485a3953bb6124/11743903921586066194;o=1
x-ot-span-context: EkYJJGG7UzlaSEgREtOWGh1K+6IYASIZCgZ0ZW5hbnQSD2xpZ2h0c3RlcHRlbmFudCIVCgR1c2VyEg1saWdodHN0ZXB1c2Vy
x-request-id: 5f2f7d9c-7b1a-9d5e-8f57-callersownid
baggage: tenant=tenantword;p=propertyword, user=userword
x-datadog-trace-id: 5208512171318403364
x-datadog-parent-id: 11743903921586066194
x-datadog-sampling-priority: 2
x-datadog-origin: datadogorigin
x-datadog-tags: _dd.p.tid=463ac35c9f6413ad,_dd.p.dm=-4,_dd.p.usr=datadoguser
uber-trace-id: 463ac35c9f6413ad48485a3953bb6124:a2fb4a1d1a96d312:0:3
jaeger-debug-id: jaegerdebugword
jaeger-baggage: tenant=jaegertenant, user=jaegeruser
uberctx-tenant: uberctxtenant
uberctx-secretkeyword: uberctxsecret
x-amzn-trace-id: Root=1-463ac35c-9f6413ad48485a3953bb6124;Parent=a2fb4a1d1a96d312;Sampled=1;Lineage=lineageword
ot-tracer-traceid: 48485a3953bb6124
ot-tracer-spanid: a2fb4a1d1a96d312
ot-tracer-sampled: true
ot-baggage-tenant: otbaggagetenant
ot-baggage-user: otbaggageuser
sw8: 1-skywalkingid-skywalkingsegment-3-c3Zj-aW5z-ZXA=-YWRkcg==
sw8-correlation: dGVuYW50:skywalkingtenant,dXNlcg==:skywalkinguser
sw8-x: 0-skywalkingextra
x-client-trace-id: clienttraceword
x-envoy-force-trace: forcetraceword
l5d-ctx-trace: linkerdtraceword
dtab-local: /svc/a=>/svc/dtablocalword
l5d-dtab: /svc/a=>/svc/dtabword
l5d-sample: samplerateword
request-id: |azurerequestid.
correlation-context: tenant=azuretenant, user=azureuserword
x-user: userheaderword`
