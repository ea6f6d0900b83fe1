package httptrace_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// Each hop of a redirect carries the headers, also to other hosts. It carries the body if the status asks for it.
func TestTransportRedirects(t *testing.T) {
	p := propagation.MustNew(everything())
	last := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Arrived", r.Method+":"+string(body))
		echo(w, r)
	}))
	elsewhere := strings.Replace(last.URL, "127.0.0.1", "localhost", 1)
	for code, want := range map[int]string{302: "GET:", 303: "GET:", 307: "POST:payload", 308: "POST:payload"} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			hops := 0
			first := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hops++
				checkVerbatim(t, r.Header, inbound(1))
				if body, _ := io.ReadAll(r.Body); hops == 1 && string(body) != "payload" {
					t.Errorf("the first hop's body is %q, want payload", body)
				}
				http.Redirect(w, r, []string{"/again", elsewhere}[hops-1], code)
			}))
			client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
			req := request(t, "POST", first.URL, nil, strings.NewReader("payload")).WithContext(handlerContext(t, p, 1))
			resp, body := do(t, client, req)
			checkVerbatim(t, echoed(t, resp, body), inbound(1))
			if got := resp.Header.Get("Arrived"); hops != 2 || got != want {
				t.Errorf("after %d hops %q arrived, want %q after 2", hops, got, want)
			}
		})
	}
}

// With local spans, each hop names its own span.
func TestTransportRedirectSpans(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, spans := sdk()
	var first http.Header
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/first" {
			first = r.Header
			http.Redirect(w, r, "/second", http.StatusTemporaryRedirect)
			return
		}
		echo(w, r)
	}))
	client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, nil),
		otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p))}
	second := call(t, client, handlerContext(t, p, 1), s.URL+"/first")
	ended := spans.GetSpans()
	if len(ended) != 2 {
		t.Fatalf("%d spans ended, want one for each hop", len(ended))
	}
	checkNames(t, first, ended[0].SpanContext)
	checkNames(t, second, ended[1].SpanContext)
}

// An application that retries sends the same request again.
func TestTransportRetries(t *testing.T) {
	p := propagation.MustNew(everything())
	attempts := 0
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempts++
		checkVerbatim(t, r.Header, inbound(1))
		if body, _ := io.ReadAll(r.Body); string(body) != "payload" {
			t.Errorf("attempt %d: the body is %q, want payload", attempts, body)
		}
		if attempts < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	req := request(t, "POST", s.URL, nil, strings.NewReader("payload")).WithContext(handlerContext(t, p, 1))
	for {
		resp, _ := do(t, client, req)
		if resp.StatusCode == http.StatusOK {
			break
		}
		req.Body, _ = req.GetBody()
	}
	if attempts != 3 {
		t.Errorf("%d attempts arrived, want 3", attempts)
	}
}

// net/http itself retries if a kept connection turns out to be closed.
func TestTransportRetriedByBase(t *testing.T) {
	p := propagation.MustNew(everything())
	var arrivals atomic.Int32
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		checkVerbatim(t, r.Header, inbound(1))
		if arrivals.Add(1) != 2 {
			echo(w, r)
			return
		}
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			conn.Close()
		}
	}))
	client := &http.Client{Transport: httptrace.NewTransport(p, &http.Transport{})}
	defer client.CloseIdleConnections()
	for range 2 {
		checkVerbatim(t, call(t, client, handlerContext(t, p, 1), s.URL), inbound(1))
	}
	if n := arrivals.Load(); n != 3 {
		t.Errorf("%d requests arrived, want 3: one, one without an answer, and its retry", n)
	}
}

// If the chain of Response.Request is a cycle, a call still ends, and no credentials are sent.
func TestTransportRedirectsInCircles(t *testing.T) {
	p := propagation.MustNew(propagation.Config{UnsafeHeaders: []string{"authorization"}})
	ctx := p.ExtractHTTP(t.Context(), http.Header{"Authorization": {"secret"}, "Traceparent": {w3cOf(1)}})
	shared := &http.Response{StatusCode: 302, Header: http.Header{"Location": {"http://reviews/again"}}, Body: http.NoBody}
	var last http.Header
	for name, base := range map[string]roundTripper{
		"one answer":                   func(r *http.Request) (*http.Response, error) { last = r.Header; return shared, nil },
		"one answer, with its request": func(r *http.Request) (*http.Response, error) { last = r.Header; shared.Request = r; return shared, nil },
	} {
		t.Run(name, func(t *testing.T) {
			shared.Request = nil
			client := &http.Client{Transport: httptrace.NewTransport(p, base)}
			if _, err := client.Do(request(t, "GET", "http://reviews/", nil, nil).WithContext(ctx)); err == nil || !strings.Contains(err.Error(), "10 redirects") {
				t.Errorf("the call ends with %v, want an error after 10 redirects", err)
			}
			if last.Get("Traceparent") == "" {
				t.Error("the last hop has no traceparent")
			}
		})
	}
	answer := &http.Response{StatusCode: 302}
	circle := request(t, "GET", "http://reviews/", nil, nil).WithContext(ctx)
	answer.Request, circle.Response = circle, answer
	chain := request(t, "GET", "http://reviews/", nil, nil).WithContext(ctx)
	for range 10_000 {
		next := *chain
		next.Response = &http.Response{Request: chain}
		chain = &next
	}
	for name, r := range map[string]*http.Request{"a circle": circle, "a long chain": chain} {
		h, _ := engine(p).CloneRequest(r)
		if h.Get("Authorization") != "" || h.Get("Traceparent") == "" {
			t.Errorf("after %s the request has %q, want traceparent and no authorization", name, h)
		}
		engine(p).ContextForRequest(r)
	}
}

// A Transport whose base is the default transport may become the default transport.
func TestTransportAsDefault(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	http.DefaultTransport = httptrace.NewTransport(p, nil)
	checkVerbatim(t, call(t, http.DefaultClient, handlerContext(t, p, 1), back.URL), inbound(1))
	http.DefaultClient.CloseIdleConnections()
}
