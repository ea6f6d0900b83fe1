package weave_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/weave"
)

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func request(t *testing.T, ctx context.Context, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// transport is a RoundTripper that keeps the headers of each request.
type transport struct{ sent []http.Header }

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.sent = append(t.sent, r.Header)
	return &http.Response{StatusCode: 200, Body: http.NoBody, Request: r}, nil
}

// woven is a transport as orchestrion weaves it.
type woven struct{ http.RoundTripper }

func (w woven) RoundTrip(r *http.Request) (*http.Response, error) {
	return weave.RoundTrip(w.RoundTripper, r)
}

// received returns the context of a handler that WrapHandler has wrapped, for a request with headers.
func received(t *testing.T, headers http.Header) (ctx context.Context) {
	t.Helper()
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = headers
	weave.WrapHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { ctx = r.Context() })).ServeHTTP(httptest.NewRecorder(), r)
	return ctx
}

func TestHeadersGoThrough(t *testing.T) {
	ctx := received(t, http.Header{"Traceparent": {traceparent}, "Cookie": {"secret"}})
	var base transport
	if _, err := (woven{&base}).RoundTrip(request(t, ctx, "http://reviews")); err != nil {
		t.Fatal(err)
	}
	if want := (http.Header{"Traceparent": {traceparent}}); !reflect.DeepEqual(base.sent[0], want) {
		t.Errorf("sent %v, want %v", base.sent[0], want)
	}
}

// TestOwnTransportWins: a service with its own Transport sends the same headers as without the woven one, and each of
// them once.
func TestOwnTransportWins(t *testing.T) {
	ctx := received(t, http.Header{"Traceparent": {traceparent}, "X-Request-Id": {"r"}, "Baggage": {"k=v"}})
	p := propagation.MustNew(propagation.Config{
		Formats:      []propagation.Format{propagation.W3C, propagation.Baggage},
		Destinations: []propagation.Destination{{Hosts: []string{"vendor.example"}, Formats: []propagation.Format{propagation.W3C}}},
	})
	ctx = p.ExtractHTTP(ctx, http.Header{"Traceparent": {traceparent}, "Baggage": {"k=v"}})
	for host, want := range map[string][]string{"reviews": {"Baggage", "Traceparent"}, "vendor.example": {"Traceparent"}} {
		var base transport
		for _, next := range []http.RoundTripper{&base, woven{&base}, woven{woven{&base}}, wrapper{woven{&base}}} {
			if _, err := httptrace.NewTransport(p, next).RoundTrip(request(t, ctx, "http://"+host)); err != nil {
				t.Fatal(err)
			}
		}
		for i, sent := range base.sent {
			if got := slices.Sorted(maps.Keys(sent)); !slices.Equal(got, want) || sent.Get("Traceparent") != traceparent {
				t.Errorf("%s, transport %d: sent %v, want %v", host, i, sent, want)
			}
		}
	}
}

type wrapper struct{ http.RoundTripper }

// TestNestedTransportsCountOnce: if a Transport passes a request to another one, the request is carried once.
func TestNestedTransportsCountOnce(t *testing.T) {
	var base transport
	before := weave.Propagator().Stats().Total(propagation.NoContext)
	if _, err := (woven{woven{&base}}).RoundTrip(request(t, context.Background(), "http://reviews")); err != nil {
		t.Fatal(err)
	}
	if n := weave.Propagator().Stats().Total(propagation.NoContext) - before; n != 1 {
		t.Errorf("one call without a context was counted %d times", n)
	}
}

// TestOwnMiddlewareWins: an inner Middleware decides which headers its Propagator carries.
func TestOwnMiddlewareWins(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	var sent http.Header
	inner := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var base transport
		(woven{&base}).RoundTrip(request(t, r.Context(), "http://reviews"))
		sent = base.sent[0]
	})
	r := httptest.NewRequest("GET", "/", nil)
	r.Header = http.Header{"Traceparent": {traceparent}, "Baggage": {"k=v"}, "X-Request-Id": {"r"}}
	weave.WrapHandler(httptrace.Middleware(p, httptrace.Edge())(inner)).ServeHTTP(httptest.NewRecorder(), r)
	if got := sent.Get("Traceparent"); got == traceparent || sent.Get("Baggage") != "" {
		t.Errorf("the service's own edge had no effect: sent %v", sent)
	}
}

// TestUpgradeIsLeftAlone: the context of a request that opens an HTTP/2 connection must not have its headers.
func TestUpgradeIsLeftAlone(t *testing.T) {
	ctx := received(t, http.Header{"Traceparent": {traceparent}, "Upgrade": {"H2C"}})
	if s, ok := propagation.RemoteFromContext(ctx); ok {
		t.Errorf("the context has the span %v, want none", s)
	}
	ctx = received(t, http.Header{"Traceparent": {traceparent}, "Upgrade": {"websocket"}})
	if _, ok := propagation.RemoteFromContext(ctx); !ok {
		t.Error("the context of a WebSocket request has no span")
	}
}

// TestGetAndOthers: the woven functions send the requests of their net/http originals, with the headers of the scope.
func TestGetAndOthers(t *testing.T) {
	ctx, cancel := context.WithCancel(received(t, http.Header{"Traceparent": {traceparent}}))
	cancel() // http.Get does not end with the request
	ended := request(t, ctx, "http://caller")
	type seen struct{ Method, ContentType, Body, Traceparent string }
	var got seen
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = seen{r.Method, r.Header.Get("Content-Type"), string(body), r.Header.Get("Traceparent")}
	}))
	defer s.Close()
	base := http.DefaultTransport
	http.DefaultTransport = woven{base}
	defer func() { http.DefaultTransport = base }()
	for _, tt := range []struct {
		scope any
		want  string
	}{{ctx, traceparent}, {ended, traceparent}, {nil, ""}, {(*http.Request)(nil), ""}, {strings.NewReader("hides the request"), ""}} {
		for _, call := range []struct {
			do   func() (*http.Response, error)
			want seen
		}{
			{func() (*http.Response, error) { return weave.Get(tt.scope, s.URL) }, seen{Method: "GET"}},
			{func() (*http.Response, error) { return weave.Head(tt.scope, s.URL) }, seen{Method: "HEAD"}},
			{func() (*http.Response, error) {
				return weave.Post(tt.scope, s.URL, "text/plain", strings.NewReader("b"))
			}, seen{"POST", "text/plain", "b", ""}},
			{func() (*http.Response, error) { return weave.PostForm(tt.scope, s.URL, url.Values{"k": {"v"}}) }, seen{"POST", "application/x-www-form-urlencoded", "k=v", ""}},
		} {
			resp, err := call.do()
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if call.want.Traceparent = tt.want; got != call.want {
				t.Errorf("with a %T: sent %+v, want %+v", tt.scope, got, call.want)
			}
		}
	}
	if _, err := weave.Get(ctx, "http://[::1"); err == nil {
		t.Error("Get accepts a URL that cannot be parsed, want an error")
	}
}

// TestWrapHandlerIsCheap: woven code calls WrapHandler for each request.
func TestWrapHandlerIsCheap(t *testing.T) {
	h := http.NotFoundHandler()
	if n := testing.AllocsPerRun(100, func() { weave.WrapHandler(h) }); n != 2 {
		t.Errorf("%v allocations, want 2", n)
	}
}
