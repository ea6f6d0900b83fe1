package frameworks

import (
	"context"
	"net/http"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

func TestLambda(t *testing.T) {
	p, client, back := setUp(t)
	var tags []string
	mux := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tags = r.Header["X-Datadog-Tags"]
		back.calls(client).ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK) // the adapter asks for a status
	})

	adapter := httpadapter.NewV2(httptrace.Middleware(p)(mux))

	headers := map[string]string{"traceparent": came.Get("Traceparent"), "b3": came.Get("B3"), "x-request-id": came.Get("X-Request-Id"), "baggage": "a=1,b=2", "x-datadog-tags": "_dd.p.dm=-4,_dd.p.usr=u"}
	event := events.APIGatewayV2HTTPRequest{RawPath: "/", Headers: headers}
	event.RequestContext.HTTP.Method = "GET"
	answer, err := adapter.ProxyWithContext(context.Background(), event)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%v: %+v", err, answer)
	}
	back.got(t)
	if len(tags) != 2 {
		t.Errorf("x-datadog-tags has the lines %q, want two as on the page", tags)
	}
	event.Headers = nil
	if _, err := adapter.ProxyWithContext(context.Background(), event); err != nil {
		t.Fatal(err)
	}
	back.gotNothing(t)
	if s := p.Stats(); s.Count(0, propagation.NoContext) != 1 {
		t.Errorf("the counts are %s, want one call without a context as on the page", s)
	}
}

// TestCloudRun: the headers of Cloud Run's front end are forwarded. A name under run.app may belong to anybody. So it
// gets no user data unless a rule allows it.
func TestCloudRun(t *testing.T) {
	config := preset.GoogleCloud()
	config.Destinations = []propagation.Destination{{Hosts: []string{"cart-abc123-ew.a.run.app"}, Baggage: []string{"*"}}}
	if !slices.Contains(config.Formats, propagation.Baggage) {
		config.Formats = append(config.Formats, propagation.Baggage)
	}

	p := propagation.MustNew(config)

	received := http.Header{
		"Traceparent":           came["Traceparent"],
		"X-Cloud-Trace-Context": {"463ac35c9f6413ad48485a3953bb6124/11731252014137758482;o=1"},
		"Baggage":               came["Baggage"],
	}
	ctx := p.ExtractHTTP(context.Background(), received)
	for host, baggage := range map[string]bool{"cart-abc123-ew.a.run.app": true, "other-abc123-ew.a.run.app": false} {
		var sent http.Header
		record := roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = r.Header
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
		})
		client := &http.Client{Transport: httptrace.NewTransport(p, record)}
		if err := callWith(ctx, client, "https://"+host+"/"); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Traceparent", "X-Cloud-Trace-Context"} {
			if !slices.Equal(sent[name], received[name]) {
				t.Errorf("%s gets %s as %q, want it unchanged", host, name, sent[name])
			}
		}
		if got := sent["Baggage"] != nil; got != baggage {
			t.Errorf("%s gets baggage: %v, want %v", host, got, baggage)
		}
	}
}

// roundTripper is a client without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
