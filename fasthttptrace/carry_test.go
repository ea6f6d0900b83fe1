package fasthttptrace_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
	"go.opentelemetry.io/otel/trace"
)

// callers are the ways in which a handler calls the next service.
func callers(p *propagation.Propagator, r *recorder) map[string]func(*fasthttp.RequestCtx) error {
	client, std := newClient(p), &http.Client{Transport: httptrace.NewTransport(p, nil)}
	host := &fasthttp.HostClient{Addr: r.host, Transport: fasthttptrace.NewTransport(p, nil)}
	balanced := &fasthttp.LBClient{Clients: []fasthttp.BalancingClient{host}}
	pipeline := &fasthttp.PipelineClient{Addr: r.host}
	return map[string]func(*fasthttp.RequestCtx) error{
		"Client": func(rc *fasthttp.RequestCtx) error { return call(client, fasthttptrace.Context(rc), r.url) },
		"LBClient": func(rc *fasthttp.RequestCtx) error {
			req := fasthttp.AcquireRequest()
			defer fasthttp.ReleaseRequest(req)
			req.SetRequestURI(r.url)
			fasthttptrace.SetContext(req, fasthttptrace.Context(rc))
			return balanced.Do(req, nil)
		},
		"PipelineClient": func(rc *fasthttp.RequestCtx) error {
			req := fasthttp.AcquireRequest()
			defer fasthttp.ReleaseRequest(req)
			req.SetRequestURI(r.url)
			fasthttptrace.Inject(fasthttptrace.Context(rc), p, req)
			return pipeline.Do(req, nil)
		},
		"proxy": func(rc *fasthttp.RequestCtx) error {
			rc.Request.SetHost(r.host)
			return client.Do(&rc.Request, &rc.Response)
		},
		"net/http": func(rc *fasthttp.RequestCtx) error {
			req, err := http.NewRequestWithContext(fasthttptrace.Context(rc), "GET", r.url, nil)
			if err != nil {
				return err
			}
			resp, err := std.Do(req)
			if err != nil {
				return err
			}
			return resp.Body.Close()
		},
	}
}

// TestVerbatim: every line of every format arrives byte for byte, whichever client calls and however fasthttp spells
// names.
func TestVerbatim(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	for name, do := range callers(p, next) {
		for _, raw := range []bool{false, true} {
			t.Run(name+map[bool]string{true: ", raw names"}[raw], func(t *testing.T) {
				handler := func(rc *fasthttp.RequestCtx) {
					if err := do(rc); err != nil {
						rc.Error(err.Error(), http.StatusBadGateway)
					}
				}
				url := serveWith(t, &fasthttp.Server{Handler: fasthttptrace.Middleware(p)(handler), DisableHeaderNamesNormalizing: raw})
				send(t, url, received(1))
				headerdiff.Check(t, received(1), next.next(t), "")
			})
		}
	}
}

// TestEachFormat: each format arrives as received when it is the only one.
func TestEachFormat(t *testing.T) {
	for _, format := range propagation.AllFormats() {
		p, next := propagation.MustNew(propagation.Config{Formats: []propagation.Format{format}}), record(t)
		client := newClient(p)
		url := serve(t, fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) {
			if err := call(client, fasthttptrace.Context(rc), next.url); err != nil {
				t.Error(err)
			}
		}))
		send(t, url, received(2))
		headerdiff.Check(t, samples.Headers(samples.New(2), []propagation.Format{format}), next.next(t), "%s: ", format)
	}
}

// TestLocalSpan: if there is a local span, each sent format that names a span names the local span.
func TestLocalSpan(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	caller := samples.New(3)
	id, err := trace.TraceIDFromHex(caller.TraceID())
	if err != nil {
		t.Fatal(err)
	}
	local := trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1, 2, 3, 4, 5, 6, 7, 8}, TraceFlags: trace.FlagsSampled})
	for name, do := range callers(p, next) {
		url := serve(t, fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) {
			fasthttptrace.SetContext(&rc.Request, trace.ContextWithSpanContext(fasthttptrace.Context(rc), local))
			if err := do(rc); err != nil {
				t.Error(err)
			}
		}))
		send(t, url, received(3))
		arrived, named := next.next(t), 0
		for _, format := range propagation.AllFormats() {
			traceID, span, _, ok := samples.Span(format.String(), arrived.Get)
			if samples.SpanHeader(format.String()) == "" {
				continue
			}
			named++
			if !ok || !strings.HasSuffix(caller.TraceID(), traceID) || span != local.SpanID().String() {
				t.Errorf("%s: %s names the span %s of trace %s, want the local span", name, format, span, traceID)
			}
		}
		if named < 10 || !slices.Equal(arrived["Baggage"], received(3)["Baggage"]) || arrived.Get("X-Request-Id") != received(3).Get("X-Request-Id") {
			t.Errorf("%s: %d formats name a span, want at least 10; baggage and x-request-id must arrive unchanged, and the headers are %q", name, named, arrived)
		}
	}
}

// TestNothingReceived: a request without headers is an inbound request, and its calls carry nothing. A call without a
// request's context is counted separately.
func TestNothingReceived(t *testing.T) {
	p, next := propagation.MustNew(everything()), record(t)
	client := newClient(p)
	send(t, serve(t, fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) {
		if err := call(client, fasthttptrace.Context(rc), next.url); err != nil {
			t.Error(err)
		}
		if _, _, err := client.Get(nil, next.url); err != nil {
			t.Error(err)
		}
	})), nil)
	headerdiff.Check(t, http.Header{}, next.next(t), "")
	headerdiff.Check(t, http.Header{}, next.next(t), "")
	stats := p.Stats()
	if a, b := stats.Count(0, propagation.NothingReceived), stats.Count(0, propagation.NoContext); a != 1 || b != 1 {
		t.Errorf("counted %d calls with nothing received and %d without a context, want one each", a, b)
	}
}

// TestStats: requests and calls are counted like those of net/http.
func TestStats(t *testing.T) {
	p, next := propagation.MustNew(propagation.Config{}), record(t)
	client := newClient(p)
	url := serve(t, fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) {
		if err := call(client, fasthttptrace.Context(rc), next.url); err != nil {
			t.Error(err)
		}
	}))
	send(t, url, received(1))
	if s := p.Stats(); s.Captured() != 1 || s.Carried() != 1 || s.Uncarried() != 0 {
		t.Errorf("the counts are %s, want one captured request and one carried call", s)
	}
}

// TestOuterContext: the context that Middleware makes is a child of the context that an outer handler has set.
func TestOuterContext(t *testing.T) {
	type key struct{}
	p := propagation.MustNew(propagation.Config{})
	for name, h := range map[string]http.Header{"headers": received(1), "none": nil} {
		handler := fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) {
			if v := fasthttptrace.Context(rc).Value(key{}); v != name {
				t.Errorf("%s: the value of the outer context is %v, want the name", name, v)
			}
			fasthttptrace.SetContext(&rc.Request, nil)
			if ctx := fasthttptrace.Context(rc); ctx != context.Background() {
				t.Errorf("%s: after SetContext(nil) the context is %v, want context.Background", name, ctx)
			}
		})
		send(t, serve(t, func(rc *fasthttp.RequestCtx) {
			fasthttptrace.SetContext(&rc.Request, context.WithValue(context.Background(), key{}, name))
			handler(rc)
		}), h)
	}
}

// TestNilAndZero: a nil Propagator, the zero Inbound and the zero Transport carry nothing.
func TestNilAndZero(t *testing.T) {
	next := record(t)
	var in fasthttptrace.Inbound
	client := &fasthttp.Client{Transport: new(fasthttptrace.Transport)}
	send(t, serve(t, fasthttptrace.Middleware(nil)(func(rc *fasthttp.RequestCtx) {
		ctx := in.Begin(fasthttptrace.Context(rc), rc)
		defer in.End(ctx)
		if err := call(client, ctx, next.url); err != nil {
			t.Error(err)
		}
	})), received(1))
	headerdiff.Check(t, http.Header{}, next.next(t), "")
}

// TestLost: Observer.Lost gets the line of each call that loses headers.
func TestLost(t *testing.T) {
	var losses []propagation.Loss
	config := everything()
	config.Observer = &propagation.Observer{Lost: func(_ context.Context, l propagation.Loss) { losses = append(losses, l) }}
	p, next := propagation.MustNew(config), record(t)
	client := newClient(p)
	send(t, serve(t, fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) {
		for _, ctx := range []context.Context{fasthttptrace.Context(rc), rc} {
			if err := call(client, ctx, next.url); err != nil {
				t.Error(err)
			}
		}
		if err := lose(client, next.url); err != nil {
			t.Error(err)
		}
	})), received(1))
	if len(losses) != 2 {
		t.Fatalf("the losses are %v, want those of rc and of lose", losses)
	}
	l := losses[1]
	if l.Reason != propagation.LostContext || !l.InHandler || l.Destination != next.host || l.Method != "GET" || !strings.HasSuffix(l.Function, ".lose") {
		t.Errorf("the loss is %+v, want LostContext of a GET in the function lose", l)
	}
}

func lose(client *fasthttp.Client, url string) error {
	_, _, err := client.Get(nil, url)
	return err
}
