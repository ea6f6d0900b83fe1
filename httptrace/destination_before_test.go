package httptrace_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// The destination rules also apply to headers that an outer otelhttp injected from the same context, with p or with
// OpenTelemetry's own propagators.
func TestDestinationsInsideOtelhttp(t *testing.T) {
	p, w := withRules(partners), newWorld(t)
	theirs := otelprop.NewCompositeTextMapPropagator(otelprop.TraceContext{}, otelprop.Baggage{})
	for name, outer := range map[string]otelprop.TextMapPropagator{"ours": p, "OpenTelemetry's": theirs} {
		t.Run(name, func(t *testing.T) {
			client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, w.base), otelhttp.WithPropagators(outer))}
			ctx := p.ExtractHTTP(t.Context(), laden)
			checkVerbatim(t, call(t, client, ctx, "http://evil.example/"), bare)
			checkVerbatim(t, call(t, client, ctx, "http://api.partner.example/"), forPartner)
		})
	}
}

// A ReverseProxy with a Director copies the inbound headers. The rules apply to headers of the context all the same.
func TestDestinationsOfDirector(t *testing.T) {
	p, w := withRules(), newWorld(t)
	to, _ := url.Parse("http://evil.example")
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = httptrace.NewTransport(p, w.base)
	in := httptest.NewRequest("GET", "/", nil)
	in.Header = laden.Clone()
	rec := httptest.NewRecorder()
	httptrace.Middleware(p)(proxy).ServeHTTP(rec, in)
	checkVerbatim(t, decode(t, rec.Body), bare)
}

// After a redirect, a later request to the second host has no header that the first request to that host did not have.
func TestSecondHopElsewhere(t *testing.T) {
	p, w := propagation.MustNew(propagation.Config{UnsafeHeaders: []string{"authorization"}}), newWorld(t)
	client := &http.Client{Transport: httptrace.NewTransport(p, w.base)}
	ctx := p.ExtractHTTP(t.Context(), http.Header{"Authorization": {"Bearer secret"}})
	do(t, client, request(t, "GET", through("reviews", "details", "details"), nil, nil).WithContext(ctx))
	for i, v := range w.visits() {
		if i > 0 && v.header.Get("Authorization") != "" {
			t.Errorf("hop %d, to %s, has the authorization %q, want none", i, v.host, v.header.Get("Authorization"))
		}
	}
}

// A signed request to an external host is sent unchanged, also if an outer otelhttp has already injected headers.
func TestSignedInsideOtelhttp(t *testing.T) {
	p, w := withRules(), newWorld(t)
	client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, w.base), otelhttp.WithPropagators(p))}
	ctx := p.ExtractHTTP(t.Context(), laden)
	checkVerbatim(t, call(t, client, ctx, "http://evil.example/?X-Amz-Signature=1"), http.Header{})
}

// Config.UnsafeHeaders that otelhttp injected do not follow a redirect to another host either.
func TestRedirectInsideOtelhttp(t *testing.T) {
	p, w := propagation.MustNew(propagation.Config{UnsafeHeaders: []string{"authorization"}}), newWorld(t)
	for name, change := range map[string]bool{"judged": false, "reported": true} {
		t.Run(name, func(t *testing.T) {
			p := p
			if change {
				p = propagation.MustNew(propagation.Config{UnsafeHeaders: []string{"authorization"}, DestinationsReportOnly: true})
			}
			before := len(w.visits())
			client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, w.base), otelhttp.WithPropagators(p))}
			ctx := p.ExtractHTTP(t.Context(), http.Header{"Authorization": {"Bearer secret"}})
			do(t, client, request(t, "GET", through("reviews", "details"), nil, nil).WithContext(ctx))
			for i, v := range w.visits()[before:] {
				if got := v.header.Get("Authorization") != ""; got != (i == 0) {
					t.Errorf("hop %d, to %s, has the authorization header: %v, want it on the first hop only", i, v.host, got)
				}
			}
		})
	}
}

// If p is outside of otelhttp, which is the wrong order, p does not see otelhttp's span. The rules still apply to the
// headers that otelhttp writes with p.
func TestDestinationsAroundOtelhttp(t *testing.T) {
	silent := propagation.Destination{Hosts: []string{"evil.example"}, Formats: []propagation.Format{}}
	p, w := withRules(silent), newWorld(t)
	member, _ := baggage.NewMember("own", "1")
	own, _ := baggage.New(member)
	for name, provider := range map[string]trace.TracerProvider{"spans": sdktrace.NewTracerProvider(), "no spans": noop.NewTracerProvider()} {
		client := &http.Client{Transport: httptrace.NewTransport(p, otelhttp.NewTransport(w.base, otelhttp.WithPropagators(p), otelhttp.WithTracerProvider(provider)))}
		for what, ctx := range map[string]context.Context{
			"nothing came": t.Context(), "much came": p.ExtractHTTP(t.Context(), laden), "baggage of ours": baggage.ContextWithBaggage(t.Context(), own),
		} {
			if got := carriedOf(call(t, client, ctx, "http://evil.example/")); len(got) > 0 {
				t.Errorf("%s, %s: an external host got %q, want nothing", name, what, got)
			}
		}
	}
}

// The same is true if the base does not set Response.Request, as net/http's transport does.
func TestSecondHopOfOtherBase(t *testing.T) {
	p, w := propagation.MustNew(propagation.Config{UnsafeHeaders: []string{"authorization"}}), newWorld(t)
	base := roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := w.base.RoundTrip(r)
		if resp != nil {
			resp.Request = nil
		}
		return resp, err
	})
	client := &http.Client{Transport: httptrace.NewTransport(p, base)}
	ctx := p.ExtractHTTP(t.Context(), http.Header{"Authorization": {"Bearer secret"}})
	do(t, client, request(t, "GET", through("reviews", "details"), nil, nil).WithContext(ctx))
	for i, v := range w.visits() {
		if got := v.header.Get("Authorization") != ""; got != (i == 0) {
			t.Errorf("hop %d, to %s, has the authorization header: %v, want it on the first hop only", i, v.host, got)
		}
	}
}
