package propagation_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/traceferry/traceferry/propagation"
)

// Why does the partner not get the user's baggage, and why not b3?
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
	// to api.partner.example: not internal, the rule for *.partner.example
	// caller: continue
	// remote span, by b3: trace 463ac35c9f6413ad48485a3953bb6124, span a2fb4a1d1a96d312, accepted
	//   tracecontext  is malformed
	//   b3            wins: the first in the order of precedence that is valid and has ids
	//   b3multi       names another span of the same trace as b3
	//   traceparent   "00-463AC35C9F6413AD48485A3953BB6124-a2fb4a1d1a96d313-01"  sent as received
	//   b3            "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"      not sent: another format names a newer span
	//   x-b3-traceid  "463ac35c9f6413ad48485a3953bb6124"                         sent as received
	//   x-b3-spanid   "a2fb4a1d1a96d313"                                         sent as received
	//   x-b3-sampled  "1"                                                        sent as received
	//   x-request-id  "7f0a0b5e-9f0c-4d0a-8a2b-2f6f1d0c4b11"                     not sent: the destination may not have it: by the rule for *.partner.example
	//   baggage       (size 17)                                                  sent in part: the destination may not have the rest: by the rule for *.partner.example
	//   end-user      (size 3)                                                   not sent: the destination may not have it: by the rule for *.partner.example
}
