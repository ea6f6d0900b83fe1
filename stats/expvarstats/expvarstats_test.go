package expvarstats_test

import (
	"context"
	"encoding/json"
	"expvar"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/expvarstats"
)

var _ expvar.Var = expvarstats.Var{}

// TestEndpoint reads the counts of real calls from /debug/vars.
func TestEndpoint(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.B3Single}})
	expvar.Publish("traceferry", expvarstats.New(p))
	server := httptest.NewServer(http.DefaultServeMux) // expvar registers itself there
	defer server.Close()
	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	for range 2 {
		propagation.RemoteFromContext(p.ExtractHTTP(context.Background(), http.Header{"B3": {"?"}}))
	}
	req, _ := http.NewRequestWithContext(p.ExtractHTTP(context.Background(), http.Header{"B3": {"0"}}), "GET", "http://127.0.0.1:0", nil)
	client.Do(req)
	for calls := uint64(1); calls <= 3; calls++ { // each call has no context, and is counted before its answer
		counts := variable(t, client, server.URL)
		if got := counts["headers"]["no_context"]; got != calls {
			t.Errorf("after %d calls without a context, the count is %d", calls, got)
		}
		if got := counts["b3"]["malformed"]; got != 2 {
			t.Errorf("after 2 malformed headers, the count is %d", got)
		}
		if got := counts["requests"]["captured"]; got != 3 {
			t.Errorf("after 3 requests with headers, the count is %d", got)
		}
		if got := counts["calls"]["carried"]; got != 1 {
			t.Errorf("after one call that carried a header, the count is %d", got)
		}
		if got, ok := counts["tracecontext"]["malformed"]; got != 0 || !ok {
			t.Errorf("the count for traceparent is %d, present: %v, want a zero that is present", got, ok)
		}
		n := 0
		for _, of := range counts {
			n += len(of)
		}
		if n != 21 {
			t.Errorf("there are %d counts, want 21: %v", n, counts)
		}
	}
}

// variable returns the published variable.
func variable(t *testing.T, client *http.Client, url string) map[string]map[string]uint64 {
	t.Helper()
	resp, err := client.Get(url + "/debug/vars")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Traceferry map[string]map[string]uint64
	}
	if err := json.Unmarshal(body, &all); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	return all.Traceferry
}

// TestNothing: a Propagator that carries nothing has no outcomes.
func TestNothing(t *testing.T) {
	const nothing = `{"calls":{"carried":0},"requests":{"captured":0,"uncarried":0}}`
	for name, v := range map[string]expvarstats.Var{"zero": {}, "nil": expvarstats.New(nil), "zero Propagator": expvarstats.New(new(propagation.Propagator))} {
		if got := v.String(); got != nothing {
			t.Errorf("%s: the variable is %s, want %s", name, got, nothing)
		}
	}
}

func ExampleNew() {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.Baggage}})
	v := expvarstats.New(p) // expvar.Publish("traceferry", v)

	client := &http.Client{Transport: httptrace.NewTransport(p, nil)}
	client.Get("http://127.0.0.1:0") // without a request's context

	fmt.Println(v)
	// Output: {"baggage":{"disallowed":0,"malformed":0,"too_large":0,"unsendable":0},"calls":{"carried":0},"headers":{"disallowed":0,"no_context":1,"nothing_received":0,"panicked":0,"untrusted":0},"requests":{"captured":0,"uncarried":0}}
}
