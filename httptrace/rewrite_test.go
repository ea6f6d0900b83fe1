package httptrace_test

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

func parse(t testing.TB, rawURL string) *url.URL {
	t.Helper()
	u, err := url.Parse(rawURL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// to returns a Rewrite function that sends requests to url, after it has called other functions.
func to(t testing.TB, url string, more ...func(*httputil.ProxyRequest)) func(*httputil.ProxyRequest) {
	target := parse(t, url)
	return func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		for _, do := range more {
			do(r)
		}
	}
}

// A reverse proxy itself copies the inbound headers. However many Middlewares are around it, each header arrives once.
func TestPromise5_ReverseProxyHeadersAreSingle(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	transport := httptrace.NewTransport(p, nil)
	rewrite := httptrace.Rewrite(p, to(t, back.URL))
	target := parse(t, back.URL)
	director := func(r *http.Request) { r.URL.Scheme, r.URL.Host = target.Scheme, target.Host }
	for name, proxy := range map[string]*httputil.ReverseProxy{
		"Rewrite":               {Rewrite: rewrite},
		"Rewrite and Transport": {Rewrite: rewrite, Transport: transport},
		"Transport":             {Rewrite: to(t, back.URL), Transport: transport},
		"Director, Transport":   {Director: director, Transport: transport},
	} {
		for wrapped, h := range map[string]http.Handler{" alone": proxy, " in Middleware": httptrace.Middleware(p)(proxy)} {
			t.Run(name+wrapped, func(t *testing.T) {
				checkVerbatim(t, arrived(t, serve(t, h).URL, inbound(1)), inbound(1))
			})
		}
	}
}

// If a local span runs, the headers that the proxy copied are stale. With Rewrite, none of them arrives.
func TestRewriteNamesTheLocalSpan(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL))}
	for name, h := range map[string]http.Handler{"alone": proxy, "in Middleware": httptrace.Middleware(p)(proxy)} {
		t.Run(name, func(t *testing.T) {
			provider, spans := sdk()
			front := serve(t, otelhttp.NewHandler(h, "proxy", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p)))
			headers := inbound(1)
			headers.Set("X-B3-Parentspanid", "00000000000000ff") // the parent of another span
			got := arrived(t, front.URL, headers)
			front.Close() // waits for the span to end
			ended := spans.GetSpans()
			if len(ended) != 1 {
				t.Fatalf("%d spans ended, want 1", len(ended))
			}
			checkNames(t, got, ended[0].SpanContext)
			if parent := got["X-B3-Parentspanid"]; len(parent) != 1 || parent[0] != spanID(1) {
				t.Errorf("x-b3-parentspanid arrived as %q, want the caller's span %s", parent, spanID(1))
			}
			checkSpanless(t, got)
		})
	}
}

// With a nil next, the request is sent to the host of its own URL, as in a forward proxy.
func TestRewriteNilNext(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	proxy := serve(t, &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, nil)})
	client := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(parse(t, proxy.URL))}}
	defer client.CloseIdleConnections()
	resp, body := do(t, client, request(t, "GET", back.URL, inbound(1), nil))
	checkVerbatim(t, echoed(t, resp, body), inbound(1))
}

// Headers that next sets stay if they name no span.
func TestRewriteByHand(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL, func(r *httputil.ProxyRequest) {
		if copied := carriedOf(r.Out.Header); len(copied) > 0 {
			t.Errorf("next gets the headers that the proxy copied, want them removed: %v", copied)
		}
		r.Out.Header.Set("X-Request-Id", "mine")
		r.Out.Header.Set("End-User", "mine")
		r.Out.Header.Set("Traceparent", "mine")
		r.Out.Header.Set("X-B3-Flags", "1")
	}))}
	want := inbound(1)
	want.Set("X-Request-Id", "mine")
	want.Set("End-User", "mine")
	checkVerbatim(t, arrived(t, serve(t, httptrace.Middleware(p)(proxy)).URL, inbound(1)), want)
}

// next may replace Out by another request.
func TestRewriteOutReplaced(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL, func(r *httputil.ProxyRequest) {
		r.Out = r.Out.Clone(r.Out.Context())
	}))}
	checkVerbatim(t, arrived(t, serve(t, proxy).URL, inbound(1)), inbound(1))
}

// A proxy that carries fewer formats than the service around it sends only its own formats.
func TestRewriteOtherPropagator(t *testing.T) {
	p := propagation.MustNew(everything())
	b3 := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.B3Multi}, ReadOnly: []propagation.Format{propagation.W3C}})
	back := serve(t, http.HandlerFunc(echo))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(b3, to(t, back.URL))}
	headers := http.Header{}
	for _, name := range []string{"Traceparent", "Tracestate", "X-B3-Traceid", "X-B3-Spanid", "X-B3-Sampled"} {
		headers[name] = inbound(1)[name]
	}
	want := headers.Clone()
	want.Del("Traceparent")
	want.Del("Tracestate")
	checkVerbatim(t, arrived(t, serve(t, httptrace.Middleware(p)(proxy)).URL, headers), want)
}

func TestRewriteNilPropagator(t *testing.T) {
	back := serve(t, http.HandlerFunc(echo))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(nil, to(t, back.URL))}
	checkVerbatim(t, arrived(t, serve(t, proxy).URL, inbound(1)), inbound(1)) // the proxy itself copies the headers
}
