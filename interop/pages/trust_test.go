package pages

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
)

// from sends a request from an address to a handler. It returns the headers that a call to an internal host would
// carry.
func from(p *propagation.Propagator, address string, wrap func(http.Handler) http.Handler, change func(*http.Request)) http.Header {
	out := http.Header{}
	handler := wrap(handlerFunc(func(ctx context.Context) {
		p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "reviews"}, out)
	}))
	r := httptest.NewRequest("GET", "/public/a", nil)
	r.Header, r.RemoteAddr = received(), address
	if change != nil {
		change(r)
	}
	handler.ServeHTTP(httptest.NewRecorder(), r)
	return out
}

func none(h http.Header) bool { return len(h) == 0 }

func all(h http.Header) bool {
	return h.Get("Traceparent") == traceparent && h.Get("B3") == b3 && h.Get("X-Request-Id") == requestID && h.Get("Baggage") != ""
}

func TestDeciders(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	mux, partner := http.Handler(nil), netip.MustParsePrefix("203.0.113.0/24")
	var wrap func(http.Handler) http.Handler
	wrap = func(next http.Handler) http.Handler {
		mux = next

		handler := httptrace.Middleware(p, httptrace.Edge())(mux)

		return handler
	}
	if got := from(p, "10.1.2.3:1", wrap, nil); !none(got) {
		t.Errorf("behind Edge, a call carries %v, want nothing", got)
	}
	wrap = func(next http.Handler) http.Handler {
		mux = next

		handler := httptrace.Middleware(p, httptrace.PeersIn(netip.MustParsePrefix("10.0.0.0/8")))(mux)

		return handler
	}
	if got := from(p, "10.1.2.3:1", wrap, nil); !all(got) {
		t.Errorf("for an internal caller, a call carries %v, want everything", got)
	}
	if got := from(p, "203.0.113.9:1", wrap, nil); !none(got) {
		t.Errorf("for an external caller, a call carries %v, want nothing", got)
	}
	wrap = func(next http.Handler) http.Handler {
		mux = next

		handler := httptrace.Middleware(p, httptrace.PeersIn(partner).Distrust(propagation.DistrustSampling))(mux)

		return handler
	}
	if got := from(p, "203.0.113.9:1", wrap, nil); got.Get("B3") != traceID+"-"+spanID || got.Get("Traceparent") != strings.TrimSuffix(traceparent, "1")+"0" {
		t.Errorf("for a partner, a call carries %v, want its ids without its decision", got)
	}
	wrap = func(next http.Handler) http.Handler {
		mux = next

		handler := httptrace.Middleware(p, httptrace.WithTrust(func(r *http.Request) propagation.Trust {
			if strings.HasPrefix(r.URL.Path, "/public/") {
				return propagation.Restart
			}
			return propagation.Continue
		}))(mux)

		return handler
	}
	if got := from(p, "10.1.2.3:1", wrap, nil); !none(got) {
		t.Errorf("for a public path, a call carries %v, want nothing", got)
	}
	if got := from(p, "10.1.2.3:1", wrap, func(r *http.Request) { r.URL.Path = "/a" }); !all(got) {
		t.Errorf("for another path, a call carries %v, want everything", got)
	}
}

func TestPeersWithID(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	wrap := func(mux http.Handler) http.Handler {

		handler := httptrace.Middleware(p, httptrace.PeersWithID("spiffe://cluster.local"))(mux)

		return handler
	}
	id := func(name string) func(*http.Request) {
		return func(r *http.Request) {
			u, _ := url.Parse(name)
			cert := &x509.Certificate{URIs: []*url.URL{u}}
			r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{cert}, VerifiedChains: [][]*x509.Certificate{{cert}}}
		}
	}
	if got := from(p, "10.1.2.3:1", wrap, id("spiffe://cluster.local/ns/shop/sa/web")); !all(got) {
		t.Errorf("for the service's own trust domain, a call carries %v, want everything", got)
	}
	if got := from(p, "10.1.2.3:1", wrap, id("spiffe://elsewhere/ns/shop/sa/web")); !none(got) {
		t.Errorf("for another trust domain, a call carries %v, want nothing", got)
	}

	server := grpc.NewServer(grpctrace.ServerOptions(p, grpctrace.PeersWithID("spiffe://cluster.local"))...)

	called := false
	target := listen(t, server, func(ctx context.Context) {
		called = true
		if _, ok := propagation.RemoteFromContext(ctx); ok {
			t.Error("a gRPC caller without a certificate is trusted, want it untrusted")
		}
	})
	checkHealth(sending(t.Context()), t, plain(t, target))
	if !called {
		t.Error("the handler was not called")
	}
}

// TestLinkAndPromote: the untrusted span context is available for a link, and Promote reverses the decision.
func TestLinkAndPromote(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	authenticated := func(*http.Request) bool { return true }
	called := false
	serve(httptrace.Middleware(p, httptrace.Edge())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		var options []trace.SpanStartOption
		if caller, ok := propagation.UntrustedFromContext(r.Context()); ok {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: caller.OpenTelemetry()}))
		}
		config := trace.NewSpanStartConfig(options...)
		if links := config.Links(); len(links) != 1 || links[0].SpanContext.TraceID().String() != traceID {
			t.Errorf("the links are %v, want one to the caller's trace", links)
		}
		if _, ok := propagation.RemoteFromContext(r.Context()); ok {
			t.Error("the caller is trusted, want it untrusted")
		}
		if authenticated(r) {
			r = r.WithContext(propagation.Promote(r.Context()))
		}
		if remote, _ := propagation.RemoteFromContext(r.Context()); remote.TraceID.String() != traceID {
			t.Errorf("after Promote, the remote span context is %v, want the caller's", remote)
		}
	})), received())
	if !called {
		t.Error("the handler was not called")
	}
}
