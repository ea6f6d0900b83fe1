package httptrace_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/callsite"
	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// TestRestartedTrace: which local spans of another trace are a loss.
func TestRestartedTrace(t *testing.T) {
	provider, _ := sdk()
	tracer := provider.Tracer("")
	p, book := watched(everything())
	call := func(ctx context.Context) {
		t.Helper()
		if _, err := httptrace.NewTransport(p, new(trip)).RoundTrip(outgoing(t, ctx, inside)); err != nil {
			t.Fatal(err)
		}
	}
	start := func(ctx context.Context, opts ...trace.SpanStartOption) context.Context {
		ctx, span := tracer.Start(ctx, "span", opts...)
		t.Cleanup(func() { span.End() })
		return ctx
	}
	captured := inboundOf(p, inbound(1))
	root := trace.WithNewRoot()
	link := trace.WithLinks(trace.Link{SpanContext: trace.SpanContextFromContext(captured)})
	another := trace.WithLinks(trace.Link{SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})})
	extract := func(ctx context.Context) context.Context { return p.ExtractHTTP(ctx, inbound(1)) }
	b3 := http.Header{"X-B3-Traceid": {traceID(7)}, "X-B3-Spanid": {spanID(7)}, "Traceparent": inbound(1)["Traceparent"]}
	ofB3 := trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: must(trace.TraceIDFromHex(traceID(7))), SpanID: trace.SpanID{1}, TraceFlags: 1,
	}))
	dropping := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())).Tracer("")
	dropped, _ := dropping.Start(captured, "dropped", root)

	const lost, fine = true, false
	for name, test := range map[string]struct {
		ctx  context.Context
		want bool
	}{
		"the caller's trace":                      {start(captured), fine},
		"a new root":                              {start(captured, root), lost},
		"a child of it":                           {start(start(captured, root)), lost},
		"a new root that links":                   {start(captured, root, link), fine},
		"a new root that links elsewhere":         {start(captured, root, another), lost},
		"a span before":                           {extract(start(context.Background())), lost},
		"a span before, that links":               {extract(start(context.Background(), link)), fine},
		"a child of that":                         {start(extract(start(context.Background(), link))), fine},
		"restarted by trust":                      {start(p.ExtractHTTPTrust(context.Background(), inbound(1), propagation.Restart)), fine},
		"ignored by trust":                        {start(p.ExtractHTTPTrust(context.Background(), inbound(1), propagation.Ignore)), fine},
		"demoted":                                 {start(propagation.Demote(captured), root), fine},
		"only the decision distrusted":            {start(p.ExtractHTTPTrust(context.Background(), inbound(1), propagation.DistrustSampling), root), lost},
		"the trace of another received format":    {start(p.ExtractHTTP(start(ofB3), b3)), fine},
		"no ids received":                         {start(inboundOf(p, http.Header{"X-Request-Id": {"x"}})), fine},
		"a decision received":                     {start(inboundOf(p, http.Header{"B3": {"1"}}), root), fine},
		"a span that the SDK dropped":             {dropped, lost},
		"a job's copy":                            {start(propagation.Copy(context.Background(), captured)), fine},
		"a child of a linked one, not told apart": {start(start(captured, root, link)), lost},
		"a linked one before, and a copy of it":   {start(propagation.Copy(context.Background(), extract(start(context.Background(), link))), root), fine},
		"a new root without a capture":            {start(inboundOf(p, nil), root), fine},
		"a job's span":                            {start(context.Background()), fine},
		"a child of a job's span":                 {start(start(context.Background()), trace.WithSpanKind(trace.SpanKindClient)), fine},
	} {
		t.Run(name, func(t *testing.T) {
			call(test.ctx)
			if test.want == lost {
				book.expect(t, propagation.LostTrace)
			} else {
				book.expect(t)
			}
		})
	}
	call(start(context.Background(), trace.WithSpanKind(trace.SpanKindClient))) // as otelhttp's transport outside starts it
	book.expect(t, propagation.LostContext)
	call(start(inboundOf(p, nil), trace.WithSpanKind(trace.SpanKindClient)))
	book.expect(t)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestOtelhttpOrders: the right orders lose nothing, whichever component starts the spans. A public endpoint restarts
// traces on purpose.
func TestOtelhttpOrders(t *testing.T) {
	provider, _ := sdk()
	w3c := otelprop.TraceContext{}
	back := serve(t, http.HandlerFunc(echo))
	for name, test := range map[string]struct {
		server, client []otelhttp.Option
		outside        bool // otelhttp's handler is outside
		inside         bool // otelhttp's transport is inside
		want           []propagation.LossReason
	}{
		"middleware outside":                    {want: nil},
		"handler outside":                       {outside: true},
		"handler outside without a propagator":  {outside: true, server: []otelhttp.Option{otelhttp.WithPropagators(otelprop.Baggage{})}, want: []propagation.LossReason{propagation.LostTrace}},
		"handler outside, public endpoint":      {outside: true, server: []otelhttp.Option{otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true })}},
		"transport inside":                      {inside: true, want: []propagation.LossReason{propagation.LostOrder}},
		"transport inside, with our propagator": {inside: true, client: []otelhttp.Option{otelhttp.WithPropagators(nil)}},
		"transport inside, with none":           {inside: true, client: []otelhttp.Option{otelhttp.WithPropagators(otelprop.Baggage{})}},
	} {
		for _, headers := range []http.Header{inbound(1), {"Traceparent": inbound(1)["Traceparent"]}} {
			t.Run(name, func(t *testing.T) {
				c := everything()
				c.Formats = []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.RequestID}
				p, book := watched(c)
				with := func(opts []otelhttp.Option) []otelhttp.Option {
					if name == "transport inside, with our propagator" && opts != nil {
						opts = []otelhttp.Option{otelhttp.WithPropagators(p)}
					}
					return append([]otelhttp.Option{otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(w3c)}, opts...)
				}
				transport := http.RoundTripper(otelhttp.NewTransport(httptrace.NewTransport(p, nil), with(test.client)...))
				if test.inside {
					transport = httptrace.NewTransport(p, otelhttp.NewTransport(http.DefaultTransport, with(test.client)...))
				}
				h := http.Handler(forward(&http.Client{Transport: transport}, back.URL))
				if test.outside {
					h = otelhttp.NewHandler(httptrace.Middleware(p)(h), "server", with(test.server)...)
				} else {
					h = httptrace.Middleware(p)(otelhttp.NewHandler(h, "server", with(test.server)...))
				}
				front := serve(t, h)
				exchange(t, front.URL, headers)
				book.expect(t, test.want...)
			})
		}
	}
}

// TestNothingToOverwrite: if nothing was received and no span ran, a span that an inner transport starts is no loss.
func TestNothingToOverwrite(t *testing.T) {
	provider, _ := sdk()
	p, book := watched(everything())
	inner := otelhttp.NewTransport(http.DefaultTransport, otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(otelprop.TraceContext{}))
	client := &http.Client{Transport: httptrace.NewTransport(p, inner)}
	got := arrived(t, serve(t, httptrace.Middleware(p)(forward(client, serve(t, http.HandlerFunc(echo)).URL))).URL, nil)
	if got.Get("Traceparent") == "" {
		t.Error("the inner transport started no span")
	}
	book.expect(t)
}

// TestRequestOver: which contexts that have ended are a loss.
func TestRequestOver(t *testing.T) {
	p, book := watched(propagation.Config{})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	back := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-r.Context().Done()
		}
	}))
	call := func(ctx context.Context, path string) {
		if resp, err := client.Do(outgoing(t, ctx, back.URL+path)); err == nil {
			resp.Body.Close()
		}
	}
	var later sync.WaitGroup
	var ended chan struct{}
	for name, test := range map[string]struct {
		handle func(w http.ResponseWriter, r *http.Request)
		want   []propagation.LossReason
	}{
		"a call after the handler": {func(_ http.ResponseWriter, r *http.Request) {
			later.Go(func() { <-ended; call(r.Context(), "") })
		}, []propagation.LossReason{propagation.LostTime}},
		"a call that the handler's end cancels": {func(_ http.ResponseWriter, r *http.Request) {
			begun := make(chan struct{})
			later.Go(func() { close(begun); call(r.Context(), "/slow") })
			<-begun
			time.Sleep(20 * time.Millisecond)
		}, []propagation.LossReason{propagation.LostTime}},
		"after a panic": {func(_ http.ResponseWriter, r *http.Request) {
			later.Go(func() { <-ended; call(r.Context(), "") })
			panic(http.ErrAbortHandler)
		}, []propagation.LossReason{propagation.LostTime}},
		"a Copy": {func(_ http.ResponseWriter, r *http.Request) {
			later.Go(func() { <-ended; call(propagation.Copy(context.Background(), r.Context()), "") })
		}, nil},
		"WithoutCancel": {func(_ http.ResponseWriter, r *http.Request) {
			later.Go(func() { <-ended; call(context.WithoutCancel(r.Context()), "") })
		}, nil},
		"WithoutCancel that is canceled by itself": {func(_ http.ResponseWriter, r *http.Request) {
			later.Go(func() {
				<-ended
				ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
				cancel()
				call(ctx, "")
			})
		}, nil},
		"canceled by the handler": {func(_ http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithCancel(r.Context())
			cancel()
			call(ctx, "")
		}, nil},
		"a timeout of the handler": {func(_ http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), 10*time.Millisecond)
			defer cancel()
			call(ctx, "/slow")
		}, nil},
		"a context that another function made of the request's": {func(_ http.ResponseWriter, r *http.Request) {
			later.Go(func() { <-ended; call(propagation.Demote(r.Context()), "") })
		}, []propagation.LossReason{propagation.LostTime}},
	} {
		for _, order := range []string{"Middleware", "two of them", "otelhttp with our propagator outside"} {
			t.Run(name+"/"+order, func(t *testing.T) {
				ended = make(chan struct{})
				h := httptrace.Middleware(p)(http.HandlerFunc(test.handle))
				switch order {
				case "two of them":
					h = httptrace.Middleware(p)(h)
				case "otelhttp with our propagator outside":
					h = otelhttp.NewHandler(h, "server", otelhttp.WithPropagators(p))
				}
				front := httptest.NewServer(h)
				if resp, err := front.Client().Do(request(t, "GET", front.URL, inbound(1), nil)); err == nil {
					resp.Body.Close()
				}
				front.Close() // waits for the connection; its goroutine ends the request
				close(ended)
				later.Wait()
				book.expect(t, test.want...)
			})
		}
	}
}

// TestClientGone: a request whose client has gone is not over.
func TestClientGone(t *testing.T) {
	p, book := watched(propagation.Config{})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	done := make(chan error)
	front := serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		_, err := client.Do(outgoing(t, r.Context(), inside))
		done <- err
	})))
	req := request(t, "GET", front.URL, inbound(1), nil)
	ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
	defer cancel()
	front.Client().Do(req.WithContext(ctx))
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("the call returned %v, want context.Canceled", err)
	}
	book.expect(t)
}

// TestLossWithoutServer: in a test without a server, the context of an extracted request counts as a request's context.
func TestLossWithoutServer(t *testing.T) {
	p, book := watched(propagation.Config{})
	target := must(url.Parse(inside))
	handler := forward(&http.Client{Transport: httptrace.NewTransport(p, new(trip))}, inside)
	for name, h := range map[string]http.Handler{
		"Middleware": httptrace.Middleware(p)(handler),
		"Rewrite": &httputil.ReverseProxy{
			Transport: httptrace.NewTransport(p, new(trip)),
			Rewrite:   httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) }),
		},
	} {
		for _, headers := range []http.Header{inbound(1), {}} {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = headers
			h.ServeHTTP(httptest.NewRecorder(), r)
			if losses := book.take(); len(losses) > 0 {
				t.Errorf("%s: reported %v, want no losses", name, losses)
			}
		}
	}
}

// TestCopyOfNothing: a job of a request without headers is not counted as a call without a context.
func TestCopyOfNothing(t *testing.T) {
	p, book := watched(propagation.Config{})
	client := &http.Client{Transport: httptrace.NewTransport(p, new(trip))}
	var later sync.WaitGroup
	front := serve(t, httptrace.Middleware(p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx := propagation.Copy(context.Background(), r.Context())
		later.Go(func() { client.Do(outgoing(t, ctx, inside)) })
	})))
	exchange(t, front.URL, nil)
	later.Wait()
	book.expect(t)
	if n := p.Stats().Total(propagation.NothingReceived); n != 1 {
		t.Errorf("%d calls were counted, want 1", n)
	}
}

// TestRewriteLoses: a proxy behind a restarted trace reports the loss once, also with a Transport of ours.
func TestRewriteLoses(t *testing.T) {
	p, book := watched(propagation.Config{})
	provider, _ := sdk()
	target := must(url.Parse(inside))
	proxy := &httputil.ReverseProxy{
		Transport: httptrace.NewTransport(p, new(trip)),
		Rewrite:   httptrace.Rewrite(p, func(r *httputil.ProxyRequest) { r.SetURL(target) }),
	}
	h := otelhttp.NewHandler(proxy, "proxy", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(otelprop.Baggage{}))
	front := serve(t, h)
	exchange(t, front.URL, inbound(1))
	book.expect(t, propagation.LostTrace)
}

// TestLossPlace: InjectHTTPTo reports the line of its caller, too.
func TestLossPlace(t *testing.T) {
	p, book := watched(propagation.Config{})
	_, file, line, _ := runtime.Caller(0)
	p.InjectHTTPTo(context.Background(), must(url.Parse(inside)), http.Header{})
	losses := book.take()
	if len(losses) != 1 || losses[0].File != file || losses[0].Line != line+1 || losses[0].Destination != "reviews:9080" || losses[0].InHandler ||
		!strings.HasSuffix(losses[0].Function, "TestLossPlace") {
		t.Errorf("reported %+v, want line %d", losses, line+1)
	}
}

// TestLossIsBounded: text in a Loss that others choose is shortened, and only part of a deep stack is read.
func TestLossIsBounded(t *testing.T) {
	p, book := watched(propagation.Config{})
	r := outgoing(t, context.Background(), "http://"+strings.Repeat("a", 10000))
	r.Method = strings.Repeat("M", 10000)
	var deep func(n int)
	deep = func(n int) {
		if n > 0 {
			deep(n - 1)
			return
		}
		httptrace.NewTransport(p, new(trip)).RoundTrip(r)
	}
	deep(100000)
	if losses := book.take(); len(losses) != 1 || len(losses[0].Destination) != 256 || len(losses[0].Method) != 256 || losses[0].Line == 0 {
		t.Errorf("reported %.1000v, want one loss with a line and texts of 256 bytes", losses)
	}
}

// TestPanicInLost: the request continues, and the panic is counted.
func TestPanicInLost(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{Lost: func(context.Context, propagation.Loss) { panic("lost") }}})
	base := new(trip)
	for _, rt := range []http.RoundTripper{httptrace.NewTransport(p, base), httptrace.Guard(p, base)} {
		base.got = nil
		if _, err := rt.RoundTrip(outgoing(t, context.Background(), inside)); err != nil || base.got == nil {
			t.Errorf("the request failed with %v, want that it is sent", err)
		}
	}
	if got := p.Stats().Total(propagation.Panicked); got != 2 {
		t.Errorf("%d panics counted, want 2", got)
	}
}

// TestLossesAtOnce: many goroutines lose headers at once (run with -race).
func TestLossesAtOnce(t *testing.T) {
	p, book := watched(propagation.Config{})
	const requests, calls = 50, 4
	var later sync.WaitGroup
	base := roundTripperFunc(func(r *http.Request) (*http.Response, error) { return new(trip).RoundTrip(r) })
	client := &http.Client{Transport: httptrace.NewTransport(p, httptrace.Guard(p, base))}
	bare := &http.Client{Transport: httptrace.Guard(p, base)}
	h := httptrace.Middleware(p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for range calls {
			later.Go(func() {
				client.Do(outgoing(t, r.Context(), inside))
				bare.Do(outgoing(t, r.Context(), inside))
				client.Get(inside)
			})
		}
	}))
	for range requests {
		later.Go(func() {
			r := httptest.NewRequest("GET", "/", nil)
			r.Header = inbound(1)
			h.ServeHTTP(httptest.NewRecorder(), r)
		})
	}
	later.Wait()
	if got := len(book.take()); got != 2*requests*calls {
		t.Errorf("%d losses, want %d", got, 2*requests*calls)
	}
	if got := p.Stats(); got.Captured() != requests || got.Carried() != requests*calls {
		t.Errorf("counted %v, want each request captured and each call carried", got)
	}
}

// TestNoListenerNoWalk: without Observer.Lost, the library reads no stack, whatever is lost.
func TestNoListenerNoWalk(t *testing.T) {
	before := callsite.Walks()
	heard := 0
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{
		Outcome: func(context.Context, propagation.Format, propagation.Outcome) { heard++ },
	}})
	for _, rt := range []http.RoundTripper{httptrace.NewTransport(p, new(trip)), httptrace.Guard(p, new(trip))} {
		rt.RoundTrip(outgoing(t, context.Background(), inside))
		rt.RoundTrip(outgoing(t, inboundOf(p, inbound(1)), inside))
	}
	if walks := callsite.Walks() - before; walks != 0 || heard != 1 {
		t.Errorf("%d stacks were read, want 0; Observer.Outcome was called %d times, want 1", walks, heard)
	}
}

// TestServedAllocatesNothing: recognising the context of a net/http handler allocates nothing.
func TestServedAllocatesNothing(t *testing.T) {
	eachProtocol(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithValue(context.WithoutCancel(r.Context()), trip{}, 1), time.Minute)
		defer cancel()
		if !ctxkey.Served(ctx) || ctxkey.Served(context.Background()) {
			t.Error("Served does not tell a handler's context from another one")
		}
		if n := testing.AllocsPerRun(100, func() { ctxkey.Served(ctx); ctxkey.Served(context.Background()) }); n != 0 && !race.Enabled {
			t.Errorf("Served costs %v allocations, want 0", n)
		}
	}), func(t *testing.T, s *httptest.Server) { do(t, s.Client(), request(t, "GET", s.URL, nil, nil)) })
}
