package more

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/elastic/elastic-transport-go/v8/elastictransport"
	"github.com/elastic/go-elasticsearch/v8/esapi"
	"github.com/traceferry/traceferry/httptrace"
)

func TestElastic(t *testing.T) {
	m, p, _, address := setUp(t)
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}

	config := elastictransport.Config{URLs: []*url.URL{target}, Transport: httptrace.NewTransport(p, nil)}

	client, err := elastictransport.New(config)
	if err != nil {
		t.Fatal(err)
	}
	m.Drive(httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		resp, err := esapi.InfoRequest{}.Do(r.Context(), client)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		resp.Body.Close()
	})))
}
