package fasthttptrace_test

import (
	"context"
	"net"
	"net/http"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

// dialing returns a client that reaches a recorder under every host name.
func dialing(p *propagation.Propagator, next *recorder) *fasthttp.Client {
	client := newClient(p)
	client.Dial = func(string) (net.Conn, error) { return net.Dial("tcp", next.host) }
	return client
}

// captured returns a context with the headers of the n-th caller.
func captured(p *propagation.Propagator, n int) context.Context {
	return p.ExtractHTTP(context.Background(), received(n))
}

// TestDestinations: an external host gets no user data, but gets the headers that a rule allows.
func TestDestinations(t *testing.T) {
	config := everything()
	config.Destinations = []propagation.Destination{
		{Hosts: []string{"partner.example.com"}, Formats: []propagation.Format{propagation.W3C}, Headers: []string{"end-user"}},
		{Hosts: []string{"closed.example.com:80"}, Formats: []propagation.Format{}},
	}
	p, next := propagation.MustNew(config), record(t)
	client := dialing(p, next)
	for url, want := range map[string][]string{
		"http://partner.example.com/": {"End-User", "Traceparent", "Tracestate"},
		"http://closed.example.com/":  {},
	} {
		if err := call(client, captured(p, 1), url); err != nil {
			t.Fatal(err)
		}
		wanted := http.Header{}
		for _, name := range want {
			wanted[name] = received(1)[name]
		}
		headerdiff.Check(t, wanted, next.next(t), "%s: ", url)
	}
	if err := call(client, captured(p, 1), "http://api.example.com/"); err != nil {
		t.Fatal(err)
	}
	arrived := next.next(t)
	for _, name := range []string{"Baggage", "End-User", "X-Company-Team", "X-Api-Key", "X-Envoy-Force-Trace", "Uberctx-User"} {
		if arrived[name] != nil {
			t.Errorf("an external host gets %s: %q, want no such header", name, arrived[name])
		}
	}
	if arrived.Get("Traceparent") == "" || arrived.Get("X-Request-Id") == "" {
		t.Errorf("an external host gets %q, want traceparent and x-request-id", arrived)
	}
	if err := call(client, captured(p, 1), "http://cart/"); err != nil {
		t.Fatal(err)
	}
	headerdiff.Check(t, received(1), next.next(t), "an internal host: ")
}

// TestAddr: the address that a HostClient dials is the destination. The host of the URI is not.
func TestAddr(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	for _, row := range []struct {
		addr, url string
		baggage   bool
	}{
		{"api.example.com:80", "http://cart/", false},
		{"cart:80", "http://api.example.com/", true},
		{"cart:80,api.example.com:80", "http://cart/", false},
	} {
		client := &fasthttp.HostClient{Addr: row.addr, Transport: fasthttptrace.NewTransport(p, nil)}
		client.Dial = func(string) (net.Conn, error) { return net.Dial("tcp", next.host) }
		req := fasthttp.AcquireRequest()
		req.SetRequestURI(row.url)
		fasthttptrace.SetContext(req, captured(p, 1))
		if err := client.Do(req, nil); err != nil {
			t.Fatal(err)
		}
		if got := next.next(t)["Baggage"] != nil; got != row.baggage {
			t.Errorf("%s dials %s: baggage is sent: %v, want %v", row.url, row.addr, got, row.baggage)
		}
	}
}

// TestRedirects: the rules apply to the host of each hop, and another host gets no credential.
func TestRedirects(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	for target, want := range map[string]struct{ baggage, key bool }{
		"http://cart/end":            {true, true},
		"http://orders/end":          {true, false},
		"http://api.example.com/end": {false, false},
	} {
		front := serve(t, func(rc *fasthttp.RequestCtx) { rc.Redirect(target, fasthttp.StatusFound) })
		client := newClient(p)
		var dialed []string
		client.Dial = func(addr string) (net.Conn, error) {
			if dialed = append(dialed, addr); len(dialed) == 1 {
				return net.Dial("tcp", front[len("http://"):])
			}
			return net.Dial("tcp", next.host)
		}
		req := fasthttp.AcquireRequest()
		req.SetRequestURI("http://cart/begin")
		req.SetConnectionClose() // so that the second hop dials, too
		fasthttptrace.SetContext(req, captured(p, 1))
		if err := client.DoRedirects(req, fasthttp.AcquireResponse(), 3); err != nil {
			t.Fatal(err)
		}
		arrived := next.next(t)
		if got := arrived["Baggage"] != nil; got != want.baggage {
			t.Errorf("after a redirect to %s, baggage is sent: %v, want %v", target, got, want.baggage)
		}
		if got := arrived["X-Api-Key"] != nil; got != want.key {
			t.Errorf("after a redirect to %s, the credential is sent: %v, want %v", target, got, want.key)
		}
		if !slices.Equal(arrived["Traceparent"], received(1)["Traceparent"]) {
			t.Errorf("after a redirect to %s, traceparent is %q, want it unchanged", target, arrived["Traceparent"])
		}
	}
}

// TestSigned: a signed request to an external host is sent unchanged.
func TestSigned(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	client := dialing(p, next)
	for url, authorization := range map[string]string{
		"http://bucket.example.com/?X-Amz-Signature=0": "", "http://bucket.example.com/": "AWS4-HMAC-SHA256 Signature=0",
	} {
		req := fasthttp.AcquireRequest()
		req.SetRequestURI(url)
		want := http.Header{}
		if authorization != "" {
			req.Header.Set("Authorization", authorization)
			want.Set("Authorization", authorization)
		}
		fasthttptrace.SetContext(req, captured(p, 1))
		if err := client.Do(req, nil); err != nil {
			t.Fatal(err)
		}
		headerdiff.Check(t, want, next.next(t), "%s: ", url)
	}
}

// TestRequestUsedAgain: after a call, a request has no headers of the call, and still has the headers that were set by
// hand.
func TestRequestUsedAgain(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	client := newClient(p)
	req := fasthttp.AcquireRequest()
	req.SetRequestURI(next.url)
	req.Header.SetUserAgent("test")
	byHand := http.Header{"Baggage": {"own=1", "own=2"}, "X-Request-Id": {"own"}, "Accept": {"text/plain"}}
	for name, lines := range byHand {
		for _, line := range lines {
			req.Header.Add(name, line)
		}
	}
	req.Header.SetCanonical([]byte("tRaCePaReNt"), []byte("stale")) // Del does not find this spelling
	byHand["tRaCePaReNt"] = []string{"stale"}
	for n := range 3 {
		want := received(n)
		want["Baggage"], want["X-Request-Id"], want["Accept"] = byHand["Baggage"], byHand["X-Request-Id"], byHand["Accept"]
		fasthttptrace.SetContext(req, captured(p, n))
		if err := client.Do(req, nil); err != nil {
			t.Fatal(err)
		}
		headerdiff.Check(t, want, next.next(t), "call %d: ", n)
		left := http.Header{}
		for name, line := range req.Header.All() {
			left[string(name)] = append(left[string(name)], string(line))
		}
		delete(left, "Host")
		delete(left, "User-Agent")
		headerdiff.Check(t, byHand, left, "after call %d: ", n)
	}
	fasthttptrace.SetContext(req, nil)
	if err := client.Do(req, nil); err != nil {
		t.Fatal(err)
	}
	want := http.Header{"Traceparent": {"stale"}}
	for _, name := range []string{"Baggage", "X-Request-Id", "Accept"} {
		want[name] = byHand[name]
	}
	headerdiff.Check(t, want, next.next(t), "without a context: ")
}

// TestRetry: a retry after a failed attempt sends the same headers once.
func TestRetry(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	client, dials := newClient(p), 0
	client.Dial = func(string) (net.Conn, error) {
		if dials++; dials == 1 {
			mine, theirs := net.Pipe()
			go func() {
				theirs.Read(make([]byte, 1<<16))
				theirs.Close()
			}()
			return mine, nil
		}
		return net.Dial("tcp", next.host)
	}
	if err := call(client, captured(p, 1), "http://cart/"); err != nil {
		t.Fatal(err)
	}
	headerdiff.Check(t, received(1), next.next(t), "")
	if dials != 2 {
		t.Errorf("dialed %d times, want a failed attempt and a second one", dials)
	}
}
