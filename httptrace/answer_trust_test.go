package httptrace_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// distrusts are decisions that distrust one part of a request, and combinations of them.
var distrusts = []propagation.Trust{
	propagation.DistrustIDs, propagation.DistrustSampling, propagation.DistrustBaggage, propagation.DistrustRequestID,
	propagation.DistrustHeaders, propagation.DistrustIDs | propagation.DistrustSampling, propagation.Restart, propagation.Ignore,
}

func trusting(trust propagation.Trust) httptrace.Option {
	return httptrace.WithTrust(func(*http.Request) propagation.Trust { return trust })
}

// traceOptions are the options that send a trace id.
func traceOptions() []httptrace.Option { return tellAll()[:4] }

// By default, a caller that is untrusted in any part gets no trace id. The local span and the Middleware that decides
// do not matter.
func TestUntrustedIsToldNothing(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, _ := sdk()
	theirs := otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p))
	handler := http.HandlerFunc(nothing)
	for _, trust := range distrusts {
		for name, h := range map[string]http.Handler{
			"one":                    httptrace.Middleware(p, append(traceOptions(), trusting(trust))...)(handler),
			"one without Propagator": httptrace.Middleware(nil, append(traceOptions(), trusting(trust))...)(handler),
			"one inside of otelhttp": theirs(httptrace.Middleware(p, append(traceOptions(), trusting(trust))...)(handler)),
			"two":                    httptrace.Middleware(p, trusting(trust))(theirs(httptrace.Middleware(nil, traceOptions()...)(handler))),
			"two, both with one":     httptrace.Middleware(p, trusting(trust))(theirs(httptrace.Middleware(p, traceOptions()...)(handler))),
		} {
			t.Run(trust.String()+"/"+name, func(t *testing.T) {
				for _, headers := range []http.Header{inbound(1), {}} {
					resp, _ := exchange(t, serve(t, h).URL, headers)
					checkTold(t, resp.Header, nil)
				}
			})
		}
	}
}

// A predicate decides for trusted and untrusted callers. An untrusted caller never gets back what it sent.
func TestResponseTo(t *testing.T) {
	p := propagation.MustNew(everything())
	var asked []propagation.Trust
	staff := httptrace.WithResponseTo(func(r *http.Request, trust propagation.Trust) bool {
		asked = append(asked, trust)
		return r.Header.Get("Staff") != ""
	})
	all := append(toldOf(traceID(1), spanID(1), "01", "01"), "X-Request-Id: "+inbound(1).Get("X-Request-Id"))
	with := func(headers http.Header, name string) http.Header {
		headers = headers.Clone()
		headers.Set(name, "1")
		return headers
	}
	for name, c := range map[string]struct {
		opts    []httptrace.Option
		headers http.Header
		want    []string
		asked   propagation.Trust
	}{
		"trusted, allowed":       {[]httptrace.Option{staff}, with(inbound(1), "Staff"), all, propagation.Continue},
		"trusted, not allowed":   {[]httptrace.Option{staff}, inbound(1), nil, propagation.Continue},
		"untrusted, allowed":     {[]httptrace.Option{staff, httptrace.Edge()}, with(inbound(1), "Staff"), nil, propagation.Restart},
		"untrusted, not allowed": {[]httptrace.Option{staff, httptrace.Edge()}, inbound(1), nil, propagation.Restart},
		"its ids are trusted": {[]httptrace.Option{staff, trusting(propagation.DistrustBaggage)}, with(inbound(1), "Staff"), all,
			propagation.DistrustBaggage},
		"both must allow": {[]httptrace.Option{staff, httptrace.WithResponseTo(func(*http.Request, propagation.Trust) bool { return false })},
			with(inbound(1), "Staff"), nil, propagation.Continue},
	} {
		t.Run(name, func(t *testing.T) {
			asked = nil
			s := serve(t, httptrace.Middleware(p, append(tellAll(), c.opts...)...)(http.HandlerFunc(nothing)))
			resp, _ := exchange(t, s.URL, c.headers)
			checkTold(t, resp.Header, c.want)
			if !slices.Equal(asked, []propagation.Trust{c.asked}) {
				t.Errorf("the predicate was called with %v, want one call with %v", asked, c.asked)
			}
		})
	}
}

// An untrusted caller gets a request id that Middleware has made. It does not get back its own.
func TestUntrustedIsToldMadeRequestID(t *testing.T) {
	p := propagation.MustNew(propagation.Config{GenerateRequestID: true})
	s := serve(t, httptrace.Middleware(p, append(tellAll(), httptrace.Edge())...)(http.HandlerFunc(nothing)))
	resp, _ := exchange(t, s.URL, inbound(1))
	if id := resp.Header.Get("X-Request-Id"); len(id) != 36 || id == inbound(1).Get("X-Request-Id") || len(told(resp.Header)) != 1 {
		t.Errorf("the caller got %q, want only a new request id", told(resp.Header))
	}
}

// If an inner middleware authenticates a caller, the caller gets the ids from then on.
func TestPromotedIsTold(t *testing.T) {
	p := propagation.MustNew(everything())
	promote := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(propagation.Promote(r.Context())))
		})
	}
	h := httptrace.Middleware(p, httptrace.Edge())(promote(httptrace.Middleware(nil, traceOptions()...)(http.HandlerFunc(nothing))))
	eachProtocol(t, h, func(t *testing.T, s *httptest.Server) {
		resp, _ := do(t, s.Client(), request(t, "GET", s.URL, inbound(1), nil))
		checkTold(t, resp.Header, toldOf(traceID(1), spanID(1), "01", "01"))
	})
}
