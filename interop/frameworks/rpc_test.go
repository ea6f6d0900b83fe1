package frameworks

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"testing"

	kithttp "github.com/go-kit/kit/transport/http"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/twitchtv/twirp/example"
)

// hats is a service of twirp that calls the next one.
type hats struct{ next func(context.Context) error }

func (h hats) MakeHat(ctx context.Context, _ *example.Size) (*example.Hat, error) {
	return new(example.Hat), h.next(ctx)
}

func TestTwirp(t *testing.T) {
	p, client, back := setUp(t)
	service := hats{func(ctx context.Context) error { return callWith(ctx, client, back.url) }}

	handler := httptrace.Middleware(p)(example.NewHaberdasherServer(service))

	url := serve(t, handler)
	call := func(client example.HTTPClient) func(context.Context) {
		return func(ctx context.Context) {
			caller := example.NewHaberdasherProtobufClient(url, client)
			if _, err := caller.MakeHat(ctx, new(example.Size)); err != nil {
				t.Error(err)
			}
		}
	}
	within(t, p, call(client))
	back.got(t)
	within(t, p, call(http.DefaultClient))
	back.gotNothing(t) // a client without the Transport
}

func TestGoKit(t *testing.T) {
	p, client, back := setUp(t)
	none := func(context.Context, *http.Response) (any, error) { return nil, nil }
	target, err := url.Parse(back.url)
	if err != nil {
		t.Fatal(err)
	}

	call := kithttp.NewClient("GET", target, kithttp.EncodeJSONRequest, none, kithttp.SetClient(client)).Endpoint()

	wrong := kithttp.NewClient("GET", target, kithttp.EncodeJSONRequest, none).Endpoint()
	for _, test := range []struct {
		call  func(context.Context, any) (any, error)
		check func(*testing.T)
	}{{call, back.got}, {wrong, back.gotNothing}} { // without SetClient it uses http.DefaultClient
		decode := func(_ context.Context, r *http.Request) (any, error) { return io.ReadAll(r.Body) }
		server := kithttp.NewServer(test.call, decode, func(_ context.Context, w http.ResponseWriter, v any) error { return json.NewEncoder(w).Encode(v) })
		send(t, serve(t, httptrace.Middleware(p)(server)))
		test.check(t)
	}
}
