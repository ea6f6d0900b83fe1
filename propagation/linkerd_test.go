package propagation_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"regexp"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// bin returns the raw bytes of a grpc-trace-bin with the caller's trace id and a span id.
func bin(span string) string {
	trace, id := traceID(callerTrace), spanID(span)
	return "\x00\x00" + string(trace[:]) + "\x01" + string(id[:]) + "\x02\x01"
}

func padded(raw string) string   { return base64.StdEncoding.EncodeToString([]byte(raw)) }
func unpadded(raw string) string { return base64.RawStdEncoding.EncodeToString([]byte(raw)) }

// TestLinkerdAdvancesOneFormat: Linkerd writes its span to grpc-trace-bin if it can read it, which needs padding. Otherwise it
// writes its span to x-b3-*. The format with Linkerd's span gives the remote span context.
func TestLinkerdAdvancesOneFormat(t *testing.T) {
	const old, next = "1111111111111111", callerSpan
	noOptions := func(span string) string { return bin(span)[:27] } // 36 characters with padding and without
	for name, row := range map[string]struct{ bin, b3 string }{
		"padded":                  {padded(bin(next)), old},
		"padded, white space":     {" " + padded(bin(next)) + " ", old},
		"padded, 27 bytes":        {padded(noOptions(next)), old},
		"padded, 30 bytes":        {padded(bin(next) + "\x03"), old},
		"unpadded":                {unpadded(bin(old)), next},
		"unpadded, 31 bytes":      {unpadded(bin(old) + "\x03\x03"), next},
		"joined":                  {padded(bin(old)) + "," + padded(bin(old)), next},
		"joined, with a space":    {unpadded(bin(old)) + ", " + padded(bin(old)), next},
		"unpadded, no difference": {unpadded(bin(next)), next},
	} {
		for order, c := range map[string]propagation.Config{
			"the preset": preset.Linkerd(),
			"two alone":  {Formats: []propagation.Format{propagation.GRPCTraceBin, propagation.B3Multi}},
		} {
			p := compile(t, c)
			in := carrier(append(multi(callerTrace, row.b3), "Grpc-Trace-Bin", row.bin)...)
			ctx := p.ExtractHTTP(context.Background(), in)
			if got, _ := propagation.RemoteFromContext(ctx); got.SpanID != spanID(next) {
				t.Errorf("%s, %s: the remote span is %v, want %s", name, order, got.SpanID, next)
			}
			expect(t, sent(p, ctx), in)
		}
	}
}

// TestLinkerdLaterVersion: Linkerd reads only version 00 of traceparent. For another version it reads the next format.
func TestLinkerdLaterVersion(t *testing.T) {
	const old, next = "1111111111111111", callerSpan
	traceparent := func(version, span string) []string {
		return []string{"Traceparent", version + "-" + callerTrace + "-" + span + "-01"}
	}
	for name, in := range map[string][]string{
		"version 00":                          append(traceparent("00", next), multi(callerTrace, old)...),
		"version 01":                          append(traceparent("01", old), multi(callerTrace, next)...),
		"version 01, padded grpc-trace-bin":   append(traceparent("01", old), append(multi(callerTrace, old), "Grpc-Trace-Bin", padded(bin(next)))...),
		"version 01, unpadded grpc-trace-bin": append(traceparent("01", old), append(multi(callerTrace, next), "Grpc-Trace-Bin", unpadded(bin(old)))...),
		"version 01, alone":                   traceparent("01", next),
		"version 01, beside another trace":    append(traceparent("01", next), multi(otherTrace, old)...),
		"version 01, beside malformed x-b3-*": append(traceparent("01", next), multi(callerTrace, "x")...),
		"version 01, beside only a decision":  append(traceparent("01", next), "X-B3-Sampled", "1"),
	} {
		ctx := received(compile(t, preset.Linkerd()), in...)
		if got, _ := propagation.RemoteFromContext(ctx); got.SpanID != spanID(next) || got.TraceID != traceID(callerTrace) {
			t.Errorf("%s: the remote span is %v, want %s", name, got, next)
		}
	}
}

// TestLinkerdOverGRPC: metadata has the decoded grpc-trace-bin, so the padding is not known. The libraries of gRPC write no
// padding, so x-b3-* has precedence.
func TestLinkerdOverGRPC(t *testing.T) {
	p := compile(t, preset.Linkerd())
	md := lowered(carrier(multi(callerTrace, callerSpan)...))
	md["grpc-trace-bin"] = []string{bin("1111111111111111")}
	if got, _ := propagation.RemoteFromContext(p.ExtractMetadata(context.Background(), md)); got.SpanID != spanID(callerSpan) {
		t.Errorf("the remote span is %v, want the span of x-b3-*", got.SpanID)
	}
}

// TestLinkerdAnotherTrace: if the two formats name different traces, the order of Config.Formats decides.
func TestLinkerdAnotherTrace(t *testing.T) {
	p := compile(t, preset.Linkerd())
	ctx := received(p, append(multi(otherTrace, "1111111111111111"), "Grpc-Trace-Bin", unpadded(bin(callerSpan)))...)
	if got, _ := propagation.RemoteFromContext(ctx); got.TraceID != traceID(callerTrace) {
		t.Errorf("the remote trace id is %v, want %s", got.TraceID, callerTrace)
	}
}

// TestSampledStaysBesideFlags: Inject keeps x-b3-sampled next to x-b3-flags, because Linkerd and Envoy do not read x-b3-flags.
func TestSampledStaysBesideFlags(t *testing.T) {
	p := compile(t, preset.Linkerd())
	for name, in := range map[string]http.Header{
		"1":    carrier(append(multi(callerTrace, callerSpan), "X-B3-Flags", "1")...),
		"none": carrier("X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Flags", "1"),
	} {
		ctx, _ := tracer(t, sdktrace.AlwaysSample()).Start(p.ExtractHTTP(context.Background(), in), "child")
		out := sent(p, ctx)
		if out.Get("X-B3-Flags") != "1" || out.Get("X-B3-Sampled") != in.Get("X-B3-Sampled") {
			t.Errorf("%s: sent %q, want x-b3-flags and the received x-b3-sampled", name, out)
		}
	}
}

// TestTraceBinPadding: over HTTP, Inject writes grpc-trace-bin with padding, which Linkerd needs. If the received value had no
// padding, Inject writes none.
func TestTraceBinPadding(t *testing.T) {
	c := preset.Linkerd()
	c.Emit = []propagation.Format{propagation.GRPCTraceBin}
	p := compile(t, c)
	raw := p.ExtractMetadata(context.Background(), map[string][]string{"grpc-trace-bin": {bin(callerSpan)}})
	for name, row := range map[string]struct {
		ctx  context.Context
		size int
	}{
		"nothing received":   {context.Background(), 40},
		"traceparent":        {received(p, "Traceparent", callerW3C), 40},
		"raw":                {raw, 40},
		"padded, 29 bytes":   {received(p, "Grpc-Trace-Bin", padded(bin(callerSpan))), 40},
		"padded, 27 bytes":   {received(p, "Grpc-Trace-Bin", padded(bin(callerSpan)[:27])), 40},
		"padded, 30 bytes":   {received(p, "Grpc-Trace-Bin", padded(bin(callerSpan)+"\x03")), 40},
		"padded, joined":     {received(p, "Grpc-Trace-Bin", padded(bin(callerSpan))+", "+padded(bin(callerSpan))), 40},
		"unpadded, 29 bytes": {received(p, "Grpc-Trace-Bin", unpadded(bin(callerSpan))), 39},
		"unpadded, joined":   {received(p, "Grpc-Trace-Bin", unpadded(bin(callerSpan))+","+padded(bin(callerSpan))), 39},
	} {
		ctx, span := tracer(t, sdktrace.AlwaysSample()).Start(row.ctx, "child")
		got := sent(p, ctx).Get("Grpc-Trace-Bin")
		read, _ := propagation.RemoteFromContext(received(p, "Grpc-Trace-Bin", got))
		if len(got) != row.size || read.SpanID != span.SpanContext().SpanID() {
			t.Errorf("%s: wrote %q, want %d characters with the local span", name, got, row.size)
		}
	}
	if got := sent(p, received(p, "Traceparent", callerW3C)).Get("Grpc-Trace-Bin"); got != padded(bin(callerSpan)) {
		t.Errorf("traceparent is translated to %q, want %q", got, padded(bin(callerSpan)))
	}
}

// TestTraceparentHasFlags: a traceparent with empty flags makes Linkerd's proxy panic. So Inject always writes the flags, for any
// received headers.
func TestTraceparentHasFlags(t *testing.T) {
	whole := regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$`)
	all := propagation.AllFormats()
	for _, c := range []propagation.Config{
		{Formats: all}, {Formats: all, Emit: []propagation.Format{propagation.W3C}}, {Formats: all, Deferred: propagation.Accepted},
	} {
		p := compile(t, c)
		inputs := [][]string{
			{"Traceparent", "00-" + callerTrace + "-" + callerSpan + "-"}, {"Traceparent", "cc-" + callerTrace + "-" + callerSpan + "-01-"},
			{"Traceparent", callerW3C}, {"Traceparent", callerW3C[:53] + "ff"},
		}
		for _, v := range readVectors(t) {
			for name, lines := range v.header() {
				inputs = append(inputs, []string{name, lines[0]})
			}
		}
		for _, in := range inputs {
			for _, trust := range []propagation.Trust{propagation.Continue, propagation.DistrustSampling} {
				outer := p.ExtractHTTPTrust(context.Background(), carrier(in...), trust)
				ctx, _ := tracer(t, sdktrace.AlwaysSample()).Start(outer, "child")
				for _, ctx := range []context.Context{ctx, outer} {
					got := sent(p, ctx).Values("Traceparent")
					if len(got) > 0 && got[0] != carrier(in...).Get("Traceparent") && (len(got) > 1 || !whole.MatchString(got[0])) {
						t.Errorf("received %q, wrote %q, want one complete traceparent", in, got)
					}
				}
			}
		}
	}
}

// TestLinkerdInherited: a grpc-trace-bin of an inner Extract has precedence over x-b3-* of the outer Extract.
func TestLinkerdInherited(t *testing.T) {
	outer := compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Multi}})
	inner := compile(t, propagation.Config{Formats: []propagation.Format{propagation.GRPCTraceBin}})
	ctx := inner.ExtractHTTP(received(outer, multi(callerTrace, "1111111111111111")...), carrier("Grpc-Trace-Bin", unpadded(bin(callerSpan))))
	if got, _ := propagation.RemoteFromContext(ctx); got.SpanID != spanID(callerSpan) {
		t.Errorf("the remote span is %v, want the span of the inner grpc-trace-bin", got.SpanID)
	}
}
