package httptrace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

// tagging starts a server. Its spans have only the tags as attributes.
func tagging(t *testing.T, start func(testing.TB, http.Handler) *httptest.Server, opts ...httptrace.Option) (*httptest.Server, *tracetest.InMemoryExporter) {
	provider, spans := sdk()
	mw := httptrace.Middleware(propagation.MustNew(propagation.Config{}), opts...)
	h := mw(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	return start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, span := provider.Tracer("test").Start(r.Context(), "server")
		defer span.End()
		h.ServeHTTP(w, r.WithContext(ctx))
	})), spans
}

// checkAttributes checks all attributes of the one ended span.
func checkAttributes(t *testing.T, s *httptest.Server, spans *tracetest.InMemoryExporter, want ...attribute.KeyValue) {
	t.Helper()
	s.Close() // waits for the span to end
	ended := spans.GetSpans()
	if len(ended) != 1 {
		t.Fatalf("%d spans ended, want 1", len(ended))
	}
	got, expected := attribute.NewSet(ended[0].Attributes...), attribute.NewSet(want...)
	if !got.Equals(&expected) {
		t.Errorf("the span has %s, want %s", got.Encoded(attribute.DefaultEncoder()), expected.Encoded(attribute.DefaultEncoder()))
	}
}

func TestTagHeaders(t *testing.T) {
	user := func(values ...string) []attribute.KeyValue {
		return []attribute.KeyValue{attribute.StringSlice("http.request.header.x-user", values)}
	}
	for name, c := range map[string]struct {
		tag    string
		header string
		values []string
		want   []attribute.KeyValue
	}{
		"one line":        {"x-user", "X-User", []string{"ann"}, user("ann")},
		"every line":      {"X-User", "X-User", []string{"ann", "bob"}, user("ann", "bob")},
		"any case":        {"x-USER", "x-user", []string{"ann"}, user("ann")},
		"a carried one":   {"b3", "B3", []string{"0"}, []attribute.KeyValue{attribute.StringSlice("http.request.header.b3", []string{"0"})}},
		"absent":          {"x-user", "Other", []string{"ann"}, nil},
		":path":           {":path", "B3", []string{"0"}, []attribute.KeyValue{attribute.String("url.path", "/a/b"), attribute.String("url.query", "q=1&r=%20")}},
		":method":         {":Method", "B3", []string{"0"}, []attribute.KeyValue{attribute.String("http.request.method", "GET")}},
		":scheme":         {":scheme", "B3", []string{"0"}, []attribute.KeyValue{attribute.String("url.scheme", "http")}},
		"nothing carried": {":method", "Other", []string{"0"}, []attribute.KeyValue{attribute.String("http.request.method", "GET")}},
	} {
		t.Run(name, func(t *testing.T) {
			s, spans := tagging(t, serve, httptrace.WithTagHeaders(c.tag))
			exchange(t, s.URL+"/a/b?q=1&r=%20", http.Header{c.header: c.values})
			checkAttributes(t, s, spans, c.want...)
		})
	}
	t.Run(":path without a query", func(t *testing.T) {
		s, spans := tagging(t, serve, httptrace.WithTagHeaders(":path"))
		exchange(t, s.URL+"/a", nil)
		checkAttributes(t, s, spans, attribute.String("url.path", "/a"))
	})
}

func TestTagHeadersAuthority(t *testing.T) {
	for host, want := range map[string][]attribute.KeyValue{
		"shop.example":      {attribute.String("server.address", "shop.example")},
		"shop.example:8443": {attribute.String("server.address", "shop.example"), attribute.Int("server.port", 8443)},
		"[::1]:8443":        {attribute.String("server.address", "::1"), attribute.Int("server.port", 8443)},
		"[::1]":             {attribute.String("server.address", "::1")},
	} {
		t.Run(host, func(t *testing.T) {
			s, spans := tagging(t, serve, httptrace.WithTagHeaders(":authority", "Host"))
			req := request(t, "GET", s.URL, nil, nil)
			req.Host = host
			do(t, s.Client(), req)
			checkAttributes(t, s, spans, append(want, attribute.StringSlice("http.request.header.host", []string{host}))...)
		})
	}
}

// An HTTP/1.0 request may have no host.
func TestTagHeadersNoAuthority(t *testing.T) {
	s, spans := tagging(t, serve, httptrace.WithTagHeaders(":authority", "host"))
	if answer := raw(t, s, "GET / HTTP/1.0\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.0 200") {
		t.Fatal(answer)
	}
	checkAttributes(t, s, spans)
}

func TestTagHeadersOptionTwice(t *testing.T) {
	s, spans := tagging(t, serve, httptrace.WithTagHeaders("x-user"), httptrace.WithTagHeaders(":method"))
	exchange(t, s.URL, http.Header{"X-User": {"ann"}})
	checkAttributes(t, s, spans, attribute.StringSlice("http.request.header.x-user", []string{"ann"}), attribute.String("http.request.method", "GET"))
}

func TestTagHeadersHTTP2(t *testing.T) {
	s, spans := tagging(t, serveHTTP2, httptrace.WithTagHeaders(":scheme", ":method", ":path", "x-user"))
	do(t, s.Client(), request(t, "PUT", s.URL+"/a?b=c", http.Header{"X-User": {"ann"}}, strings.NewReader("body")))
	checkAttributes(t, s, spans,
		attribute.String("url.scheme", "https"), attribute.String("http.request.method", "PUT"),
		attribute.String("url.path", "/a"), attribute.String("url.query", "b=c"),
		attribute.StringSlice("http.request.header.x-user", []string{"ann"}))
}

// Without a recording span, there is nothing to tag. That is also true if the caller's span is the active one.
func TestTagHeadersWithoutSpan(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	var active trace.SpanContext
	h := httptrace.Middleware(p, httptrace.WithTagHeaders("x-user", ":path"))(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		active = trace.SpanContextFromContext(r.Context())
	}))
	resp, _ := exchange(t, serve(t, h).URL, inbound(1))
	if resp.StatusCode != http.StatusOK || active.SpanID().String() != spanID(1) {
		t.Errorf("the status is %s and the active span is %s, want the caller's %s", resp.Status, active.SpanID(), spanID(1))
	}
}

func TestTagHeadersPanicsOnNonsense(t *testing.T) {
	for _, name := range []string{
		"", " ", "x user", "x-user:", "x\n", "ä", ":", ":status", "::path", ":path ",
		"Authorization", "proxy-authorization", "COOKIE", "Set-Cookie", "jwt",
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if said := recover(); said == nil || !strings.Contains(fmt.Sprint(said), fmt.Sprintf("%q", name)) {
					t.Errorf("WithTagHeaders(%q) panicked with %v, want one that quotes the name", name, said)
				}
			}()
			httptrace.WithTagHeaders("x-user", name)
		})
	}
}

// TestTagHeadersConventions: headers that the semantic conventions keep out of traces are not tagged.
func TestTagHeadersConventions(t *testing.T) {
	for query, want := range map[string]string{
		"a=1&sig=secret&b=2": "a=1&sig=REDACTED&b=2", "X-Goog-Signature=s": "X-Goog-Signature=REDACTED", "mysig=mine": "mysig=mine", "sig": "sig",
		"%73ig=s&X-Amz-Signature=t": "%73ig=REDACTED&X-Amz-Signature=REDACTED",
	} {
		s, spans := tagging(t, serve, httptrace.WithTagHeaders(":path", ":method"))
		resp, _ := do(t, http.DefaultClient, request(t, "FOO", s.URL+"/x?"+query, nil, nil))
		resp.Body.Close()
		checkAttributes(t, s, spans, attribute.String("url.path", "/x"), attribute.String("url.query", want),
			attribute.String("http.request.method", "_OTHER"), attribute.String("http.request.method_original", "FOO"))
	}
}
