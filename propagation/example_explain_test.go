package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/traceferry/traceferry/propagation"
)

// Explain says why the partner does not get the user's baggage, and why it does not get b3.
func ExampleExplain() {
	p := propagation.MustNew(propagation.Config{
		Headers: []string{"end-user"},
		Destinations: []propagation.Destination{{
			Hosts:   []string{"*.partner.example"},
			Formats: []propagation.Format{propagation.W3C, propagation.B3Multi, propagation.B3Single},
			Baggage: []string{"tenant"},
		}},
	})
	ctx := p.ExtractHTTP(context.Background(), http.Header{
		"X-B3-Traceid": {"463ac35c9f6413ad48485a3953bb6124"}, "X-B3-Spanid": {"a2fb4a1d1a96d313"}, "X-B3-Sampled": {"1"},
		"B3":           {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"},
		"Traceparent":  {"00-463AC35C9F6413AD48485A3953BB6124-a2fb4a1d1a96d313-01"},
		"Baggage":      {"tenant=7,user=bob"},
		"End-User":     {"bob"},
		"X-Request-Id": {"7f0a0b5e-9f0c-4d0a-8a2b-2f6f1d0c4b11"},
	})
	fmt.Print(propagation.Explain(ctx, "api.partner.example"))
	// Output:
	// to api.partner.example: not internal; the rule for *.partner.example applies
	// caller: trusted
	// remote span, from b3: trace 463ac35c9f6413ad48485a3953bb6124, span a2fb4a1d1a96d312, accepted
	// received trace formats:
	//   tracecontext  is malformed
	//   b3            is used: it is the first valid format with ids, in the order of Config.Formats
	//   b3multi       names another span of the same trace as b3
	// headers:
	//   traceparent   "00-463AC35C9F6413AD48485A3953BB6124-a2fb4a1d1a96d313-01"  sent as received
	//   b3            "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"      not sent: another format names a newer span
	//   x-b3-traceid  "463ac35c9f6413ad48485a3953bb6124"                         sent as received
	//   x-b3-spanid   "a2fb4a1d1a96d313"                                         sent as received
	//   x-b3-sampled  "1"                                                        sent as received
	//   x-request-id  "7f0a0b5e-9f0c-4d0a-8a2b-2f6f1d0c4b11"                     not sent: the rule for *.partner.example does not allow it
	//   baggage       (size 17)                                                  sent in part: the rule for *.partner.example does not allow the rest
	//   end-user      (size 3)                                                   not sent: the rule for *.partner.example does not allow it
}

// ExplainRequest lists the headers of a request that this service does not carry, and how to carry them.
func ExamplePropagator_ExplainRequest() {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C}})
	r := httptest.NewRequest("GET", "/cart", nil)
	r.Header = http.Header{
		"Traceparent":       {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"},
		"X-B3-Traceid":      {"463ac35c9f6413ad48485a3953bb6124"},
		"X-Request-Id":      {"7f0a0b5e-9f0c-4d0a-8a2b-2f6f1d0c4b11"},
		"End-User":          {"bob"},
		"Authorization":     {"Bearer c2VjcmV0"},
		"Accept":            {"text/html"},
		"X-Forwarded-Proto": {"https"},
	}
	fmt.Print(p.ExplainRequest(r, "reviews:9080"))
	// Output:
	// to reviews:9080: internal; no rule of Config.Destinations applies
	// caller: trusted
	// remote span, from tracecontext: trace 463ac35c9f6413ad48485a3953bb6124, span a2fb4a1d1a96d312, accepted
	// received trace formats:
	//   tracecontext  is used: it is the first valid format with ids, in the order of Config.Formats
	// headers:
	//   traceparent  "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"  sent as received
	// received, but not carried:
	//   x-b3-traceid       "463ac35c9f6413ad48485a3953bb6124"      not carried: Config.Formats does not list b3multi
	//   x-request-id       "7f0a0b5e-9f0c-4d0a-8a2b-2f6f1d0c4b11"  not carried: Config.Formats does not list requestid
	//   end-user           (size 3)                                not carried: Config.Headers does not list it
	//   authorization      (size 15)                               not carried: it is a credential, or says who the caller is: if each callee may have it, put it in UnsafeHeaders
	//   accept             (size 9)                                not carried: it belongs to one hop or one message and is never forwarded: set it where you make the call
	//   x-forwarded-proto  (size 5)                                not carried: it may only come from the proxy in front of a service, and is never forwarded: copy what you need of it into a header of your own
}
