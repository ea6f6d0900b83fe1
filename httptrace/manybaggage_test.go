package httptrace_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/baggage"
)

// manyMembers returns a list of 512 members with the given number of bytes.
func manyMembers(t *testing.T, bytes int) string {
	t.Helper()
	var members []string
	for i := range 512 {
		members = append(members, fmt.Sprintf("key%03d=%d", i, i))
	}
	list := strings.Join(members, ",")
	if len(list) > bytes {
		t.Fatalf("%d bytes are too few for 512 members", bytes)
	}
	return list + strings.Repeat("x", bytes-len(list))
}

// adding is a handler that adds one member to its request's baggage with OpenTelemetry's API, as an application does.
func adding(t *testing.T, key, value string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came := baggage.FromContext(r.Context())
		if came.Len() != 64 {
			t.Errorf("OpenTelemetry has %d members of baggage, want its limit of 64: this test is about members beyond it", came.Len())
		}
		member, err := baggage.NewMember(key, value)
		if err != nil {
			t.Error(err)
		}
		bag, err := came.SetMember(member)
		if err != nil {
			t.Error(err)
		}
		next.ServeHTTP(w, r.WithContext(baggage.ContextWithBaggage(r.Context(), bag)))
	})
}

// TestManyBaggageMembers: W3C baggage allows more members than OpenTelemetry keeps. All received members pass through a
// service, over HTTP/1 and HTTP/2, with otelhttp and without. That is also true if the application adds one through
// OpenTelemetry.
func TestManyBaggageMembers(t *testing.T) {
	const most = 8192 // the limit in bytes of W3C Baggage, "Limits"
	p := propagation.MustNew(propagation.Config{})
	provider, _ := sdk()
	opts := []otelhttp.Option{otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p)}
	for stack, wrap := range map[string]struct {
		server func(http.Handler) http.Handler
		client func(http.RoundTripper) http.RoundTripper
	}{
		"httptrace": {
			httptrace.Middleware(p),
			func(base http.RoundTripper) http.RoundTripper { return httptrace.NewTransport(p, base) },
		},
		"otelhttp": {
			otelhttp.NewMiddleware("server", opts...),
			func(base http.RoundTripper) http.RoundTripper { return otelhttp.NewTransport(base, opts...) },
		},
		"both": {
			func(h http.Handler) http.Handler {
				return otelhttp.NewMiddleware("server", opts...)(httptrace.Middleware(p)(h))
			},
			func(base http.RoundTripper) http.RoundTripper {
				return otelhttp.NewTransport(httptrace.NewTransport(p, base), opts...)
			},
		},
	} {
		t.Run(stack, func(t *testing.T) {
			eachProtocol(t, http.HandlerFunc(echo), func(t *testing.T, back *httptest.Server) {
				client := &http.Client{Transport: wrap.client(back.Client().Transport)}
				app := forward(client, back.URL)
				for name, test := range map[string]struct {
					came, want string
					app        http.Handler
				}{
					"as they came": {manyMembers(t, most), manyMembers(t, most), app},
					"and one more": {
						manyMembers(t, most-len(",added=1")),
						manyMembers(t, most-len(",added=1")) + ",added=1",
						adding(t, "added", "1", app),
					},
				} {
					t.Run(name, func(t *testing.T) {
						front := serve(t, wrap.server(test.app))
						got := arrived(t, front.URL, http.Header{"Baggage": {test.came}})
						if list := strings.Join(got["Baggage"], ","); list != test.want {
							t.Errorf("%d members in %d bytes were sent, and %d members in %d bytes arrived", strings.Count(test.want, ",")+1, len(test.want), strings.Count(list, ",")+1, len(list))
						}
					})
				}
			})
		})
	}
}
