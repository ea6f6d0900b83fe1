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

// Each hop of a redirect carries the headers, to other hosts too, and the body where
// the status asks for it.
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
					t.Errorf("the first hop's body is %q", body)
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

// With spans, each hop names its own.
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

// An application that tries again sends the same request again.
func TestTransportRetries(t *testing.T) {
	p := propagation.MustNew(everything())
	attempts := 0
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		attempts++
		checkVerbatim(t, r.Header, inbound(1))
		if body, _ := io.ReadAll(r.Body); string(body) != "payload" {
			t.Errorf("attempt %d: the body is %q", attempts, body)
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

// net/http itself tries again when a connection that it kept turns out to be dead.
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
		t.Errorf("%d requests arrived, want 3: one, one lost, and that again", n)
	}
}
