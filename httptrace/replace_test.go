package httptrace_test

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

func TestPromise5_InjectingTwiceIsInjectingOnce(t *testing.T) {
	p, q := propagation.MustNew(everything()), propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	inject := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		p.InjectHTTP(r.Context(), r.Header)
		p.InjectHTTP(r.Context(), r.Header)
		return http.DefaultTransport.RoundTrip(r)
	})
	tracer, _ := sdk()
	for name, transport := range map[string]http.RoundTripper{
		"one Transport":             httptrace.NewTransport(p, nil),
		"a Transport in another":    httptrace.NewTransport(p, httptrace.NewTransport(p, nil)),
		"with another Propagator":   httptrace.NewTransport(p, httptrace.NewTransport(q, nil)),
		"InjectHTTP twice":          inject,
		"InjectHTTP in a Transport": httptrace.NewTransport(p, inject),
	} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: transport}
			ctx := handlerContext(t, p, 1)
			checkVerbatim(t, call(t, client, ctx, s.URL), inbound(1))

			local, span := tracer.Tracer("test").Start(ctx, "local")
			defer span.End()
			got := call(t, client, local, s.URL)
			checkNames(t, got, trace.SpanContextFromContext(local))
			checkSpanless(t, got)
			for name, lines := range carriedOf(got) {
				if came := len(inbound(1)[name]); len(lines) > 1 && len(lines) > came {
					t.Errorf("%s arrived in %d lines: %q", name, len(lines), lines)
				}
			}
		})
	}
}

// A header map may contain a name in any spelling. On the wire, all spellings are one name.
func TestPromise5_OtherSpellingsAreReplaced(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	req := request(t, "GET", s.URL, nil, nil).WithContext(handlerContext(t, p, 1))
	req.Header = http.Header{"traceparent": {"stale"}, "x-B3-traceid": {"stale"}, "x-b3-flags": {"1"}}
	resp, body := do(t, client, req)
	checkVerbatim(t, echoed(t, resp, body), inbound(1))
}
