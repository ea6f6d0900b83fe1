package more

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	oauth2api "google.golang.org/api/oauth2/v2"
	"google.golang.org/api/option"
)

func TestGoogleAPI(t *testing.T) {
	m, p, client, url := setUp(t)

	service, err := oauth2api.NewService(context.Background(), option.WithHTTPClient(client), option.WithEndpoint(url))

	if err != nil {
		t.Fatal(err)
	}
	m.Drive(httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := service.Tokeninfo().Context(r.Context()).Do(); err != nil {
			w.WriteHeader(http.StatusBadGateway)
		}
	})))
}
