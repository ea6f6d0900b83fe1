package propagation_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// requestWith returns a request with headers and a context.
func requestWith(ctx context.Context, h http.Header) *http.Request {
	r := httptest.NewRequest("GET", "/", nil).WithContext(ctx)
	r.Header = h
	return r
}

// contextWithTrust returns a context that holds a Trust, before any headers are extracted.
func contextWithTrust(trust propagation.Trust) context.Context {
	var none *propagation.Propagator
	return none.ExtractHTTPTrust(context.Background(), nil, trust)
}

// TestExplainRequestNotCarried: ExplainRequest gives the reason for each header that is not captured.
func TestExplainRequestNotCarried(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.Jaeger}, Headers: []string{"end-user", "x-shop-*"},
		Limits: propagation.Limits{HeaderBytes: 100},
	})
	long := strings.Repeat("a", 200)
	for name, row := range map[string]struct {
		h      http.Header
		header string
		fate   propagation.Fate
		format propagation.Format
	}{
		"a format":              {carrier("B3", callerB3), "b3", propagation.FateUnlistedFormat, propagation.B3Single},
		"a prefix of a format":  {carrier("Ot-Baggage-User", "bob"), "ot-baggage-user", propagation.FateUnlistedFormat, propagation.OTTrace},
		"a header":              {carrier("X-Tenant", "acme"), "x-tenant", propagation.FateUnlistedHeader, 0},
		"a credential":          {carrier("Authorization", "secret"), "authorization", propagation.FateUnlistedUnsafe, 0},
		"under a pattern":       {carrier("X-Shop-Token", "secret"), "x-shop-token", propagation.FateUnlistedUnsafe, 0},
		"a header of a proxy":   {carrier("X-Forwarded-For", "10.0.0.1"), "x-forwarded-for", propagation.FateNeverCarried, 0},
		"a header of a message": {carrier("Content-Type", "text/plain"), "content-type", propagation.FateNeverCarried, 0},
		"an invalid name":       {http.Header{"<script>": {"x"}}, "<script>", propagation.FateNeverCarried, 0},
		"too large":             {carrier("Tracestate", "a="+long), "tracestate", propagation.FateTooLarge, propagation.W3C},
		"beside one too large":  {carrier("Traceparent", callerW3C, "Tracestate", "a="+long), "traceparent", propagation.FateTooLarge, propagation.W3C},
		"a header too large":    {carrier("End-User", long), "end-user", propagation.FateTooLarge, 0},
		"a prefix too large":    {carrier("Uberctx-A", long), "uberctx-a", propagation.FateTooLarge, propagation.Jaeger},
		"one hop":               {carrier("X-B3-Traceid", callerTrace, "Connection", "x-b3-spanid"), "x-b3-traceid", propagation.FateOneHop, propagation.B3Multi},
		"a header of one hop":   {carrier("End-User", "bob", "Connection", "close, END-USER"), "end-user", propagation.FateOneHop, 0},
		"beside one hop":        {carrier("Uberctx-A", "1", "Uberctx-B", long, "Connection", "uberctx-a"), "uberctx-b", propagation.FateTooLarge, propagation.Jaeger},
		"empty":                 {carrier("Traceparent", " "), "traceparent", propagation.FateEmpty, propagation.W3C},
		"misspelled": {http.Header{"traceparent": {callerW3C}, "X-B3-Traceid": {callerTrace}, "1": {""}, "2": {""}, "3": {""}, "4": {""}, "5": {""}, "6": {""}, "7": {""}},
			"traceparent", propagation.FateMisspelled, propagation.W3C},
	} {
		t.Run(name, func(t *testing.T) {
			p := p
			if name == "misspelled" { // with patterns, Extract reads names in every spelling
				p = compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.B3Multi}})
			}
			x := p.ExplainRequest(requestWith(t.Context(), row.h), "reviews")
			i := slices.IndexFunc(x.NotCarried, func(h propagation.ExplainedHeader) bool { return h.Name == row.header })
			if i < 0 {
				t.Fatalf("NotCarried does not have %s:\n%v", row.header, x)
			}
			if h := x.NotCarried[i]; h.Fate != row.fate || h.Format != row.format || h.Sent != "" || h.Fate.Sent() || h.Why == "" {
				t.Errorf("the explained header is %+v, want the fate %v and the format %v", h, row.fate, row.format)
			}
			for _, secret := range []string{"bob", "acme", "secret", long} {
				if strings.Contains(x.String(), secret) {
					t.Errorf("the explanation contains the secret value %q:\n%v", secret, x)
				}
			}
		})
	}
}

// explainableNames are names of every kind. Some are invalid.
var explainableNames = []string{
	"Traceparent", "Tracestate", "B3", "X-B3-Traceid", "X-B3-Spanid", "Baggage", "X-Request-Id", "Uberctx-A", "Ot-Baggage-B", "L5d-Ctx-Trace", "Sw8", "Sw8-Correlation",
	"X-Datadog-Trace-Id", "X-Amzn-Trace-Id", "Grpc-Trace-Bin", "X-Envoy-Force-Trace", "End-User", "X-Tenant", "X-Shop-Cart", "X-Shop-Token", "Authorization", "Cookie", "Accept",
	"User-Agent", "X-Forwarded-For", "Connection", "Te", "L5d-Dst", "Uberctx-", "a b", "\u202e", "", "traceparent", "X-ENVOY-RETRY",
}

func randomRequest(rnd *rand.Rand) http.Header {
	h := http.Header{}
	for range rnd.IntN(16) {
		name := explainableNames[rnd.IntN(len(explainableNames))]
		values := []string{callerW3C, callerB3, callerTrace, "", "a=b", "x-tenant, b3", "\x01", strings.Repeat("x", 9000)}
		h[name] = append(h[name], values[rnd.IntN(len(values))])
	}
	return h
}

// TestExplainRequestSaysAll: every received header is explained once. If the Config is changed as the explanation says, the
// header is carried.
func TestExplainRequestSaysAll(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	configs := []propagation.Config{
		{}, {Formats: []propagation.Format{}}, {Formats: propagation.AllFormats(), Headers: []string{"x-tenant", "x-shop-*"}, UnsafeHeaders: []string{"cookie"}},
		{Formats: []propagation.Format{propagation.B3Multi}, ReadOnly: []propagation.Format{propagation.W3C}, GenerateRequestID: false},
	}
	for range 3000 {
		config, h := configs[rnd.IntN(len(configs))], randomRequest(rnd)
		trust := []propagation.Trust{propagation.Continue, propagation.Restart, propagation.Ignore, propagation.DistrustSampling}[rnd.IntN(4)]
		p := compile(t, config)
		x := p.ExplainRequest(requestWith(contextWithTrust(trust), h), "reviews")
		expectCounts(t, p, nil)
		said := map[string]int{}
		for _, e := range slices.Concat(x.Headers, x.NotCarried) {
			if e.Received != "" {
				said[e.Name] = 1
			}
		}
		for name := range h {
			if said[strings.ToLower(name)] == 0 {
				t.Fatalf("the explanation does not have %q: %q\n%v", name, h, x)
			}
		}
		for _, e := range x.NotCarried {
			if slices.ContainsFunc(x.Headers, func(c propagation.ExplainedHeader) bool { return c.Name == e.Name && c.Received != "" }) {
				t.Fatalf("%q is both in Headers and in NotCarried: %q\n%v", e.Name, h, x)
			}
			follow(t, config, h, e, trust)
		}
	}
}

// follow changes a Config as the explanation says, and checks that the header is then captured.
func follow(t *testing.T, c propagation.Config, h http.Header, e propagation.ExplainedHeader, trust propagation.Trust) {
	t.Helper()
	switch e.Fate {
	case propagation.FateUnlistedFormat:
		c.Formats = append(slices.Clone(c.Formats), e.Format)
	case propagation.FateUnlistedHeader:
		c.Headers = append(slices.Clone(c.Headers), e.Name)
	case propagation.FateUnlistedUnsafe:
		c.UnsafeHeaders = append(slices.Clone(c.UnsafeHeaders), e.Name)
	case propagation.FateNeverCarried:
		for _, tried := range []propagation.Config{{Headers: []string{e.Name}}, {UnsafeHeaders: []string{e.Name}}} {
			if _, err := propagation.New(tried); err == nil {
				t.Errorf("ExplainRequest says that %q is never carried, but New accepts %+v", e.Name, tried)
			}
		}
		return
	default:
		return
	}
	c.Limits.HeaderBytes = 1 << 20
	c.Limits.TotalBytes = 1 << 22
	c.Limits.Lines = 1000
	if c.Formats == nil {
		c.Formats = slices.Concat(propagation.MustNew(c).Config().Formats, c.Formats)
	}
	p, err := propagation.New(c)
	if err != nil {
		t.Fatalf("for %q, ExplainRequest says %q, but New refuses the changed Config: %v", e.Name, e.Why, err)
	}
	for _, again := range p.ExplainRequest(requestWith(contextWithTrust(trust), h), "reviews").NotCarried {
		if again.Name == e.Name && again.Fate >= propagation.FateUnlistedFormat {
			t.Errorf("for %q, ExplainRequest says %q, but with the changed Config it is not carried either: %q", e.Name, e.Why, again.Why)
		}
	}
}

// TestExplainRequestIsExplain: before and after the middleware, ExplainRequest says about the carried headers what Explain
// says about them after the middleware.
func TestExplainRequestIsExplain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		h := randomRequest(rnd)
		p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-tenant", "x-shop-*"}})
		for _, trust := range []propagation.Trust{propagation.Continue, propagation.Restart, propagation.DistrustSampling, propagation.Ignore} {
			behind := p.ExtractHTTPTrust(context.Background(), h, trust)
			for _, host := range []string{"reviews", "api.example.com"} {
				want := p.Explain(behind, host)
				for where, ctx := range map[string]context.Context{"before": contextWithTrust(trust), "behind": behind, "promoted": propagation.Promote(behind)} {
					want := want
					if where == "promoted" {
						if trust == propagation.Ignore { // Promote cannot restore ignored headers
							continue
						}
						want = p.Explain(ctx, host)
					}
					x := p.ExplainRequest(requestWith(ctx, h), host)
					x.NotCarried = nil
					if !reflect.DeepEqual(x, want) {
						t.Fatalf("%s, %v: ExplainRequest says\n%vand Explain says\n%vfor the headers %q", where, trust, x, want, h)
					}
				}
			}
		}
	}
}

// TestExplainRequestContext: ExplainRequest uses the changes that the handler has made to the context. It does not use the
// context of another request.
func TestExplainRequestContext(t *testing.T) {
	p := compile(t, propagation.Config{GenerateRequestID: true})
	h := carrier("Traceparent", callerW3C, "Baggage", "user=bob")
	fates := func(r *http.Request) map[string]propagation.Fate {
		all := map[string]propagation.Fate{}
		for _, h := range p.ExplainRequest(r, "reviews").Headers {
			all[h.Name] = h.Fate
		}
		return all
	}
	behind := p.ExtractHTTP(t.Context(), h)
	if got := fates(requestWith(behind, h)); !reflect.DeepEqual(got, map[string]propagation.Fate{
		"traceparent": propagation.FateSent, "baggage": propagation.FateSent, "x-request-id": propagation.FateGenerated,
	}) {
		t.Errorf("after the middleware, the fates are %v, want two sent headers and a generated request id", got)
	}
	mine, _ := baggage.Parse("mine=1")
	if got := fates(requestWith(baggage.ContextWithBaggage(behind, mine), h)); got["baggage"] != propagation.FateChanged {
		t.Errorf("for baggage that the handler has changed, the fates are %v, want baggage changed", got)
	}
	spanned, _ := startSpan(t, behind)
	if got := fates(requestWith(spanned, h)); got["traceparent"] != propagation.FateRewritten {
		t.Errorf("with a local span, the fates are %v, want traceparent rewritten", got)
	}
	ignored := p.ExplainRequest(requestWith(contextWithTrust(propagation.Ignore), h), "reviews")
	if all := ignored.NotCarried; len(all) != 2 || all[0].Fate != propagation.FateUntrusted || all[1].Fate != propagation.FateUntrusted {
		t.Errorf("for an ignored caller, want two untrusted headers that are not carried; ExplainRequest says\n%v", ignored)
	}
	another := requestWith(behind, carrier("X-Request-Id", "r2"))
	if x := p.ExplainRequest(another, "reviews"); x.Winner != 0 || len(x.Headers) != 1 || x.Headers[0].Received != `"r2"` {
		t.Errorf("with the context of another request, want only x-request-id r2; ExplainRequest says\n%v", x)
	}
}

// TestExplainRequestChangesNothing: ExplainRequest counts nothing, and calls neither the observer nor the propagators of
// Config.Also.
func TestExplainRequestChangesNothing(t *testing.T) {
	wrong := func(context.Context, propagation.Format, propagation.Outcome) {
		t.Error("the observer got an outcome, want no call")
	}
	p := compile(t, propagation.Config{
		Also: []otelprop.TextMapPropagator{refusing{t}},
		Observer: &propagation.Observer{
			Outcome: wrong, Extracted: func(context.Context, []propagation.Format) { t.Error("the observer got an Extract, want no call") },
		},
	})
	h := carrier("Traceparent", "x", "B3", callerB3, "X-B3-Traceid", callerTrace, "Baggage", strings.Repeat("x", 9000), "Connection", "x-request-id", "X-Request-Id", "1")
	before := h.Clone()
	for _, trust := range []propagation.Trust{propagation.Continue, propagation.Restart} {
		if x := p.ExplainRequest(requestWith(contextWithTrust(trust), h), "reviews"); len(x.Headers) == 0 || len(x.NotCarried) != 3 {
			t.Errorf("want some carried headers and three that are not carried; ExplainRequest says\n%v", x)
		}
	}
	expectCounts(t, p, nil)
	expect(t, h, before)
}

// refusing is a propagator that must not be called.
type refusing struct{ t *testing.T }

func (r refusing) Extract(ctx context.Context, _ otelprop.TextMapCarrier) context.Context {
	r.t.Error("ExplainRequest called a propagator of Config.Also, want no call")
	return ctx
}
func (r refusing) Inject(context.Context, otelprop.TextMapCarrier) {
	r.t.Error("ExplainRequest called a propagator of Config.Also, want no call")
}
func (refusing) Fields() []string { return nil }

// TestExplainRequestOfNothing: the nil and the zero Propagator carry nothing. Their explanations say so.
func TestExplainRequestOfNothing(t *testing.T) {
	for name, p := range map[string]*propagation.Propagator{"nil": nil, "zero": {}} {
		for _, r := range []*http.Request{nil, {}, {Header: carrier("B3", callerB3, "Accept", "x")}} {
			x := p.ExplainRequest(r, "")
			if len(x.Headers) > 0 || r != nil && len(x.NotCarried) != len(r.Header) || !strings.Contains(x.String(), "to an unknown host") {
				t.Errorf("%s: want no carried header and an unknown host; ExplainRequest says\n%v", name, x)
			}
		}
	}
}

// TestExplanationIsBounded: a hostile request does not make a long text.
func TestExplanationIsBounded(t *testing.T) {
	h := http.Header{strings.Repeat("n", 1<<20): {"x"}, "Sw8": {strings.Repeat("\u202e", 1<<20)}, "X-Request-Id": {strings.Repeat("\x00", 8000)}}
	for i := range 50_000 {
		h["X-"+strconv.Itoa(i)] = []string{"x"}
	}
	text := compile(t, propagation.Config{}).ExplainRequest(requestWith(t.Context(), h), "\u202e\n"+strings.Repeat("h", 1<<20)).String()
	if len(text) > 256<<10 || !strings.Contains(text, "  and 49902 more\n") {
		t.Errorf("the text has %d bytes, want at most %d and a line that counts the rest: %.3000s", len(text), 256<<10, text)
	}
	for i := range len(text) {
		if c := text[i]; c != '\n' && (c < ' ' || c > '~') {
			t.Fatalf("the text has the byte %#x, want printable ASCII", c)
		}
	}
}

// TestExplainVerdicts: how Explain compares the received formats.
func TestExplainVerdicts(t *testing.T) {
	otherTrace, otherSpan := strings.Repeat("1", 32), strings.Repeat("2", 16)
	for name, row := range map[string]struct {
		h    http.Header
		want map[propagation.Format]propagation.Verdict
	}{
		"the same":      {carrier("Traceparent", callerW3C, "B3", callerB3), map[propagation.Format]propagation.Verdict{propagation.W3C: propagation.VerdictUsed, propagation.B3Single: propagation.VerdictSame}},
		"another span":  {carrier("Traceparent", callerW3C, "B3", callerTrace+"-"+otherSpan+"-1"), map[propagation.Format]propagation.Verdict{propagation.W3C: propagation.VerdictUsed, propagation.B3Single: propagation.VerdictOtherSpan}},
		"another trace": {carrier("Traceparent", callerW3C, "B3", otherTrace+"-"+otherSpan+"-1"), map[propagation.Format]propagation.Verdict{propagation.W3C: propagation.VerdictUsed, propagation.B3Single: propagation.VerdictOtherTrace}},
		"stale": {carrier("Traceparent", callerW3C, "B3", callerTrace+"-"+otherSpan+"-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan),
			map[propagation.Format]propagation.Verdict{propagation.W3C: propagation.VerdictUsed, propagation.B3Single: propagation.VerdictStale, propagation.B3Multi: propagation.VerdictSame}},
		"malformed":  {carrier("Traceparent", "x", "B3", callerB3), map[propagation.Format]propagation.Verdict{propagation.W3C: propagation.VerdictMalformed, propagation.B3Single: propagation.VerdictUsed}},
		"a decision": {carrier("Traceparent", callerW3C, "B3", "0"), map[propagation.Format]propagation.Verdict{propagation.W3C: propagation.VerdictUsed, propagation.B3Single: propagation.VerdictNoIDs}},
		"no span": {carrier("Traceparent", callerW3C, "X-Amzn-Trace-Id", "Root=1-463ac35c-9f6413ad48485a3953bb6124"),
			map[propagation.Format]propagation.Verdict{propagation.W3C: propagation.VerdictUsed, propagation.XRay: propagation.VerdictNoSpan}},
		"nothing": {carrier("B3", callerB3, "Tracestate", "a=1"), map[propagation.Format]propagation.Verdict{propagation.B3Single: propagation.VerdictUsed, propagation.W3C: propagation.VerdictEmpty}},
	} {
		t.Run(name, func(t *testing.T) {
			x := compile(t, propagation.Config{Formats: propagation.AllFormats()}).ExplainRequest(requestWith(t.Context(), row.h), "reviews")
			got := map[propagation.Format]propagation.Verdict{}
			for _, f := range x.Received {
				got[f.Format] = f.Verdict
				disagrees := f.SpanContext.IsValid() && (f.SpanContext.SpanID != x.Remote.SpanID || f.SpanContext.TraceID != x.Remote.TraceID)
				if f.Verdict.Disagrees() != disagrees {
					t.Errorf("%v: the verdict %v has Disagrees %v, want %v, with %+v", f.Format, f.Verdict, f.Verdict.Disagrees(), disagrees, f.SpanContext)
				}
			}
			if !reflect.DeepEqual(got, row.want) {
				t.Errorf("the verdicts are %v, want %v\n%v", got, row.want, x)
			}
		})
	}
}
