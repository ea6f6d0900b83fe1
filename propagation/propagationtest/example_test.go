package propagationtest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/propagationtest"
	otelprop "go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
)

// newShop is the service of the examples.
func newShop(detailsURL, ratingsTarget string) http.Handler {
	p := propagation.MustNew(propagation.Config{})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	conn := dial(ratingsTarget, grpctrace.DialOptions(p)...)
	return httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := get(r.Context(), client, detailsURL+"/details/1", http.Header{})
		if err = errors.Join(err, rate(r.Context(), conn, nil)); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	}))
}

func TestCarries(t *testing.T) {
	m := propagationtest.New(t)
	details := m.HTTP("details") // a server on loopback
	ratings := m.GRPC("ratings") // a gRPC server that answers any method
	m.Drive(newShop(details.URL, ratings.Target))
}

func TestCarriesOverGRPC(t *testing.T) {
	m := propagationtest.New(t, propagationtest.Requests(propagationtest.Request{Path: "/bookinfo.Ratings/Average"}))
	stars := m.GRPC("stars")
	m.Drive(newRatings(stars.Target)) // a *grpc.Server
}

// newRatings is the gRPC service of the examples.
func newRatings(starsTarget string) *grpc.Server {
	p := propagation.MustNew(propagation.Config{})
	conn := dial(starsTarget, grpctrace.DialOptions(p)...)
	return ratingsServer(func(ctx context.Context) { rate(ctx, conn, nil) }, grpctrace.ServerOptions(p)...)
}

func TestLosesNothing(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Observer: propagationtest.FailOnLoss(t)})
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	details := httptest.NewServer(http.NotFoundHandler())
	defer details.Close()
	shop := httptest.NewServer(httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get(r.Context(), client, details.URL, http.Header{})
	})))
	defer shop.Close()
	resp, err := http.Get(shop.URL) // the test's own call
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
}

func TestEachCase(t *testing.T) {
	propagationtest.Run(t, func(m *propagationtest.Mesh) any {
		return newShop(m.HTTP("details").URL, m.GRPC("ratings").Target)
	})
}

func TestOptions(t *testing.T) {
	m := propagationtest.New(t,
		propagationtest.Carries(propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.RequestID}}),
		propagationtest.Requests(propagationtest.Request{Path: "/books/1"}, propagationtest.Request{Method: "POST", Path: "/books", Body: []byte("{}")}),
	)
	details := m.HTTP("details", propagationtest.Calls(1))
	ratings := m.GRPC("ratings", propagationtest.MayBeSilent())
	m.Drive(newShop(details.URL, ratings.Target))
}

func TestExternal(t *testing.T) {
	m := propagationtest.New(t)
	partner := m.HTTP("partner", propagationtest.External("api.partner.example"))
	details := m.HTTP("details", propagationtest.RedirectsTo(partner.URL+"/details"))
	p := propagation.MustNew(propagation.Config{})
	client := &http.Client{Transport: httptrace.NewTransport(p, m.Transport())} // finds the partner without DNS
	m.Drive(httptrace.Middleware(p)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		get(r.Context(), client, details.URL, http.Header{})
	})))
}

func ExampleTest() {
	err := propagationtest.Test(func(m *propagationtest.Mesh) any {
		details := m.HTTP("details")
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			// Wrong: http.Get has no context, and no headers.
			if resp, err := http.Get(details.URL); err == nil {
				resp.Body.Close()
			}
		})
	}, propagationtest.Formats(propagation.W3C), propagationtest.AtOnce(0))
	var failures propagationtest.Failures
	if errors.As(err, &failures) {
		for _, f := range failures {
			fmt.Println(f.Callee+":", f.Kind)
		}
	}
	// Output:
	// details: lost all
}

func ExampleCases() {
	for _, c := range propagationtest.Cases(propagationtest.Spans()) {
		fmt.Println(c.Name)
	}
	// Output:
	// everything
	// each format alone
	// behind Envoy OpenTelemetry
	// behind Google Cloud Run
	// behind linkerd2-proxy
	// at once
}

func ExampleTestPropagator() {
	formats := []propagation.Format{propagation.W3C}
	newPropagator := func() otelprop.TextMapPropagator { return otelprop.TraceContext{} }
	for _, r := range propagationtest.TestPropagator(newPropagator, formats) {
		if r.ID == "tracestate-007" { // an empty first line
			fmt.Println(r.Basis, r.OK(), r.Input["Tracestate"])
			fmt.Println("want", r.Want)
			fmt.Println("got ", r.Got)
		}
	}
	// Output:
	// spec false [ foo=1]
	// want trace 12345678901234567890123456789012 span 1234567890123456 tracestate foo=1
	// got  trace 12345678901234567890123456789012 span 1234567890123456 tracestate nothing
}

func ExampleTestMiddleware() {
	p := propagation.MustNew(propagation.Config{})
	err := propagationtest.TestMiddleware(propagationtest.Middleware{
		Handler:   httptrace.Middleware(p),
		Transport: func(base http.RoundTripper) http.RoundTripper { return httptrace.NewTransport(p, base) },
	})
	fmt.Println(err)
	// Output: <nil>
}
