package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/traceferry/traceferry/propagation"
)

// inboundRequest are the received headers in these examples.
var inboundRequest = http.Header{
	"Traceparent":  {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"},
	"X-Request-Id": {"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
	"Baggage":      {"tenant=7,user=bob"},
	"End-User":     {"bob"},
}

// A partner gets the trace and one key of the baggage. A bank gets nothing. Hosts without a rule get trace formats. Only
// internal hosts also get user data.
func ExampleDestination() {
	p, err := propagation.New(propagation.Config{
		Headers: []string{"end-user"},
		Destinations: []propagation.Destination{
			{Hosts: []string{"*.partner.example"}, Formats: []propagation.Format{propagation.W3C}, Baggage: []string{"tenant"}},
			{Hosts: []string{"bank.example", "*.bank.example"}, Formats: []propagation.Format{}},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := p.ExtractHTTP(context.Background(), inboundRequest)
	for _, target := range []string{"http://reviews:9080/", "https://eu.partner.example/", "https://bank.example/", "https://api.example.com/"} {
		u, _ := url.Parse(target)
		h := http.Header{}
		p.InjectHTTPTo(ctx, u, h) // httptrace.Transport writes the same headers
		fmt.Println(target)
		show(h)
	}
	// Output:
	// http://reviews:9080/
	// Baggage: [tenant=7,user=bob]
	// End-User: [bob]
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01]
	// X-Request-Id: [5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d]
	// https://eu.partner.example/
	// Baggage: [tenant=7]
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01]
	// https://bank.example/
	// https://api.example.com/
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01]
	// X-Request-Id: [5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d]
}

// A vendor bills for each span that it receives, so it gets its format only in sampled traces.
func ExampleDestination_onlySampled() {
	p := propagation.MustNew(propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.Sentry},
		Destinations: []propagation.Destination{
			{Hosts: []string{"*.vendor.example"}, OnlySampled: []propagation.Format{propagation.Sentry}},
		},
	})
	for _, decision := range []string{"0", "1"} {
		ctx := p.ExtractHTTP(context.Background(), http.Header{
			"Traceparent":  {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-0" + decision},
			"Sentry-Trace": {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-" + decision},
		})
		target, h := &url.URL{Scheme: "https", Host: "eu.vendor.example"}, http.Header{}
		p.InjectHTTPTo(ctx, target, h)
		fmt.Println("decision", decision)
		show(h)
	}
	// Output:
	// decision 0
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-00]
	// decision 1
	// Sentry-Trace: [463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1]
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01]
}

// Two rules for the same hosts are a mistake, in any spelling. A pattern that is not a host or a network is a mistake, too.
func ExampleDestination_mistakes() {
	_, err := propagation.New(propagation.Config{Destinations: []propagation.Destination{
		{Hosts: []string{"*.bücher.example"}},
		{Hosts: []string{"*.XN--bcher-kva.example.", "https://api.example.com", "10.1.0.0/8"}},
	}})
	fmt.Println(err)
	// Output:
	// propagation: Config.Destinations[1].Hosts[0]: "*.XN--bcher-kva.example.": matches the same as Destinations[0].Hosts[0] ("*.bücher.example"): list it once
	// propagation: Config.Destinations[1].Hosts[1]: "https://api.example.com": has a scheme: a pattern is a host, and perhaps a port
	// propagation: Config.Destinations[1].Hosts[2]: "10.1.0.0/8": has bits set after its prefix length: write 10.0.0.0/8
}

// Try rules before you apply them. With DestinationsReportOnly, all headers are sent. Headers that the rules do not allow
// are counted.
func ExampleConfig_destinationsReportOnly() {
	p := propagation.MustNew(propagation.Config{
		DestinationsReportOnly: true,
		Observer: &propagation.Observer{Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
			fmt.Printf("%v: %v\n", f, o)
		}},
	})
	target, h := &url.URL{Scheme: "https", Host: "api.example.com"}, http.Header{}
	p.InjectHTTPTo(p.ExtractHTTP(context.Background(), inboundRequest), target, h)
	fmt.Println(h["Baggage"], p.Stats().Count(propagation.Baggage, propagation.Disallowed))
	// Output:
	// baggage: disallowed
	// [tenant=7,user=bob] 1
}

// A client without a RoundTripper, such as a WebSocket dialer, takes headers. InjectHTTPTo writes the headers for a URL.
func ExamplePropagator_InjectHTTPTo() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), inboundRequest)
	target, header := &url.URL{Scheme: "wss", Host: "chat.example.com"}, http.Header{}
	p.InjectHTTPTo(ctx, target, header)
	show(header)
	// Output:
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01]
	// X-Request-Id: [5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d]
}
