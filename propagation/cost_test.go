package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"go.opentelemetry.io/otel/trace"
)

// istio returns the headers that an Istio sidecar with a B3 tracer sends to its application.
func istio() http.Header {
	h := http.Header{}
	for name, value := range map[string]string{
		"User-Agent": "curl/8.0", "Accept": "*/*", "Accept-Encoding": "gzip", "Content-Type": "application/json", "Content-Length": "12",
		"Authorization": "Bearer abcdefghijklmnop", "Cookie": "session=abc", "X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https",
		"X-Envoy-Attempt-Count": "1", "X-Forwarded-Client-Cert": "By=spiffe://cluster.local/ns/default/sa/x;Hash=abc",
		"X-Request-Id": "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d",
		"X-B3-Traceid": "463ac35c9f6413ad48485a3953bb6124", "X-B3-Spanid": "a2fb4a1d1a96d312",
		"X-B3-Parentspanid": "0020000000000001", "X-B3-Sampled": "1",
		"Traceparent": "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01",
	} {
		h.Set(name, value)
	}
	return h
}

var sink any

// TestPromise10_Cost checks the exact number of allocations of each operation, also if the number is not zero.
func TestPromise10_Cost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	bg, in := context.Background(), istio()
	bare := http.Header{"User-Agent": {"x"}, "Accept": {"x"}, "Accept-Encoding": {"x"}, "Content-Type": {"x"}}
	md := map[string][]string{}
	for name, lines := range in {
		md[strings.ToLower(name)] = lines
	}
	own := func() http.Header { return http.Header{"User-Agent": {"x"}, "Accept": {"x"}, "Content-Type": {"x"}} }
	local := propagation.SpanContext{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Sampling: propagation.Accepted}
	zero, all, sidecar := propagation.MustNew(propagation.Config{}), propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()}), propagation.MustNew(preset.Istio())
	seven := propagation.MustNew(propagation.Config{
		Emit: []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.B3Single, propagation.Jaeger,
			propagation.XRay, propagation.CloudTrace, propagation.OTTrace},
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return local, true },
	})
	generating := propagation.MustNew(propagation.Config{GenerateRequestID: true})

	observed := preset.Istio()
	observed.Observer = &propagation.Observer{}
	deaf := propagation.MustNew(observed)

	captured := sidecar.ExtractHTTP(bg, in)
	derived, cancel := context.WithCancel(captured)
	defer cancel()
	sevenCaptured := seven.ExtractHTTP(bg, in)
	reused, reusedLocal := own(), own()
	sidecar.InjectHTTP(captured, reused)
	seven.InjectHTTP(sevenCaptured, reusedLocal)

	for _, row := range []struct {
		name string
		want float64
		run  func()
	}{
		{"ExtractHTTP, nothing to carry among 4 headers", 0, func() { sink = zero.ExtractHTTP(bg, bare) }},
		{"ExtractHTTP, 6 of 17 headers, preset.Istio()", 1, func() { sink = sidecar.ExtractHTTP(bg, in) }},
		{"ExtractHTTP, 6 of 17 headers, zero Config", 1, func() { sink = zero.ExtractHTTP(bg, in) }},
		{"ExtractHTTP, 6 of 17 headers, all formats", 1, func() { sink = all.ExtractHTTP(bg, in) }},
		{"ExtractMetadata, 6 of 17 keys", 1, func() { sink = sidecar.ExtractMetadata(bg, md) }},
		{"ExtractHTTP, a request id made", 2, func() { sink = generating.ExtractHTTP(bg, bare) }},
		{"ExtractHTTP, the same headers again", 0, func() { sink = sidecar.ExtractHTTP(captured, in) }},
		{"InjectHTTP, verbatim, the keys are there", 0, func() { sidecar.InjectHTTP(captured, reused) }},
		{"InjectHTTP, verbatim, derived context", 0, func() { sidecar.InjectHTTP(derived, reused) }},
		{"InjectHTTP, local span, 7 formats", 2, func() { seven.InjectHTTP(sevenCaptured, reusedLocal) }},
		{"CloneHTTP, 2 own headers and 6 injected", 3, func() { sink, _ = engine(sidecar).CloneHTTP(captured, bareOf(2)) }},
		{"CloneHTTP, 3 own headers and 6 injected", 5, func() { sink, _ = engine(sidecar).CloneHTTP(captured, bareOf(3)) }},
		{"ExtractHTTP, 6 of 17 headers, an Observer without Lost", 1, func() { sink = deaf.ExtractHTTP(bg, in) }},
		{"CloneHTTP, 2 own headers and 6 injected, an Observer without Lost", 3, func() { sink, _ = engine(deaf).CloneHTTP(captured, bareOf(2)) }},
		{"CloneHTTP, nothing to inject, an Observer without Lost", 0, func() { engine(deaf).CloneHTTP(bg, reused) }},
		{"RequestIDFromContext", 0, func() { propagation.RequestIDFromContext(captured) }},
		{"RemoteFromContext, not the first time", 0, func() { propagation.RemoteFromContext(captured) }},
		{"SpanContextFromContext, not the first time", 0, func() { trace.SpanContextFromContext(captured) }},
		{"Copy", 1, func() { sink = propagation.Copy(bg, captured) }},
	} {
		row.run()
		if got := testing.AllocsPerRun(200, row.run); got != row.want {
			t.Errorf("%s: %v allocations, want %v", row.name, got, row.want)
		}
	}
}

var bareHeaders = map[int]http.Header{
	2: {"User-Agent": {"x"}, "Accept": {"x"}},
	3: {"User-Agent": {"x"}, "Accept": {"x"}, "Content-Type": {"x"}},
}

func bareOf(n int) http.Header { return bareHeaders[n] }
