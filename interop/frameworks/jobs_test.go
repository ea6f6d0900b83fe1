package frameworks

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/fasthttptrace/fibertrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
	otel "go.opentelemetry.io/otel/propagation"
)

// everyFormat returns the headers of request n: a valid header of each format that has ids, and names under prefixes.
// Values of all requests have the same length. So each request overwrites the previous one in fasthttp's memory.
func everyFormat(n int) http.Header {
	trace, span := fmt.Sprintf("463ac35c9f6413ad%016x", n+1), fmt.Sprintf("a2fb4a1d1a9%05x", n)
	h := http.Header{}
	for name, value := range map[string]string{
		"traceparent": "00-" + trace + "-" + span + "-01", "tracestate": "vendor=" + span,
		"x-b3-traceid": trace, "x-b3-spanid": span, "x-b3-sampled": "1",
		"x-cloud-trace-context": trace + "/1;o=1", "x-request-id": span + "-7b1a-9d5e-8f57-" + span, "baggage": "user=" + span,
		"x-datadog-trace-id": fmt.Sprintf("1%018d", n), "x-datadog-parent-id": fmt.Sprintf("2%018d", n), "x-datadog-origin": span,
		"uber-trace-id": trace + ":" + span + ":0:1", "uberctx-user": span, fmt.Sprintf("uberctx-k%05d", n): span,
		"x-amzn-trace-id":   "Root=1-" + trace[:8] + "-" + trace[8:] + ";Parent=" + span + ";Sampled=1;Lineage=" + span,
		"ot-tracer-traceid": trace[16:], "ot-tracer-spanid": span, "ot-tracer-sampled": "true", "ot-baggage-user": span,
		"sw8": "1-" + span, "x-client-trace-id": span, "l5d-ctx-trace": span, "request-id": "|" + span + ".", "correlation-context": "k=" + span,
		"end-user": span,
	} {
		h.Set(name, value)
	}
	return h
}

// entry starts a server. It calls begin in the handler of each request, with the context that the handler gives to its
// job.
type entry func(t *testing.T, p *propagation.Propagator, begin func(context.Context)) (url string)

// overFastHTTP serves with a function that reads the headers of a request.
func overFastHTTP(extract func(*propagation.Propagator, *fasthttp.RequestCtx) context.Context) entry {
	return func(t *testing.T, p *propagation.Propagator, begin func(context.Context)) string {
		return serveFast(t, func(rc *fasthttp.RequestCtx) { begin(extract(p, rc)) })
	}
}

// overFiber is overFastHTTP for fiber.
func overFiber(config fiber.Config, extract func(*propagation.Propagator, *fiber.Ctx) context.Context) entry {
	config.DisableStartupMessage = true
	return func(t *testing.T, p *propagation.Propagator, begin func(context.Context)) string {
		app := fiber.New(config)
		app.Get("/", func(c *fiber.Ctx) error {
			begin(extract(p, c))
			return nil
		})
		return serveFiber(t, app)
	}
}

// TestJobs: with the code of the page, a job that outlives its request has that request's headers, although the server
// reuses the memory of the request.
func TestJobs(t *testing.T) {
	runJobs(t, map[string]entry{
		"fasthttp": func(t *testing.T, p *propagation.Propagator, begin func(context.Context)) string {
			return serveFast(t, fasthttptrace.Middleware(p)(func(rc *fasthttp.RequestCtx) { begin(fasthttptrace.Context(rc)) }))
		},
		"fasthttpadaptor": func(t *testing.T, p *propagation.Propagator, begin func(context.Context)) string {
			mux := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				begin(propagation.Copy(context.Background(), r.Context()))
			})
			return serveFast(t, fasthttpadaptor.NewFastHTTPHandler(owned(httptrace.Middleware(p)(mux))))
		},
		"fiber": func(t *testing.T, p *propagation.Propagator, begin func(context.Context)) string {
			app := newFiber()
			app.Get("/", fibertrace.Middleware(p), func(c *fiber.Ctx) error {
				begin(c.UserContext())
				return nil
			})
			return serveFiber(t, app)
		},
		"fiber, as OpenTelemetry's middleware": overFiber(fiber.Config{}, func(p *propagation.Propagator, c *fiber.Ctx) context.Context {
			return p.Extract(c.UserContext(), otel.HeaderCarrier(c.GetReqHeaders()))
		}),
	})
}

// runJobs sends requests to servers, and checks their jobs when all requests are over.
func runJobs(t *testing.T, entries map[string]entry) {
	p := propagation.MustNew(propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user"}})
	for name, start := range entries {
		for kind, keep := range map[string]func(context.Context) context.Context{
			"context": func(ctx context.Context) context.Context { return ctx },
			"Copy":    func(ctx context.Context) context.Context { return propagation.Copy(context.Background(), ctx) },
		} {
			t.Run(name+"/"+kind, func(t *testing.T) {
				const requests = 200
				jobs := make(chan context.Context, requests)
				url := start(t, p, func(ctx context.Context) { jobs <- keep(ctx) })
				for n := range requests {
					req := mustGet(t, url)
					req.Header = everyFormat(n)
					if err := do(http.DefaultClient, req); err != nil {
						t.Fatal(err)
					}
				}
				for n := range requests {
					checkJob(t, p, n, <-jobs)
				}
			})
		}
	}
}

// checkJob checks that the job of request n has only that request's headers.
func checkJob(t *testing.T, p *propagation.Propagator, n int, ctx context.Context) {
	t.Helper()
	came, sent, read := everyFormat(n), http.Header{}, http.Header{}
	p.InjectHTTP(ctx, sent)
	for name, value := range propagation.CapturedFromContext(ctx) {
		read.Add(name, value)
	}
	for what, got := range map[string]http.Header{"sends": sent, "reads": read} {
		for name, lines := range came {
			if !slices.Equal(got[name], lines) {
				t.Fatalf("the job of request %d %s %s as %q, want %q", n, what, name, got[name], lines)
			}
		}
		if len(got) != len(came) {
			t.Fatalf("the job of request %d %s %d names, want %d", n, what, len(got), len(came))
		}
	}
	if id := propagation.RequestIDFromContext(ctx); id != came.Get("X-Request-Id") {
		t.Fatalf("the job of request %d has the request id %q, want its own", n, id)
	}
	if sc, _ := propagation.RemoteFromContext(ctx); !strings.Contains(came.Get("Traceparent"), sc.SpanID.String()) {
		t.Fatalf("the job of request %d has the span %s, want its own", n, sc.SpanID)
	}
}
