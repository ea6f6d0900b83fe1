package httptrace_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	otelpropagation "go.opentelemetry.io/otel/propagation"
)

// handlerContext returns the context of a handler that serves request n.
func handlerContext(t testing.TB, p *propagation.Propagator, n uint64) context.Context {
	ctx, _ := cancellable(t)
	return p.ExtractHTTP(ctx, inbound(n))
}

// call makes a request with ctx, and returns the headers that arrived.
func call(t testing.TB, client *http.Client, ctx context.Context, url string) http.Header {
	t.Helper()
	resp, body := do(t, client, request(t, "GET", url, nil, nil).WithContext(ctx))
	return echoed(t, resp, body)
}

// roundTripFunc is a RoundTripper that also does something else.
type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestTransportNilBase(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil, nil)}
	checkVerbatim(t, call(t, client, handlerContext(t, p, 1), s.URL), inbound(1))

	// The default transport is looked up for each request.
	sent := 0
	before := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = before })
	http.DefaultTransport = roundTripFunc(func(r *http.Request) (*http.Response, error) {
		sent++
		return before.RoundTrip(r)
	})
	call(t, client, handlerContext(t, p, 1), s.URL)
	if sent != 1 {
		t.Errorf("%d requests went through the new http.DefaultTransport, want 1", sent)
	}
}

func TestTransportOverHTTP2(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serveHTTP2(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, s.Client().Transport)}
	checkVerbatim(t, call(t, client, handlerContext(t, p, 1), s.URL), inbound(1))
}

func TestTransportCarriesNothing(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	ctx := handlerContext(t, p, 1)
	for name, transport := range map[string]*httptrace.Transport{
		"zero":           {},
		"nil Propagator": httptrace.NewTransport(nil, nil),
		"no formats":     httptrace.NewTransport(propagation.MustNew(propagation.Config{Formats: []propagation.Format{}}), nil),
	} {
		t.Run(name, func(t *testing.T) {
			checkVerbatim(t, call(t, &http.Client{Transport: transport}, ctx, s.URL), nil)
			transport.CloseIdleConnections()
		})
	}
}

// client.Get has no context, so it carries nothing. It is counted, so that users find it.
func TestTransportCountsNoContext(t *testing.T) {
	p := propagation.MustNew(everything())
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	back := serve(t, http.HandlerFunc(echo))
	front := serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/right" {
			forward(client, back.URL)(w, r)
			return
		}
		resp, err := client.Get(back.URL)
		if err != nil {
			t.Error(err)
			return
		}
		defer resp.Body.Close()
		io.Copy(w, resp.Body)
	})))
	counted := func() uint64 { return p.Stats().Count(0, propagation.NoContext) }

	checkVerbatim(t, arrived(t, front.URL+"/right", inbound(1)), inbound(1))
	if n := counted(); n != 0 {
		t.Errorf("a call with the handler's context was counted as NoContext %d times, want 0", n)
	}
	checkVerbatim(t, arrived(t, front.URL+"/wrong", inbound(1)), nil)
	if n := counted(); n != 1 {
		t.Errorf("client.Get was counted %d times, want once", n)
	}
}

// A call with a handler's context that has nothing to carry is no mistake. It is counted separately, at no cost.
func TestTransportCountsNothingReceived(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	eachProtocol(t, httptrace.Middleware(p)(forward(&http.Client{Transport: httptrace.NewTransport(p, nil)}, back.URL)), func(t *testing.T, s *httptest.Server) {
		before := p.Stats()
		resp, body := do(t, s.Client(), request(t, "GET", s.URL, nil, nil))
		checkVerbatim(t, echoed(t, resp, body), nil)
		now := p.Stats()
		if now.Count(0, propagation.NothingReceived) != before.Count(0, propagation.NothingReceived)+1 || now.Count(0, propagation.NoContext) != 0 {
			t.Errorf("counted %v, want one NothingReceived more than before: %v", now, before)
		}
	})
	ctx := context.WithValue(context.Background(), http.ServerContextKey, new(http.Server))
	h := http.Header{"Accept": {"*/*"}}
	if n := testing.AllocsPerRun(100, func() { engine(p).CloneHTTP(ctx, h) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func TestTransportSharedClient(t *testing.T) {
	p, q := propagation.MustNew(everything()), propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for _, n := range []uint64{1, 2, 1} {
		checkVerbatim(t, call(t, client, handlerContext(t, p, n), s.URL), inbound(n))
		checkVerbatim(t, call(t, client, handlerContext(t, q, n+10), s.URL), inbound(n+10))
		checkVerbatim(t, call(t, client, t.Context(), s.URL), nil)
	}
}

func TestTransportByHand(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	const mine = "by-hand"
	for name, stays := range map[string]bool{
		"X-Request-Id": true, "Baggage": true, "End-User": true, "Uberctx-User": true,
		// http.Header.Set does not make this spelling
		"x-request-id": true, "baggage": true, "end-user": true, "uberctx-user": true,
		"Traceparent": false, "Tracestate": false, "B3": false, "X-B3-Traceid": false, "X-B3-Flags": false,
		"Grpc-Trace-Bin": false, "Uber-Trace-Id": false, "traceparent": false, "x-B3-sampled": false,
	} {
		t.Run(name, func(t *testing.T) {
			req := request(t, "GET", s.URL, nil, nil).WithContext(handlerContext(t, p, 1))
			req.Header[name] = []string{mine}
			resp, body := do(t, client, req)
			want := inbound(1)
			if stays {
				want.Set(name, mine)
			}
			checkVerbatim(t, echoed(t, resp, body), want)
		})
	}
}

// An OpenTelemetry propagator of Config.Also does not change headers of our formats.
func TestTransportAlso(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Also: []otelpropagation.TextMapPropagator{otelpropagation.Baggage{}}})
	s := serve(t, http.HandlerFunc(echo))
	came := http.Header{"Baggage": {"z=1 ; p = 2, a=%41", "c=3"}} // it would write these in one line and in another form
	ctx, _ := cancellable(t)
	checkVerbatim(t, call(t, &http.Client{Transport: httptrace.NewTransport(p, nil)}, p.ExtractHTTP(ctx, came), s.URL), came)
}

func TestTransportCloseIdleConnections(t *testing.T) {
	closed := make(chan struct{}, 8)
	s := start(t, http.HandlerFunc(echo), func(s *httptest.Server) {
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				closed <- struct{}{}
			}
		}
		s.Start()
	})
	client := &http.Client{Transport: httptrace.NewTransport(nil, &http.Transport{})}
	call(t, client, t.Context(), s.URL)
	client.CloseIdleConnections()
	ctx, _ := cancellable(t)
	select {
	case <-closed:
	case <-ctx.Done():
		t.Error("the idle connection stayed open")
	}
	// A base without the method is not called.
	httptrace.NewTransport(nil, roundTripFunc(http.DefaultTransport.RoundTrip)).CloseIdleConnections()
}

func TestTransportCancellation(t *testing.T) {
	p := propagation.MustNew(everything())
	ctx, cancel := context.WithCancel(handlerContext(t, p, 1))
	s := serve(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	resp, err := client.Do(request(t, "GET", s.URL, nil, nil).WithContext(ctx))
	if err == nil {
		resp.Body.Close()
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

// The base gets the caller's request body, and the caller gets the base's response body.
func TestPromise6_TransportWrapsNoBody(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	body := io.NopCloser(http.NoBody)
	var fromBase *http.Response
	transport := httptrace.NewTransport(p, roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if r.Body != body {
			t.Errorf("the base got another body of type %T, want the caller's", r.Body)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		fromBase = resp
		return resp, err
	}))
	req := request(t, "POST", s.URL, nil, body).WithContext(handlerContext(t, p, 1))
	resp, err := transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp != fromBase {
		t.Error("the caller got another response, want the base's")
	}
}
