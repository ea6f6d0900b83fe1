//lint:file-ignore SA1019 x/net's h2c and ReverseProxy.Director are deprecated, and in use

package httptrace_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"
	"golang.org/x/net/websocket"
)

// upstream is a server that returns its own ids to its callers, as another service does.
func upstream(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Traceresponse", "00-upstream")
	h["Server-Timing"] = []string{`db;dur=5, traceparent;desc="00-upstream"`, "app"}
	h.Set("X-Trace-Id", "upstream")
	h.Set("X-B3-Traceid", "upstream")
	h.Set("X-Request-Id", "upstream")
	h.Set("X-Other", "upstream")
	switch r.URL.Path {
	case "/early":
		w.WriteHeader(http.StatusEarlyHints)
	case "/read":
		io.Copy(io.Discard, r.Body) // net/http sends 100 Continue
	}
	fmt.Fprint(w, "ok")
}

// toldByUpstream is what told returns for the response of upstream.
var toldByUpstream = []string{"Traceresponse: 00-upstream", `Server-Timing: db;dur=5, traceparent;desc="00-upstream"`, "Server-Timing: app",
	"X-Trace-Id: upstream", "X-B3-Traceid: upstream", "X-Request-Id: upstream"}

// proxied returns what the caller of inbound(1) gets through a proxy: the proxy's ids, and the upstream's other
// timings.
func proxied() []string {
	own := append(toldOf(traceID(1), spanID(1), "01", "01"), "X-Request-Id: "+inbound(1).Get("X-Request-Id"))
	return slices.Concat(own[:2], []string{"Server-Timing: db;dur=5", "Server-Timing: app"}, own[2:])
}

// timings returns the entries of Server-Timing that do not name a trace.
var timings = []string{"Server-Timing: db;dur=5", "Server-Timing: app"}

func TestProxyTransportReplaces(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(upstream))
	rewrite, target := httptrace.Rewrite(p, to(t, back.URL)), parse(t, back.URL)
	provider, _ := sdk()
	theirs := otelhttp.WithTracerProvider(provider)
	refuse := httptrace.WithResponseTo(func(*http.Request, propagation.Trust) bool { return false })
	for name, c := range map[string]struct {
		proxy *httputil.ReverseProxy
		opts  []httptrace.Option
		want  []string
	}{
		"Rewrite":                  {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(nil)}, tellAll(), proxied()},
		"Rewrite, base":            {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(httptrace.NewTransport(p, nil))}, tellAll(), proxied()},
		"Director":                 {&httputil.ReverseProxy{Director: func(r *http.Request) { r.URL.Scheme, r.URL.Host = target.Scheme, target.Host }, Transport: httptrace.ProxyTransport(nil)}, tellAll(), proxied()},
		"around otelhttp":          {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(otelhttp.NewTransport(nil, theirs))}, tellAll(), proxied()},
		"inside of otelhttp":       {&httputil.ReverseProxy{Rewrite: rewrite, Transport: otelhttp.NewTransport(httptrace.ProxyTransport(nil), theirs)}, tellAll(), proxied()},
		"an untrusted caller":      {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(nil)}, append(tellAll(), httptrace.Edge()), timings},
		"a refused caller":         {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(nil)}, append(tellAll(), refuse), timings},
		"only traceresponse":       {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(nil)}, tellAll()[:1], append(proxied()[:1], toldByUpstream[1:]...)},
		"no options":               {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(nil)}, nil, toldByUpstream},
		"without ProxyTransport":   {&httputil.ReverseProxy{Rewrite: rewrite}, tellAll()[:1], append([]string{proxied()[0]}, toldByUpstream...)},
		"the proxy's own function": {&httputil.ReverseProxy{Rewrite: rewrite, Transport: httptrace.ProxyTransport(nil), ModifyResponse: func(r *http.Response) error { r.Header.Add("Server-Timing", "more"); return nil }}, tellAll(), slices.Insert(proxied(), 4, "Server-Timing: more")},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, httptrace.Middleware(p, c.opts...)(c.proxy), func(t *testing.T, s *httptest.Server) {
				resp, body := do(t, s.Client(), request(t, "GET", s.URL, inbound(1), nil))
				checkTold(t, resp.Header, c.want)
				if other := resp.Header.Get("X-Other"); body != "ok" || other != "upstream" {
					t.Errorf("the response is %q with X-Other %q, want ok and upstream", body, other)
				}
			})
		})
	}
}

// If the proxy has no trace of its own, an allowed caller gets the ids of the upstream.
func TestProxyTransportPassesOn(t *testing.T) {
	back := serve(t, http.HandlerFunc(upstream))
	proxy := &httputil.ReverseProxy{Rewrite: to(t, back.URL), Transport: httptrace.ProxyTransport(nil)}
	resp, _ := exchange(t, serve(t, httptrace.Middleware(propagation.MustNew(everything()), tellAll()...)(proxy)).URL, nil)
	checkTold(t, resp.Header, toldByUpstream)
	resp, _ = exchange(t, serve(t, proxy).URL, nil)
	checkTold(t, resp.Header, toldByUpstream)
}

// A ReverseProxy drops all headers when it forwards a 1xx response. The final response still has them. The 1xx response
// has no ids of the upstream.
func TestProxyTransport1xx(t *testing.T) {
	p := propagation.MustNew(everything())
	for protocol, back := range map[string]*httptest.Server{"upstream of HTTP/1": serve(t, http.HandlerFunc(upstream)), "upstream of HTTP/2": serveHTTP2(t, http.HandlerFunc(upstream))} {
		proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL)), Transport: httptrace.ProxyTransport(back.Client().Transport)}
		for name, c := range map[string]struct {
			opts []httptrace.Option
			want []string
		}{
			"trusted":   {tellAll(), proxied()},
			"untrusted": {append(tellAll(), httptrace.Edge()), timings},
		} {
			t.Run(protocol+"/"+name, func(t *testing.T) {
				eachProtocol(t, httptrace.Middleware(p, c.opts...)(proxy), func(t *testing.T, s *httptest.Server) {
					resp, early := doEarly(t, s.Client(), request(t, "GET", s.URL+"/early", inbound(1), nil))
					checkTold(t, resp.Header, c.want)
					if len(early) != 1 {
						t.Fatalf("the client got %d 1xx responses, want 1", len(early))
					}
					checkTold(t, early[0], c.want)

					req := request(t, "POST", s.URL+"/read", inbound(1), strings.NewReader("body"))
					req.Header.Set("Expect", "100-continue")
					resp, early = doEarly(t, s.Client(), req)
					checkTold(t, resp.Header, c.want)
					if len(early) == 0 && protocol == "upstream of HTTP/1" {
						t.Error("the client got no 100 Continue")
					}
				})
			})
		}
	}
}

// Two services have spans of their own. The caller gets the span of the first one.
func TestProxyTransportTwoServices(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, spans := sdk()
	service := func(h http.Handler) http.Handler {
		theirs := otelhttp.NewMiddleware("", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p))
		return httptrace.Middleware(p)(theirs(httptrace.Middleware(nil, tellAll()...)(h)))
	}
	back := serve(t, service(http.HandlerFunc(nothing)))
	front := serve(t, service(&httputil.ReverseProxy{
		Rewrite:   httptrace.Rewrite(p, to(t, back.URL)),
		Transport: httptrace.ProxyTransport(otelhttp.NewTransport(nil, otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p))),
	}))
	resp, _ := exchange(t, front.URL, inbound(1))
	front.Close()
	for _, s := range spans.GetSpans() {
		if s.Parent.SpanID().String() == spanID(1) {
			checkTold(t, resp.Header, append(toldOf(traceID(1), s.SpanContext.SpanID().String(), "01", "01"), "X-Request-Id: "+inbound(1).Get("X-Request-Id")))
			return
		}
	}
	t.Errorf("no span has the caller's span as its parent: %v", spanNames(spans))
}

// An upgraded connection works through the proxy, and its response has each header once.
func TestProxyTransportWebSocket(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		upgrade := websocket.Server{Handshake: func(c *websocket.Config, _ *http.Request) error {
			c.Header = http.Header{"Traceresponse": {"00-upstream"}, "X-Trace-Id": {"upstream"}, "Server-Timing": {"db;dur=5"}}
			return nil
		}, Handler: talk}
		upgrade.ServeHTTP(w, r)
	}))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL)), Transport: httptrace.ProxyTransport(nil)}
	front := serve(t, httptrace.Middleware(p, tellAll()...)(proxy))
	conn, err := net.Dial("tcp", front.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	req := request(t, "GET", front.URL, inbound(1), nil)
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": front.URL} {
		req.Header.Set(name, value)
	}
	if err := req.Write(conn); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), req)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp, err)
	}
	checkTold(t, resp.Header, slices.Delete(proxied(), 3, 4))
}

// If a proxy cannot reach its upstream, its response has the headers, too.
func TestProxyTransportError(t *testing.T) {
	front, want := tellingAll((&httputil.ReverseProxy{
		Rewrite: func(*httputil.ProxyRequest) {}, Transport: httptrace.ProxyTransport(failing{}),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}).ServeHTTP)
	resp, body := exchange(t, serve(t, front).URL, inbound(1))
	if resp.StatusCode != http.StatusBadGateway || body != "no upstream\n" {
		t.Errorf("the response is %s %q, want 502 with the error", resp.Status, body)
	}
	checkTold(t, resp.Header, want)
}

type failing struct{}

func (failing) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no upstream")
}

// A base may return a response without headers. It may also return nil and no error.
func TestProxyTransportOddBases(t *testing.T) {
	front, _ := tellingAll(func(_ http.ResponseWriter, r *http.Request) {
		for _, resp := range []*http.Response{nil, {}} {
			if got, err := httptrace.ProxyTransport(answerer{resp}).RoundTrip(r); got != resp || err != nil {
				t.Errorf("RoundTrip returns %v, %v, want the base's results", got, err)
			}
		}
	})
	exchange(t, serve(t, front).URL, inbound(1))
}

// The contexts of later requests on a connection may descend from the first request's context. Their callers must not
// get its ids, also not after a 1xx response.
func TestProxyTransportUpgradedConnection(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	back := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) }))
	proxy := &httputil.ReverseProxy{Rewrite: to(t, back.URL), Transport: httptrace.ProxyTransport(nil)}
	for name, inner := range map[string][]httptrace.Option{"told": tellAll(), "not told": nil} {
		t.Run(name, func(t *testing.T) {
			front := serve(t, httptrace.Middleware(p, tellAll()...)(h2c.NewHandler(httptrace.Middleware(p, inner...)(proxy), &http2.Server{})))
			checkTold(t, secondRequest(t, front), nil)
		})
	}
}

// Each of several concurrent requests gets its own ids.
func TestPromise4_ToldIsolation(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(upstream))
	proxy := &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL)), Transport: httptrace.ProxyTransport(nil)}
	eachProtocol(t, httptrace.Middleware(p, tellAll()...)(proxy), func(t *testing.T, s *httptest.Server) {
		var all sync.WaitGroup
		for worker := range uint64(8) {
			all.Go(func() {
				for n := worker * 100; n < worker*100+20; n++ {
					path := []string{"/", "/early"}[n%2]
					resp, err := s.Client().Do(request(t, "GET", s.URL+path, inbound(n+1), nil))
					if err != nil {
						t.Error(err)
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					checkTold(t, resp.Header, slices.Concat(toldOf(traceID(n+1), spanID(n+1), "01", "01"), timings, []string{"X-Request-Id: " + inbound(n+1).Get("X-Request-Id")}))
				}
			})
		}
		all.Wait()
	})
}
