// Package background has root contexts, good and bad.
package background

import (
	"context"
	"log/slog"
	"net/http"
	"os/signal"
	"time"

	"example.com/shop"
	"github.com/gin-gonic/gin"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
)

var shops shop.Client

func handler(w http.ResponseWriter, r *http.Request) {
	shops.Get(context.Background(), nil)                                  // want `context.B[a]ckground drops the headers of the request in r; use r.Context\(\), or context.WithoutC[a]ncel\(r.Context\(\)\) for work that must not end with it \(https://github.com/traceferry/traceferry/blob/main/docs/diagnosis.md#background\)`
	shops.Get(context.TODO(), nil)                                        // want `TODO drops the headers of the request in r`
	ctx, cancel := context.WithTimeout(context.Background(), time.Second) // want `request in r`
	defer cancel()
	shops.Get(ctx, nil)
}

func ginHandler(c *gin.Context) {
	shops.Get(context.Background(), nil) // want `use c.Request.Context\(\)`
}

func stream(s grpc.ServerStream) {
	shops.Get(context.Background(), nil) // want `use s.Context\(\)`
}

type server struct {
	ctx    context.Context
	cancel func()
}

func (s *server) Get(ctx context.Context, in *shop.Request) (*shop.Response, error) {
	return shops.Get(context.Background(), in) // want `use ctx`
}

func parameter(ctx context.Context) {
	ctx = context.Background() // want `request in ctx`
	shops.Get(ctx, nil)
}

func fromHandler(w http.ResponseWriter, r *http.Request) { inner(r.Context()) }

func inner(ctx context.Context) {
	shops.Get(context.Background(), nil) // want `request in ctx`
}

// From here on nothing is reported.

func main() {
	ctx, stop := signal.NotifyContext(context.Background())
	defer stop()
	work(ctx)
}

func work(ctx context.Context) {
	shops.Get(context.Background(), nil)
}

func init() { shops.Get(context.Background(), nil) }

var root = context.Background()

func without() { shops.Get(context.Background(), nil) }

func detached(w http.ResponseWriter, r *http.Request) {
	go shops.Get(context.Background(), nil)
	go func() {
		shops.Get(context.Background(), nil)
	}()
	go shops.Get(propagation.Copy(context.Background(), r.Context()), nil)
	go shops.Get(context.WithoutCancel(r.Context()), nil)
	bg := context.Background()
	go shops.Get(bg, nil)
}

func carried(w http.ResponseWriter, r *http.Request) {
	shops.Get(propagation.Copy(context.Background(), r.Context()), nil)
	shops.Get(trace.ContextWithSpan(context.Background(), trace.SpanFromContext(r.Context())), nil)
	shops.Get(merge(context.Background(), r.Context()), nil)
	shops.Get(new(propagation.Propagator).ExtractHTTP(context.Background(), r.Header), nil)
}

func merge(a, b context.Context) context.Context { return a }

func deferred(ctx context.Context) {
	defer shops.Get(context.Background(), nil)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		shops.Get(ctx, nil)
	}()
}

func shutdown(ctx context.Context, s *http.Server) {
	s.Shutdown(context.Background())
	late, cancel := context.WithTimeout(context.Background(), time.Second)
	s.Shutdown(late)
	cancel()
}

func afterDone(ctx context.Context) {
	<-ctx.Done()
	shops.Get(context.Background(), nil)
}

func inSelect(w http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
		shops.Get(context.Background(), nil)
	case <-time.After(time.Second):
	}
}

func noContext(ctx context.Context) {
	if ctx == nil {
		ctx = context.Background()
	}
	shops.Get(ctx, nil)
}

func stored(ctx context.Context, s *server) *server {
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.ctx = context.Background()
	return &server{ctx: context.Background()}
}

type part struct{}

func (part) Start(ctx context.Context) error                             { return nil }
func (part) StartSpan(ctx context.Context) (context.Context, trace.Span) { return ctx, nil }

func explained(ctx context.Context, p part) {
	// The record must be written even if the request is cancelled.
	shops.Get(context.Background(), nil)
	shops.Get(context.Background(), nil) // context.Background: the record must be written
	p.Start(context.Background())
	p.StartSpan(context.Background()) // want `headers of the request in ctx`
}

func cloned(w http.ResponseWriter, r *http.Request) {
	match(r.Clone(context.Background()))
	out := r.Clone(context.Background()) // want `headers of the request in r`
	http.DefaultClient.Do(out)
	http.DefaultClient.Do(r.WithContext(context.Background())) // want `headers of the request in r`
}

func match(r *http.Request) {}

func releaseLock(ctx context.Context) { shops.Get(context.Background(), nil) }

func logged(ctx context.Context) {
	slog.InfoContext(context.Background(), "no call carries it")
	auditLog(context.Background())
	log := context.Background()
	slog.InfoContext(log, "no call carries it")
}

func auditLog(ctx context.Context) {}

func compared(ctx context.Context) bool { return ctx == context.Background() }
