package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// TestManyValuesInOneLine: over gRPC, one line of base64 can become several values. The limit applies to these values.
func TestManyValuesInOneLine(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	in := http.Header{"Grpc-Trace-Bin": {strings.Repeat("AA,", 1000)}, "B3": {"1"}}
	md := map[string][]string{}
	p.InjectMetadata(p.ExtractHTTP(context.Background(), in), md)
	if len(md) != 1 || p.Stats().Count(propagation.GRPCTraceBin, propagation.TooLarge) != 1 {
		t.Errorf("%d values of grpc-trace-bin are sent, want 0; counted %v", len(md["grpc-trace-bin"]), p.Stats())
	}
	bin := propagation.MustNew(propagation.Config{Headers: []string{"x-user-bin"}})
	md = map[string][]string{}
	bin.InjectMetadata(bin.ExtractHTTP(context.Background(), http.Header{"X-User-Bin": {strings.Repeat("QUFB", 900)}}), md)
	if got := strings.Join(md["x-user-bin"], ""); got != strings.Repeat("AAA", 900) {
		t.Errorf("3600 digits of base64 are sent as %d bytes, want 2700", len(got))
	}
}

// TestBytesOrText: a text carrier cannot say whether a -bin name holds bytes or base64, so its value is left out. A later
// Extract of metadata reads the name.
func TestBytesOrText(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Headers: []string{"x-user-bin"}})
	ctx := p.Extract(context.Background(), otelprop.MapCarrier{"x-user-bin": "data", "b3": "1"})
	if p.Stats().Count(0, propagation.Unsendable) != 1 {
		t.Errorf("counted %v, want one unsendable header", p.Stats())
	}
	ctx = p.ExtractMetadata(ctx, map[string][]string{"x-user-bin": {"data"}, "b3": {"1"}})
	md := map[string][]string{}
	if p.InjectMetadata(ctx, md); strings.Join(md["x-user-bin"], "|") != "data" {
		t.Errorf("sent %q, want x-user-bin from the metadata", md)
	}
}

// TestLaterExtractFirst: the later of two Extracts gives the remote span context, whatever the order of Config.Formats.
func TestLaterExtractFirst(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"}})
	ctx = p.Extract(ctx, otelprop.MapCarrier{"b3": "0102030405060708090a0b0c0d0e0f10-1112131415161718-1"})
	if sc, _ := propagation.RemoteFromContext(ctx); sc.SpanID != spanID("1112131415161718") {
		t.Errorf("the remote span is %+v, want the span of the second Extract", sc)
	}
}

// TestLocalSpanIsNotTrusted: an invalid result of Config.LocalSpan does not make a request invalid.
func TestLocalSpanIsNotTrusted(t *testing.T) {
	p := propagation.MustNew(propagation.Config{
		Formats: propagation.AllFormats(), Emit: traceFormats(),
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) {
			return propagation.SpanContext{TraceID: traceID("0102030405060708090a0b0c0d0e0f10"), SpanID: spanID("1112131415161718"),
				Sampling: 9, TraceState: "dd=o:a\r\nX-Evil: 1"}, true
		},
	})
	out := http.Header{}
	p.InjectHTTP(context.Background(), out)
	checkSendable(t, out, nil, nil)
	if out.Get("Tracestate") != "" || out.Get("X-Datadog-Origin") != "" {
		t.Errorf("sent %q, want neither tracestate nor x-datadog-origin", out)
	}
}

// TestValidWithoutSpan: a header that is valid and names no span is not counted as malformed.
func TestValidWithoutSpan(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
	propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), http.Header{
		"X-Amzn-Trace-Id": {"Root=1-67891233-abcdef012345678912345678"}, "X-Cloud-Trace-Context": {"105445aa7843bc8bf206b12000100000"},
	}))
	if n := p.Stats().Total(propagation.Malformed); n != 0 {
		t.Errorf("counted %d times as malformed, want 0", n)
	}
}

// TestLocalSpanIsCalledOnce: an Inject calls Config.LocalSpan once. Two calls could return different spans, and then one
// request would have both.
func TestLocalSpanIsCalledOnce(t *testing.T) {
	asked := 0
	p := propagation.MustNew(propagation.Config{LocalSpan: func(context.Context) (propagation.SpanContext, bool) {
		asked++
		return propagation.SpanContext{}, false
	}})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"B3": {"1"}})
	engine(p).ContextWithMetadata(ctx, nil, "key", func(md map[string][]string) any { return md })
	if asked != 1 {
		t.Errorf("Config.LocalSpan was called %d times, want once", asked)
	}
}

// TestTaggedBin: a name under a prefix may end in -bin. It is carried only from HTTP to HTTP.
func TestTaggedBin(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.Jaeger}})
	overHTTP := p.ExtractHTTP(context.Background(), http.Header{"Uberctx-A-Bin": {"aGVsbG8"}})
	overGRPC := p.ExtractMetadata(context.Background(), map[string][]string{"uberctx-a-bin": {"bytes"}})
	for _, tt := range []struct {
		ctx  context.Context
		http int
	}{{overHTTP, 1}, {overGRPC, 0}} {
		h, md := http.Header{}, map[string][]string{}
		p.InjectHTTP(tt.ctx, h)
		p.InjectMetadata(tt.ctx, md)
		if len(h) != tt.http || len(md) != 0 {
			t.Errorf("sent %q over HTTP and %q over gRPC, want %d headers and none", h, md, tt.http)
		}
	}
	if n := p.Stats().Count(propagation.Jaeger, propagation.Unsendable); n != 3 {
		t.Errorf("counted %d times as unsendable, want 3", n)
	}
}

// TestWhiteSpaceIsBytes: in the value of a -bin name of metadata, white space is data and is kept.
func TestWhiteSpaceIsBytes(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Headers: []string{"user-bin"}, GenerateRequestID: false})
	many := propagation.MustNew(propagation.Config{Headers: []string{"user-bin"}, Formats: propagation.AllFormats()})
	for _, p := range []*propagation.Propagator{p, many} {
		in := map[string][]string{"user-bin": {" ", "", "\x00", "\t"}, "b3": {" "}, "uberctx-a": {"1"}}
		md := map[string][]string{}
		p.InjectMetadata(p.ExtractMetadata(context.Background(), in), md)
		if strings.Join(md["user-bin"], "|") != " |\x00|\t" || md["b3"] != nil {
			t.Errorf("sent %q, want the white space of user-bin and no b3", md)
		}
	}
}
