package propagationtest_test

import (
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/grpctrace/grpcguard"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	"google.golang.org/protobuf/types/known/emptypb"
)

func TestTracedShop(t *testing.T) {
	c := preset.Istio()
	m := propagationtest.New(t, propagationtest.Carries(c))
	c.Observer = m.Observer()
	p := propagation.MustNew(c)

	unguarded := http.DefaultTransport
	http.DefaultTransport = httptrace.Guard(p, unguarded)
	grpcguard.Enable(p)
	t.Cleanup(func() {
		http.DefaultTransport = unguarded
		grpcguard.Enable(nil)
	})

	details, ratings := m.HTTP("details"), m.GRPC("ratings")
	m.Drive(newTracedShop(p, details.URL, ratings.Target))
}

// newTracedShop is a service that makes an HTTP call and a gRPC call for each request.
func newTracedShop(p *propagation.Propagator, detailsURL, ratingsTarget string) http.Handler {
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	ratings := dial(ratingsTarget, grpctrace.DialOptions(p)...)
	return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get(r.Context(), client, detailsURL, http.Header{})
		if err := ratings.Invoke(r.Context(), "/bookinfo.Ratings/Average", new(emptypb.Empty), new(emptypb.Empty)); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
}
