package fiber3trace_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/fiber/v3/client"
	"github.com/traceferry/traceferry/fasthttptrace"
	"github.com/traceferry/traceferry/fasthttptrace/fiber3trace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	"github.com/valyala/fasthttp"
)

func received(n int) http.Header { return samples.Headers(samples.New(n), propagation.AllFormats()) }

func newPropagator() *propagation.Propagator {
	return propagation.MustNew(propagation.Config{Formats: propagation.AllFormats()})
}

// serve serves an app with Middleware.
func serve(t *testing.T, p *propagation.Propagator, handle fiber.Handler, opts ...fasthttptrace.Option) (url string) {
	t.Helper()
	app := fiber.New()
	app.Use(fiber3trace.Middleware(p, opts...))
	app.Get("/", handle)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
	t.Cleanup(func() { app.Shutdown() })
	return "http://" + listener.Addr().String()
}

func send(t *testing.T, client *http.Client, url string, n int) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Error(err)
		return
	}
	req.Header = received(n)
	resp, err := client.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("caller %d: %s", n, resp.Status)
	}
}

// TestVerbatim: all formats arrive byte for byte through fiber's own client. No header of an untrusted caller arrives.
func TestVerbatim(t *testing.T) {
	p, calls := newPropagator(), make(chan http.Header, 1)
	next := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { calls <- r.Header.Clone() }))
	defer next.Close()
	caller := client.New().AddRequestHook(fiber3trace.RequestHook(p))
	handle := func(c fiber.Ctx) error {
		resp, err := caller.R().SetContext(c.Context()).Get(next.URL)
		if err != nil {
			return err
		}
		resp.Close()
		return nil
	}
	for name, row := range map[string]struct {
		opts []fasthttptrace.Option
		want http.Header
	}{
		"trusted":   {nil, received(1)},
		"untrusted": {[]fasthttptrace.Option{fasthttptrace.Edge()}, http.Header{}},
	} {
		send(t, http.DefaultClient, serve(t, p, handle, row.opts...), 1)
		arrived := <-calls
		for _, name := range []string{"User-Agent", "Accept", "Referer"} {
			arrived.Del(name)
		}
		headerdiff.Check(t, row.want, arrived, "%s: ", name)
	}
	if s := p.Stats(); s.Captured() != 1 || s.Carried() != 1 {
		t.Errorf("the counts are %s, want one captured request and one carried call", s)
	}
}

// TestIsolation: the context of each of many requests has only that request's headers, also after fiber has reused its
// memory.
func TestIsolation(t *testing.T) {
	const workers, each = 10, 100
	p := newPropagator()
	var kept sync.Map
	url := serve(t, p, func(c fiber.Ctx) error {
		kept.Store(fiber.Query[int](c, "n"), c.Context())
		return nil
	})
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for n := w * each; n < (w+1)*each; n++ {
				send(t, client, url+"/?n="+strconv.Itoa(n), n)
			}
		})
	}
	wg.Wait()
	for n := range workers * each {
		ctx, ok := kept.Load(n)
		if !ok {
			t.Fatalf("caller %d was not served", n)
		}
		h := http.Header{}
		p.InjectHTTP(ctx.(context.Context), h)
		headerdiff.Check(t, received(n), h, "caller %d: ", n)
	}
}

// TestPromise10_Cost: the allocations that Middleware adds to a fiber handler.
func TestPromise10_Cost(t *testing.T) {
	if race.Enabled {
		t.Skip("the race detector allocates by itself: run without -race")
	}
	cost := func(handlers ...fiber.Handler) func(formats ...propagation.Format) float64 {
		app := fiber.New()
		for _, h := range handlers {
			app.Use(h)
		}
		app.Get("/", func(c fiber.Ctx) error {
			c.Context()
			return nil
		})
		serve := app.Handler()
		return func(formats ...propagation.Format) float64 {
			rc := new(fasthttp.RequestCtx)
			rc.Request.SetRequestURI("http://cart/")
			for name, lines := range samples.Headers(samples.New(1), formats) {
				rc.Request.Header.Set(name, lines[0])
			}
			run := func() {
				rc.ResetUserValues()
				serve(rc)
			}
			run()
			return testing.AllocsPerRun(200, run)
		}
	}
	bare, with := cost(), cost(fiber3trace.Middleware(propagation.MustNew(propagation.Config{})))
	for name, row := range map[string]struct {
		formats []propagation.Format
		want    float64
	}{
		"nothing to carry": {nil, 0},
		"six lines":        {[]propagation.Format{propagation.B3Multi, propagation.RequestID}, 2},
	} {
		if got := with(row.formats...) - bare(row.formats...); got != row.want {
			t.Errorf("%s: %v allocations, want %v", name, got, row.want)
		}
	}
}

// TestRequestHookDestination: the host of the URL is the destination, also if it comes from a BaseURL. A request that
// may be redirected has no known destination.
func TestRequestHookDestination(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), received(1))
	for _, row := range []struct {
		base, url string
		redirects int
		baggage   bool
	}{
		{"", "http://cart/items", 0, true},
		{"http://cart", "/items", 0, true},
		{"", "http://api.example.com/items", 0, false},
		{"http://api.example.com", "/items", 0, false},
		{"", "http://cart/items", 3, false},
		{"", "http://%zz/", 0, false},
	} {
		c := client.New().SetBaseURL(row.base)
		r := c.R().SetURL(row.url).SetMaxRedirects(row.redirects).SetContext(ctx).AddHeader("Traceparent", "stale")
		if err := fiber3trace.RequestHook(p)(c, r); err != nil {
			t.Fatal(err)
		}
		if got := len(r.Header("Baggage")) > 0; got != row.baggage {
			t.Errorf("%s%s with %d redirects: baggage is sent: %v, want %v", row.base, row.url, row.redirects, got, row.baggage)
		}
		headerdiff.Check(t, http.Header{"Traceparent": received(1)["Traceparent"]}, http.Header{"Traceparent": r.Header("Traceparent")}, "")
	}
}
