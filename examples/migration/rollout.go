package main

import (
	"maps"
	"net/http"
	"slices"
)

// The client's span in both formats. Services without a tracer forward it with unchanged ids, in whichever format they
// write.
const traceID = "463ac35c9f6413ad48485a3953bb6124"

var (
	inB3   = http.Header{"X-B3-Traceid": {traceID}, "X-B3-Spanid": {"a2fb4a1d1a96d312"}, "X-B3-Sampled": {"1"}}
	inW3C  = http.Header{"Traceparent": {"00-" + traceID + "-a2fb4a1d1a96d312-01"}}
	inBoth = func() http.Header {
		h := inB3.Clone()
		maps.Copy(h, inW3C)
		return h
	}()
)

// A stage is one state of the fleet during the migration, with the expected result.
type stage struct {
	what   string
	title  string      // title of the last call's header lines; "" if they are not printed
	client http.Header // the client's headers
	at     []step      // the steps of web, orders and stock
	sent   []string    // the expected formats of the call to each of them
	alone  int         // expected number of calls with B3 only; nobody if no service counts
}

const nobody = -1

// rollout moves the fleet one service at a time. Within a step, any order works.
var rollout = []stage{
	{"the fleet as it is", "before", inB3, []step{before, before, before}, []string{"B3", "B3", "B3"}, nobody},
	{"orders at step 1: reads both, writes both", "", inB3, []step{before, step1, before}, []string{"B3", "B3", "B3+W3C"}, 1},
	{"web and stock at step 1", "", inB3, []step{step1, step1, step1}, []string{"B3", "B3+W3C", "B3+W3C"}, 1},
	{"the client at step 1", "at step 1", inBoth, []step{step1, step1, step1}, []string{"B3+W3C", "B3+W3C", "B3+W3C"}, 0},
	{"orders at step 2: reads both, writes W3C", "at step 2", inBoth, []step{step1, step2, step1}, []string{"B3+W3C", "B3+W3C", "W3C"}, 0},
	{"web and stock at step 2", "", inBoth, []step{step2, step2, step2}, []string{"B3+W3C", "W3C", "W3C"}, 0},
	{"a forgotten client: it is counted, and loses nothing", "", inB3, []step{step2, step2, step2}, []string{"B3", "W3C", "W3C"}, 1},
	{"the last B3 caller is gone", "", inW3C, []step{step2, step2, step2}, []string{"W3C", "W3C", "W3C"}, 0},
	{"B3 is read no more", "", inW3C, []step{after, after, after}, []string{"W3C", "W3C", "W3C"}, nobody},
}

// format returns the formats in which headers name the client's span. The lines must be the client's lines byte for
// byte.
func format(headers http.Header) string {
	got := named(headers)
	same := func(h http.Header) bool { return maps.EqualFunc(got, h, slices.Equal[[]string]) }
	switch {
	case same(inB3):
		return "B3"
	case same(inW3C):
		return "W3C"
	case same(inBoth):
		return "B3+W3C"
	case len(got) == 0:
		return "nothing"
	}
	return "others"
}

// named returns the headers that name a span.
func named(headers http.Header) http.Header {
	got := http.Header{}
	for _, f := range step1(nil).Formats {
		for _, name := range f.Fields() {
			if values := headers.Values(name); values != nil {
				got[http.CanonicalHeaderKey(name)] = values
			}
		}
	}
	return got
}
