package httptrace_test

import (
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
)

// byHand has headers that a caller has set on its request. The context carries the same names.
func byHand() http.Header {
	return http.Header{"Accept": {"text/plain", "text/html"}, "End-User": {"mine"}, "Traceparent": {"stale"}, "X-B3-Flags": {"1"}}
}

// merged is the expected result of byHand and inbound(n).
func merged(n uint64) http.Header {
	h := inbound(n)
	h["End-User"] = []string{"mine"}
	return h
}

func TestTransportLeavesTheRequestAlone(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	req := request(t, "GET", s.URL, byHand(), nil).WithContext(handlerContext(t, p, 1))
	before := *req
	do(t, &http.Client{Transport: httptrace.NewTransport(p, nil)}, req)
	if !reflect.DeepEqual(*req, before) {
		t.Errorf("the request is\n%+v\nwant it unchanged:\n%+v", *req, before)
	}
	headerdiff.Check(t, byHand(), req.Header, "its header")
}

// Changes that the base makes to its headers do not affect the caller or other calls of the same inbound request.
func TestPromise4_TransportHandsOutCopies(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	vandal := roundTripFunc(func(r *http.Request) (*http.Response, error) {
		for _, values := range r.Header {
			_ = append(values, "appended") // would overwrite the next header, if the slice had capacity
		}
		resp, err := http.DefaultTransport.RoundTrip(r.Clone(r.Context()))
		for _, values := range r.Header {
			for i := range values {
				values[i] = "overwritten"
			}
		}
		return resp, err
	})
	client := &http.Client{Transport: httptrace.NewTransport(p, vandal)}
	tracer, _ := sdk()
	ctx := handlerContext(t, p, 1)
	local, span := tracer.Tracer("test").Start(ctx, "local")
	defer span.End()

	req := request(t, "GET", s.URL, byHand(), nil)
	for range 2 {
		resp, body := do(t, client, req.WithContext(ctx))
		checkVerbatim(t, echoed(t, resp, body), merged(1))
		resp, body = do(t, client, req.WithContext(local))
		checkNames(t, echoed(t, resp, body), trace.SpanContextFromContext(local))
	}
	headerdiff.Check(t, byHand(), req.Header, "the caller's header")
}

// A handler may change the headers of its own request.
func TestPromise4_InboundHeadersMayChange(t *testing.T) {
	p := propagation.MustNew(everything())
	back := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	front := serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			for i := range values {
				values[i] = "overwritten"
			}
			delete(r.Header, name)
		}
		forward(client, back.URL)(w, r)
	})))
	checkVerbatim(t, arrived(t, front.URL, inbound(1)), inbound(1))
}

// Many goroutines may send one request at the same time, as hedging clients do.
func TestTransportConcurrentCallsOfOneRequest(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	transport := httptrace.NewTransport(p, nil)
	req := request(t, "GET", s.URL, byHand(), nil).WithContext(handlerContext(t, p, 1))
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			resp, err := transport.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			checkVerbatim(t, decode(t, resp.Body), merged(1))
		})
	}
	wg.Wait()
}

// A caller may reuse a request, or a header, for calls of other inbound requests. It keeps no header of an earlier
// call.
func TestPromise5_ReusedRequestKeepsNothing(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	header := byHand()
	req := request(t, "GET", s.URL, nil, nil)
	req.Header = header
	for _, n := range []uint64{1, 2} {
		resp, body := do(t, client, req.WithContext(handlerContext(t, p, n)))
		checkVerbatim(t, echoed(t, resp, body), merged(n))
		again := request(t, "GET", s.URL, nil, nil).WithContext(handlerContext(t, p, n+10))
		again.Header = header
		resp, body = do(t, client, again)
		checkVerbatim(t, echoed(t, resp, body), merged(n+10))
	}
	header.Del("Traceparent")
	header.Del("X-B3-Flags")
	resp, body := do(t, client, req)
	checkVerbatim(t, echoed(t, resp, body), http.Header{"End-User": {"mine"}})
}

func TestTransportRetriedAfterPanicOfBase(t *testing.T) {
	p := propagation.MustNew(everything())
	s := serve(t, http.HandlerFunc(echo))
	calls := 0
	client := &http.Client{Transport: httptrace.NewTransport(p, roundTripFunc(func(r *http.Request) (*http.Response, error) {
		if calls++; calls == 1 {
			panic("in the base")
		}
		return http.DefaultTransport.RoundTrip(r)
	}))}
	req := request(t, "POST", s.URL, byHand(), strings.NewReader("payload")).WithContext(handlerContext(t, p, 1))
	func() {
		defer func() {
			if said := recover(); said != "in the base" {
				t.Errorf("recovered %v, want the base's panic", said)
			}
		}()
		client.Do(req)
	}()
	headerdiff.Check(t, byHand(), req.Header, "the header after the panic")
	req.Body, _ = req.GetBody()
	resp, body := do(t, client, req)
	checkVerbatim(t, echoed(t, resp, body), merged(1))
}
