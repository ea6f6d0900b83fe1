// Package goroutine has goroutines that use a request's context.
package goroutine

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"example.com/shop"
	"github.com/gin-gonic/gin"
	"github.com/traceferry/traceferry/propagation"
	"google.golang.org/grpc"
)

var shops shop.Client

func handler(w http.ResponseWriter, r *http.Request) {
	go shops.Get(r.Context(), nil) // want `the goroutine uses r.Context\(\) after the handler has ended, when it is cancelled; use propagation.Copy or context.WithoutCancel \(https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#goroutine\)`
	go func() {
		shops.Get(r.Context(), nil) // want `the goroutine uses r.Context\(\)`
	}()
	ctx := r.Context()
	go func() {
		req, _ := http.NewRequestWithContext(ctx, "GET", "http://details", nil) // want `the goroutine uses ctx`
		http.DefaultClient.Do(req)
	}()
	go func(ctx context.Context) {
		shops.Get(ctx, nil)
	}(ctx) // want `the goroutine uses ctx`
}

func derived(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	go shops.Get(ctx, nil) // want `the goroutine uses ctx`
}

func ginHandler(c *gin.Context) {
	go record(c)                           // want `the goroutine uses c after the handler has ended, and github.com/gin-gonic/gin uses it again for another request`
	go shops.Get(c.Request.Context(), nil) // want `the goroutine uses c.Request.Context\(\)`
}

func record(c *gin.Context) {}

func stream(s grpc.ServerStream) error {
	go shops.Get(s.Context(), nil) // want `the goroutine uses s.Context\(\)`
	return nil
}

type server struct{}

func (s *server) Get(ctx context.Context, in *shop.Request) (*shop.Response, error) {
	s.notify(ctx)
	return nil, nil
}

// From here on nothing is reported.

func kept(w http.ResponseWriter, r *http.Request) {
	go shops.Get(context.WithoutCancel(r.Context()), nil)
	go shops.Get(propagation.Copy(context.Background(), r.Context()), nil)
	ctx := context.WithoutCancel(r.Context())
	go func() {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		shops.Get(ctx, nil)
	}()
	go shops.Get(context.Background(), nil)
}

func keptInPlace(ctx context.Context, in *shop.Request) {
	ctx = propagation.Copy(context.Background(), ctx)
	go shops.Get(ctx, nil)
}

func values(w http.ResponseWriter, r *http.Request) {
	go func() {
		slog.InfoContext(r.Context(), "done", "id", propagation.RequestIDFromContext(r.Context()))
	}()
}

func logs(w http.ResponseWriter, r *http.Request) {
	go logLate(r.Context())
}

func logLate(ctx context.Context) { slog.InfoContext(ctx, "late") }

func piped(w http.ResponseWriter, r *http.Request) {
	read, write := io.Pipe()
	go func() {
		_, err := shops.Get(r.Context(), nil)
		write.CloseWithError(err)
	}()
	io.Copy(w, read)
}

func waitGroup(w http.ResponseWriter, r *http.Request) {
	var wg sync.WaitGroup
	for range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			shops.Get(r.Context(), nil)
		}()
	}
	wg.Wait()
}

func channel(w http.ResponseWriter, r *http.Request) {
	got := make(chan *shop.Response, 1)
	go func() {
		resp, _ := shops.Get(r.Context(), nil)
		got <- resp
	}()
	select {
	case <-got:
	case <-r.Context().Done():
	}
}

func watcher(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	go func() {
		<-ctx.Done()
		shops.Get(ctx, nil)
	}()
	go watch(ctx)
}

func watch(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Second):
		shops.Get(ctx, nil)
	}
}

func generator(w http.ResponseWriter, r *http.Request) {
	for range pages(r.Context()) {
	}
}

func pages(ctx context.Context) <-chan *shop.Response {
	all := make(chan *shop.Response)
	go func() {
		defer close(all)
		resp, _ := shops.Get(ctx, nil)
		all <- resp
	}()
	return all
}

// notify gets its context from a gRPC method: it is reported with the flag -callees.
func (s *server) notify(ctx context.Context) {
	go shops.Get(ctx, nil)
}

var all sync.WaitGroup

func waitedElsewhere(w http.ResponseWriter, r *http.Request) {
	all.Add(1)
	go func() {
		defer all.Done()
		shops.Get(r.Context(), nil)
	}()
}

func start(ctx context.Context) {
	go shops.Get(ctx, nil) // the context of a program's part, as far as one can see
}

func ginCopy(c *gin.Context) {
	copied := c.Copy()
	go record(copied)
}

func main() {
	ctx := context.Background()
	go shops.Get(ctx, nil)
}
