package httptrace_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
)

// copyingByHand are ways in which services without this library copy headers.
var copyingByHand = map[string]func(to, from http.Header){
	"Set and Get": func(to, from http.Header) {
		for name := range from {
			to.Set(name, from.Get(name))
		}
	},
	"all lines": func(to, from http.Header) { maps.Copy(to, from) },
	"the last line": func(to, from http.Header) {
		for name, lines := range from {
			to[name] = lines[len(lines)-1:]
		}
	},
	"Add, the other way round": func(to, from http.Header) {
		for name, lines := range from {
			for _, line := range slices.Backward(lines) {
				to.Add(name, line)
			}
		}
	},
	"joined": func(to, from http.Header) {
		for name, lines := range from {
			to.Set(name, strings.Join(lines, ", "))
		}
	},
}

// twice is a header that an untrusted caller repeats to pass a comparison of whole headers.
func twice() http.Header {
	h := inbound(1)
	for name, lines := range h {
		h[name] = append(slices.Clone(lines), strings.ReplaceAll(lines[0], "1", "2"))
	}
	return h
}

// large has headers that exceed every limit.
func large() http.Header {
	h := inbound(1)
	for name, lines := range h {
		h[name] = []string{lines[0] + strings.Repeat("0", 9000)}
	}
	return h
}

// many has more lines and names than the limits allow.
func many() http.Header {
	h := inbound(1)
	for _, name := range []string{"Baggage", "Correlation-Context", "End-User", "Tracestate"} {
		for i := range 100 {
			h.Add(name, fmt.Sprintf("k%d=v", i))
		}
	}
	maps.Copy(h, manyNames("Uberctx-K", 200))
	return h
}

// If a service copies headers by hand and also uses our Transport, it sends no line of an untrusted caller.
func TestEdgeBesideCopiesByHand(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	director := httputil.NewSingleHostReverseProxy(parse(t, back.URL))
	director.Transport = client.Transport
	handlers := map[string]http.Handler{
		"Director":               director,
		"Rewrite, and Transport": &httputil.ReverseProxy{Rewrite: to(t, back.URL), Transport: client.Transport},
		"our Rewrite, and a copy": &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL, func(r *httputil.ProxyRequest) {
			copyingByHand["Set and Get"](r.Out.Header, carriedOf(r.In.Header))
		}))},
	}
	for name, copyTo := range copyingByHand {
		handlers[name] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			out, _ := http.NewRequestWithContext(r.Context(), "GET", back.URL, nil)
			copyTo(out.Header, carriedOf(r.Header))
			if err := passOn(w, client, out); err != nil {
				http.Error(w, err.Error(), http.StatusBadGateway)
			}
		})
	}
	for name, h := range handlers {
		t.Run(name, func(t *testing.T) {
			front := startLarge(t, httptrace.Middleware(p, httptrace.Edge())(h))
			for kind, sent := range map[string]http.Header{"once": inbound(1), "twice": twice(), "large": large(), "many": many()} {
				resp, body := do(t, front.Client(), request(t, "GET", front.URL, sent, nil))
				for name, lines := range carriedOf(echoed(t, resp, body)) {
					t.Errorf("%s: %s of an untrusted caller arrived as %.60q, want nothing", kind, name, lines)
				}
			}
		})
	}
}

// Headers that the application sets by itself stay.
func TestEdgeBesideOwnHeaders(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	own := http.Header{"X-Request-Id": {"own"}, "Baggage": {"own=1"}, "End-User": {"own"}, "Uberctx-Own": {"own"}, "Sw8": {"own"}}
	front := startLarge(t, httptrace.Middleware(p, httptrace.Edge())(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, _ := http.NewRequestWithContext(r.Context(), "GET", back.URL, nil)
		maps.Copy(out.Header, own)
		passOn(w, client, out)
	})))
	for _, sent := range []http.Header{inbound(1), twice(), large(), many()} {
		checkVerbatim(t, arrived(t, front.URL, sent), own)
	}
}

// A Middleware with the nil Propagator carries nothing. Its trust decision applies to each inner Middleware, Transport
// and Rewrite.
func TestNilPropagatorDecides(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for name, h := range map[string]http.Handler{
		"Middleware":         httptrace.Middleware(p)(forward(client, back.URL)),
		"Middleware, twice":  httptrace.Middleware(nil)(httptrace.Middleware(p)(forward(client, back.URL))),
		"Rewrite":            &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL))},
		"Rewrite, Transport": &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(p, to(t, back.URL)), Transport: client.Transport},
		"Rewrite of nil":     &httputil.ReverseProxy{Rewrite: httptrace.Rewrite(nil, to(t, back.URL))},
	} {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, httptrace.Middleware(nil, httptrace.Edge())(h), func(t *testing.T, s *httptest.Server) {
				headers := inbound(1)
				if name == "Rewrite of nil" {
					headers.Del("End-User") // no outer Propagator carries it
				}
				resp, body := do(t, s.Client(), request(t, "GET", s.URL, headers, nil))
				checkVerbatim(t, echoed(t, resp, body), nil)
			})
		})
	}
}
