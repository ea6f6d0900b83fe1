package propagation

import (
	"context"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/trace"
)

func zmesh() http.Header {
	h := http.Header{}
	for k, v := range map[string]string{"User-Agent": "curl/8.0", "Accept": "*/*", "Accept-Encoding": "gzip", "Content-Type": "application/json", "Content-Length": "12",
		"Authorization": "Bearer abcdefghijklmnop", "Cookie": "session=abc", "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https", "X-Envoy-Attempt-Count": "1",
		"X-Forwarded-Client-Cert": "By=spiffe://cluster.local/ns/default/sa/x;Hash=abc", "X-Request-Id": "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d",
		"X-B3-Traceid": "463ac35c9f6413ad48485a3953bb6124", "X-B3-Spanid": "a2fb4a1d1a96d312", "X-B3-Parentspanid": "0020000000000001", "X-B3-Sampled": "1",
		"Traceparent": "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"} {
		h.Set(k, v)
	}
	return h
}

var zsink context.Context

func zistio() Config {
	return Config{Formats: []Format{W3C, B3Multi, RequestID, OTSpanContext, CloudTrace, GRPCTraceBin, Datadog, SkyWalking}}
}

func BenchmarkZExtract(b *testing.B) {
	h := zmesh()
	for n, c := range map[string]Config{"zero": {}, "istio": zistio(), "all": {Formats: AllFormats()}} {
		p := MustNew(c)
		b.Run(n, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				zsink = p.ExtractHTTP(context.Background(), h)
			}
		})
	}
}

func BenchmarkZInject(b *testing.B) {
	h := zmesh()
	for n, c := range map[string]Config{"istio": zistio(), "zero": {}} {
		p := MustNew(c)
		b.Run(n, func(b *testing.B) {
			b.ReportAllocs()
			ctx := p.ExtractHTTP(context.Background(), h)
			o := http.Header{"User-Agent": {"x"}, "Accept": {"x"}, "Content-Type": {"x"}}
			for b.Loop() {
				p.InjectHTTP(ctx, o)
			}
		})
		b.Run(n+"/fresh", func(b *testing.B) {
			b.ReportAllocs()
			ctx := p.ExtractHTTP(context.Background(), h)
			for b.Loop() {
				o := make(http.Header, 9)
				o["Accept"] = nil
				p.InjectHTTP(ctx, o)
			}
		})
	}
}

func BenchmarkZLocal(b *testing.B) {
	local := SpanContext{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Sampling: Accepted}
	p := MustNew(Config{Emit: []Format{W3C, B3Multi, B3Single, Jaeger, XRay, CloudTrace, OTTrace}, LocalSpan: func(context.Context) (SpanContext, bool) { return local, true }})
	b.ReportAllocs()
	ctx := p.ExtractHTTP(context.Background(), zmesh())
	o := http.Header{"User-Agent": {"x"}, "Accept": {"x"}, "Content-Type": {"x"}}
	for b.Loop() {
		p.InjectHTTP(ctx, o)
	}
}

func BenchmarkZClone(b *testing.B) {
	p := MustNew(zistio())
	b.ReportAllocs()
	ctx := p.ExtractHTTP(context.Background(), zmesh())
	o := http.Header{"Accept": {"x"}}
	for b.Loop() {
		p.CloneHTTP(ctx, o)
	}
}
