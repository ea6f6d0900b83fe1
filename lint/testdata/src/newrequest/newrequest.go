// Package newrequest has requests with and without a context.
package newrequest

import (
	"context"
	"net/http"
	"net/http/httputil"
	"slices"
	"time"

	"example.com/shop"
	"github.com/gin-gonic/gin"
	"github.com/gofiber/fiber/v2"
	"github.com/labstack/echo/v4"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
)

var client = &http.Client{Transport: other{}}

type other struct{ http.RoundTripper }

func handler(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequest("GET", "http://details", nil) // want `http.NewRequest takes no context: the call carries no headers of the request in r \(https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#newrequest\)`
	client.Do(req)
	client.Get("http://details")           // want `Client.Get takes no context.*use http.NewRequestWithContext\(r.Context\(\), ...\) and Do`
	client.Head("http://details")          // want `Client.Head`
	client.Post("http://details", "", nil) // want `Client.Post `
	client.PostForm("http://details", nil) // want `Client.PostForm`
}

func again(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequest("GET", "http://details", nil) // want `request in r`
	client.Do(req)
	req, _ = http.NewRequestWithContext(r.Context(), "GET", "http://details", nil)
	client.Do(req)
}

func derived(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	_ = ctx
	http.NewRequest("GET", "http://details", nil) // want `request in ctx`
}

func parameter(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil) // want `request in ctx`
}

func parallel(ctx context.Context, urls []string) error {
	g, _ := errgroup.WithContext(ctx)
	for _, url := range urls {
		g.Go(func() error {
			_, err := http.NewRequest("GET", url, nil) // want `request in ctx`
			return err
		})
	}
	return g.Wait()
}

func waited(w http.ResponseWriter, r *http.Request) {
	done := make(chan error)
	go func() {
		_, err := http.NewRequest("GET", "http://details", nil) // want `request in r`
		done <- err
	}()
	<-done
}

func callback(w http.ResponseWriter, r *http.Request) {
	each(func() {
		http.NewRequest("GET", "http://details", nil) // want `request in r`
	})
	slices.SortFunc([]int{1}, func(a, b int) int {
		http.NewRequest("GET", "http://details", nil) // want `request in r`
		return 0
	})
}

func ownContext(each func(ctx context.Context, f func(context.Context))) {
	each(context.Background(), func(ctx context.Context) {
		http.NewRequest("GET", "http://details", nil) // its context is the program's
	})
}

func each(f func()) { f() }

func ginHandler(c *gin.Context) {
	http.NewRequest("GET", "http://details", nil) // want `request in c`
}

func echoHandler(c echo.Context) error {
	_, err := http.NewRequest("GET", "http://details", nil) // want `request in c`
	return err
}

func fiberHandler(c *fiber.Ctx) error {
	_, err := http.NewRequest("GET", "http://details", nil) // want `request in c`
	return err
}

func programContext(c *shop.Context) {
	http.NewRequest("GET", "http://details", nil) // want `request in c`
}

func stream(s grpc.ServerStream) {
	http.NewRequest("GET", "http://details", nil) // want `request in s`
}

type server struct{ ctx context.Context }

func (s *server) Get(ctx context.Context, in *shop.Request) (*shop.Response, error) {
	_, err := http.NewRequest("GET", "http://details", nil) // want `request in ctx`
	return nil, err
}

func rewrite(r *httputil.ProxyRequest) {
	ctx := r.In.Context()
	_ = ctx
	http.NewRequest("GET", "http://details", nil) // want `request in ctx`
}

func loop(ctx context.Context, s *server) {
	// A context that a request gives is as good as a handler's.
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.Tick(time.Second):
			http.NewRequest("GET", "http://details", nil) // the program's work
		}
	}
}

// From here on nothing is reported.

func given(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequest("GET", "http://details", nil)
	req = req.WithContext(r.Context())
	client.Do(req)
}

func given2(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequest("GET", "http://details", nil)
	client.Do(req.Clone(r.Context()))
}

func givenBoth(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequest("GET", "http://details", nil)
	do(r.Context(), req)
}

func do(ctx context.Context, req *http.Request) {}

func served(w http.ResponseWriter, r *http.Request) {
	req, _ := http.NewRequest("GET", "/inner", nil)
	http.DefaultServeMux.ServeHTTP(w, req)
}

func withContext(ctx context.Context) {
	http.NewRequestWithContext(ctx, "GET", "http://details", nil)
}

func without() {
	http.NewRequest("GET", "http://details", nil)
	client.Get("http://details")
}

func main() {
	ctx := context.Background()
	http.NewRequest("GET", "http://details", nil)
	work(ctx)
}

func work(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil) // all callers pass the program's context
}

func NewServer(ctx context.Context) *server {
	http.NewRequest("GET", "http://details", nil) // sets the program up
	return nil
}

func command(ctx context.Context, cmd *cobra.Command) {
	http.NewRequest("GET", "http://details", nil)
}

func (s *server) Start(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil)
	s.refresh(ctx)
}

func (s *server) refresh(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil) // only Start calls it
}

func newSession(ctx context.Context) {
	http.NewRequest("GET", "http://details", nil) // want `request in ctx`
}

func login(w http.ResponseWriter, r *http.Request) { newSession(r.Context()) }

func init() { http.NewRequest("GET", "http://details", nil) }

var atStart, _ = http.NewRequest("GET", "http://details", nil)

func field(s *server) {
	http.NewRequest("GET", "http://details", nil) // a stored context is not at hand
}

func detached(w http.ResponseWriter, r *http.Request) {
	go func() {
		http.NewRequest("GET", "http://details", nil)
	}()
	time.AfterFunc(time.Second, func() {
		http.NewRequest("GET", "http://details", nil)
	})
}

func returned(ctx context.Context) func() {
	return func() {
		http.NewRequest("GET", "http://details", nil)
	}
}

func registered(ctx context.Context, register func(func())) {
	register(func() {
		http.NewRequest("GET", "http://details", nil) // may run at any time
	})
}

func shadowed(ctx context.Context) {
	{
		ctx := 1
		_ = ctx
		http.NewRequest("GET", "http://details", nil)
	}
	if ctx := context.Background(); ctx != nil {
		http.NewRequest("GET", "http://details", nil)
	}
}

func blank(_ context.Context) {
	http.NewRequest("GET", "http://details", nil)
}

func redirects() {
	var last *http.Request
	client.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		last = req
		http.NewRequest("GET", "http://details", nil) // req is an outgoing request
		return nil
	}
	http.NewRequest("GET", "http://details", nil)
	_ = last
}

type transport struct{}

func (transport) RoundTrip(req *http.Request) (*http.Response, error) {
	http.NewRequest("GET", "http://token", nil) // req is an outgoing request
	return nil, nil
}

func send(req *http.Request) (*http.Response, error) {
	http.NewRequest("GET", "http://token", nil)
	return client.Do(req)
}
