package more

import (
	"context"
	"net/http"
	"testing"

	khttp "github.com/go-kratos/kratos/v2/transport/http"
	"github.com/traceferry/traceferry/httptrace"
)

func TestKratos(t *testing.T) {
	m, p, _, url := setUp(t)

	server := khttp.NewServer(khttp.Filter(httptrace.Middleware(p)))
	client, err := khttp.NewClient(context.Background(), khttp.WithEndpoint(url), khttp.WithTransport(httptrace.NewTransport(p, nil)))

	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server.Route("/").GET("/", func(c khttp.Context) error { return call(c, kratosClient{client}, url) })
	m.Drive(server)
}

// kratosClient has the method Do of an http.Client.
type kratosClient struct{ *khttp.Client }

func (c kratosClient) Do(r *http.Request) (*http.Response, error) { return c.Client.Do(r) }
