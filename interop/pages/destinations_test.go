package pages

import (
	"context"
	"log"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
)

// names returns the names that a call to a host carries.
func names(p *propagation.Propagator, host string, in http.Header) []string {
	out := http.Header{}
	p.InjectHTTPTo(p.ExtractHTTP(context.Background(), in), &url.URL{Scheme: "https", Host: host}, out)
	return slices.Sorted(maps.Keys(out))
}

func TestDefaults(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Headers: []string{"end-user"}})
	in := received()
	in.Set("End-User", "bob")
	everything := []string{"B3", "Baggage", "End-User", "Traceparent", "X-Request-Id"}
	for _, host := range []string{"reviews", "reviews.default.svc", "reviews.default.svc.cluster.local", "db.internal", "printer.local", "web.service.consul", "127.0.0.1", "10.1.2.3", "localhost:8080"} {
		if got := names(p, host, in); !slices.Equal(got, everything) {
			t.Errorf("%s gets %v, want everything", host, got)
		}
	}
	for _, host := range []string{"api.example.com", "reviews.default", "ai.", "100.64.0.1", "169.254.169.254"} {
		if got := names(p, host, in); !slices.Equal(got, []string{"B3", "Traceparent", "X-Request-Id"}) {
			t.Errorf("%s gets %v, want no user data", host, got)
		}
	}
}

func TestInternalHosts(t *testing.T) {
	config := preset.Istio()
	config.InternalHosts = []string{"*.default", "*.corp.example", "100.64.0.0/10"}

	config.Formats = append(config.Formats, propagation.Baggage)
	for _, host := range []string{"reviews.default", "a.corp.example", "100.64.0.1"} {
		if got := names(propagation.MustNew(config), host, received()); !slices.Contains(got, "Baggage") {
			t.Errorf("%s gets %v, want baggage", host, got)
		}
	}
}

func TestRules(t *testing.T) {
	config := propagation.Config{}

	config.Destinations = []propagation.Destination{
		{Hosts: []string{"*.corp.example"}, Baggage: []string{"*"}, Headers: []string{"*"}},
		{Hosts: []string{"api.partner.example"}, Formats: []propagation.Format{propagation.W3C}, Baggage: []string{"tenant"}},
		{Hosts: []string{"<internal>"}},
		{Hosts: []string{"*"}, Formats: []propagation.Format{}},
	}

	config.Headers = []string{"end-user"}
	p := propagation.MustNew(config)
	in := received()
	in.Set("End-User", "bob")
	for host, want := range map[string]string{
		"a.corp.example": "B3 Baggage End-User Traceparent X-Request-Id", "api.partner.example": "Baggage Traceparent",
		"reviews": "B3 Baggage End-User Traceparent X-Request-Id", "example.org": "",
	} {
		if got := strings.Join(names(p, host, in), " "); got != want {
			t.Errorf("%s gets %q, want %q", host, got, want)
		}
	}
	out := http.Header{}
	p.InjectHTTPTo(p.ExtractHTTP(t.Context(), in), &url.URL{Scheme: "https", Host: "api.partner.example"}, out)
	if got := out.Get("Baggage"); got != "tenant=7" {
		t.Errorf("the partner gets baggage %q, want tenant=7", got)
	}
	config.DestinationsReportOnly = true
	p = propagation.MustNew(config)
	if got := names(p, "example.org", in); len(got) != 5 || p.Stats().Count(propagation.W3C, propagation.Disallowed) == 0 {
		t.Errorf("with DestinationsReportOnly, a call gets %v, want everything; the counts are %v, want Disallowed", got, p.Stats())
	}
	serve(httptrace.Middleware(p)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		defer log.SetOutput(log.Writer())
		log.SetOutput(t.Output())
		log.Print(propagation.Explain(r.Context(), "api.partner.example"))
	})), in)
}

func TestBesideOtelhttp(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Destinations: []propagation.Destination{{Hosts: []string{"127.0.0.1"}, Baggage: []string{}}}})
	details := newCallee(t)
	global(t, p)

	client := &http.Client{Transport: otelhttp.NewTransport(httptrace.NewTransport(p, nil))}

	get(p.ExtractHTTP(t.Context(), received()), t, client, details.url)
	if got := details.next(t); got.Get("Baggage") != "" || got.Get("Traceparent") == "" {
		t.Errorf("the call carried %v, want traceparent and no baggage", got)
	}
	client = &http.Client{Transport: otelhttp.NewTransport(nil)}
	get(p.ExtractHTTP(t.Context(), received()), t, client, details.url)
	if got := details.next(t); got.Get("Baggage") == "" {
		t.Error("otelhttp alone applies the rules, want that it does not, as on the page")
	}
}

// TestTopics: a topic gets no user data by default.
func TestTopics(t *testing.T) {
	ctx := func(p *propagation.Propagator) context.Context { return p.ExtractHTTP(t.Context(), received()) }
	carries := func(p *propagation.Propagator, topic string) bool {
		for name := range p.Lines(ctx(p), topic) {
			if name == "baggage" {
				return true
			}
		}
		return false
	}
	config := propagation.Config{}

	config.InternalHosts = []string{"kafka:orders.*"}

	if p := propagation.MustNew(propagation.Config{}); carries(p, "kafka:orders.created") {
		t.Error("by default, a topic gets baggage")
	}
	p := propagation.MustNew(config)
	if !carries(p, "kafka:orders.created") || carries(p, "kafka:other") {
		t.Error("baggage is not sent exactly to the topic in InternalHosts")
	}
}
