package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// TestExtractMetadataAnyCase: gRPC has names in lower case, but ExtractMetadata reads other spellings, too. It keeps the
// lines of all spellings of a name.
func TestExtractMetadataAnyCase(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"X-Tenant"}})
	want := metadataOf("traceparent", callerW3C, "x-b3-traceid", "t", "uberctx-k", "1", "x-tenant", "acme", "grpc-trace-bin", callerBinRaw)
	for _, spell := range []func(string) string{strings.ToLower, strings.ToUpper, http.CanonicalHeaderKey} {
		in := map[string][]string{}
		for name, vals := range want {
			in[spell(name)] = vals
		}
		ctx := p.ExtractMetadata(context.Background(), in)
		expect(t, sentMetadata(p, ctx), want)
		if sc, ok := propagation.RemoteFromContext(ctx); !ok || sc.SpanID.String() != callerSpan {
			t.Errorf("%q: the remote span is %v, %v, want %s", in, sc, ok, callerSpan)
		}
	}
	for _, name := range []string{"tracestate", "x-tenant", "uberctx-k"} {
		t.Run("several spellings of "+name, func(t *testing.T) {
			lines := map[string][]string{name: {"a=1"}, strings.ToUpper(name): {"c=3"}, strings.ToUpper(name[:1]) + name[1:]: {"d=4", "e=5"}}
			lines["traceparent"] = []string{callerW3C}
			for range 20 { // a map has no order
				got := sentMetadata(p, p.ExtractMetadata(context.Background(), lines))
				expect(t, got, metadataOf("traceparent", callerW3C, name, "a=1", name, "c=3", name, "d=4", name, "e=5"))
				if t.Failed() {
					return
				}
			}
		})
	}
}

// TestInjectMetadataReplaces: after InjectMetadata, the metadata has a name only once, whatever the spelling before.
func TestInjectMetadataReplaces(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"X-Tenant"}})
	ctx := received(p, "Traceparent", callerW3C, "X-Request-Id", "r1", "Uberctx-K", "1", "X-Tenant", "acme")
	for _, name := range []string{"traceparent", "x-request-id", "uberctx-k", "x-tenant", "b3", "tracestate"} {
		for _, spelled := range []string{name, strings.ToUpper(name), strings.ToUpper(name[:1]) + name[1:]} {
			t.Run(spelled, func(t *testing.T) {
				md := metadataOf(spelled, "stale", "other", "stays")
				for range 2 {
					p.InjectMetadata(ctx, md)
					expect(t, md, metadataOf("traceparent", callerW3C, "x-request-id", "r1", "uberctx-k", "1", "x-tenant", "acme", "other", "stays"))
				}
			})
		}
	}
	md := metadataOf("traceparent", "mine", "Baggage", "mine")
	p.InjectMetadata(context.Background(), md)
	expect(t, md, metadataOf("traceparent", "mine", "Baggage", "mine"))
}

// TestInjectMetadataOwnBaggage: InjectMetadata replaces baggage of the metadata, in any spelling, if the context has baggage
// to send. Otherwise the baggage of the metadata stays.
func TestInjectMetadataOwnBaggage(t *testing.T) {
	p := compile(t, propagation.Config{})
	came := received(p, "Baggage", "k=v", "B3", "1")
	for _, spelled := range []string{"baggage", "Baggage", "BAGGAGE", "bAggage"} {
		for name, row := range map[string]struct {
			ctx  context.Context
			want map[string][]string
		}{
			"received":        {came, metadataOf("b3", "1", "baggage", "k=v")},
			"changed":         {setMember(t, came, "l", "w"), metadataOf("b3", "1", "baggage", "k=v,l=w")},
			"the application": {setMember(t, context.Background(), "l", "w"), metadataOf("baggage", "l=w")},
			"none received":   {received(p, "B3", "1"), metadataOf("b3", "1", spelled, "mine=1")},
			"removed":         {baggage.ContextWithoutBaggage(came), metadataOf("b3", "1", spelled, "mine=1")},
			"disallowed":      {plan.ContextWithCallee(came, calling("evil.example")), metadataOf("b3", "1", spelled, "mine=1")},
		} {
			md := metadataOf(spelled, "mine=1")
			p.InjectMetadata(row.ctx, md)
			headerdiff.Check(t, row.want, md, "%s: over %s", name, spelled)
		}
	}
}

// TestInjectMetadataLegal: values that grpc-go would refuse or drop are left out and counted.
func TestInjectMetadataLegal(t *testing.T) {
	p := compile(t, propagation.Config{
		Formats: propagation.AllFormats(),
		Headers: []string{"user-agent", "x-tenant", "x!mark", "x-fine_name.2"},
	})
	ctx := received(p,
		"X-Request-Id", "tab\tbed", "Uberctx-A", "ünïcode", "Uberctx-B", "fine", "Uberctx-C!", "key",
		"Baggage", "k=v", "Baggage", "l=\x80", "Sw8", "del\x7f",
		"User-Agent", "curl", "X!mark", "1", "X-Fine_name.2", "2", "X-Tenant", "\x01")
	expect(t, sentMetadata(p, ctx), metadataOf("uberctx-b", "fine", "baggage", "k=v", "x-fine_name.2", "2"))
	expectCounts(t, p, map[string]uint64{
		"requestid unsendable": 1, "jaeger unsendable": 2, "baggage unsendable": 1, "sw8 unsendable": 1, "headers unsendable": 3,
	})
}

// TestInjectMetadataReserved: a name that grpc-go keeps for itself, or does not allow, is left out and counted, also if there
// are few other headers.
func TestInjectMetadataReserved(t *testing.T) {
	for _, name := range []string{"user-agent", "x!mark"} {
		p := compile(t, propagation.Config{Headers: []string{name}})
		expect(t, sentMetadata(p, received(p, name, "curl", "B3", "0")), metadataOf("b3", "0"))
		expectCounts(t, p, map[string]uint64{"headers unsendable": 1})
	}
}

// TestMetadataHTTPLegal: HTTP accepts more characters than gRPC. Values with control characters other than tabs are left out.
func TestMetadataHTTPLegal(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	ctx := p.ExtractMetadata(context.Background(), metadataOf("x-request-id", "tab\tbed", "uberctx-a", "ünïcode", "sw8", "a\r\nb: c", "baggage", "k=v", "baggage", "\x00"))
	expect(t, sent(p, ctx), carrier("X-Request-Id", "tab\tbed", "Uberctx-A", "ünïcode", "Baggage", "k=v"))
	expectCounts(t, p, map[string]uint64{"sw8 unsendable": 1, "baggage unsendable": 1})
}

// TestMetadataBinary: values of -bin names are base64 in HTTP and raw bytes in metadata.
func TestMetadataBinary(t *testing.T) {
	for _, test := range []struct{ http, metadata, back []string }{
		{[]string{"Grpc-Trace-Bin", callerBin}, []string{"grpc-trace-bin", callerBinRaw}, []string{"Grpc-Trace-Bin", callerBin}},
		{[]string{"Grpc-Trace-Bin", callerBinPadded}, []string{"grpc-trace-bin", callerBinRaw}, []string{"Grpc-Trace-Bin", callerBin}},
		{[]string{"X-Data-Bin", "/+8"}, []string{"x-data-bin", "\xff\xef"}, []string{"X-Data-Bin", "/+8"}},
		{[]string{"X-Data-Bin", "AAE=, AAI,AAM="}, []string{"x-data-bin", "\x00\x01", "x-data-bin", "\x00\x02", "x-data-bin", "\x00\x03"}, []string{"X-Data-Bin", "AAE", "X-Data-Bin", "AAI", "X-Data-Bin", "AAM"}},
	} {
		p := compile(t, propagation.Config{Headers: []string{"x-data-bin"}})
		ctx := received(p, test.http...)
		expect(t, sent(p, ctx), carrier(test.http...))
		expect(t, sentMetadata(p, ctx), metadataOf(test.metadata...))
		ctx = p.ExtractMetadata(context.Background(), metadataOf(test.metadata...))
		expect(t, sentMetadata(p, ctx), metadataOf(test.metadata...))
		expect(t, sent(p, ctx), carrier(test.back...))
		expectCounts(t, p, nil)
	}

	p := compile(t, propagation.Config{Headers: []string{"x-data-bin"}})
	ctx := received(p, "X-Data-Bin", "no base64!", "X-Data-Bin", "AAE", "Grpc-Trace-Bin", "!")
	expect(t, sentMetadata(p, ctx), metadataOf("x-data-bin", "\x00\x01"))
	expectCounts(t, p, map[string]uint64{"headers unsendable": 1, "grpctracebin unsendable": 1})
}

// TestInjectMetadataLowers: InjectMetadata writes names under a prefix in lower case.
func TestInjectMetadataLowers(t *testing.T) {
	p := compile(t, propagation.Config{Formats: propagation.AllFormats()})
	ctx := received(p, "Uberctx-UserID", "1", "OT-Baggage-Key", "2", "L5d-Ctx-Trace", "3")
	expect(t, sentMetadata(p, ctx), metadataOf("uberctx-userid", "1", "ot-baggage-key", "2", "l5d-ctx-trace", "3"))
}
