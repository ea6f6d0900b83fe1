package sidecar

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func TestProxiesFindEveryFault(t *testing.T) {
	const (
		alien = "a value of another journey"
		owed  = "a value of this journey"
	)
	for name, tt := range map[string]struct {
		handed, got []string
		want        []Fault
	}{
		"nothing wrong":   {[]string{"b: 1", "b: 2", "a: 1"}, []string{"a: 1", "b: 1", "b: 2", "user-agent: go"}, nil},
		"nothing at all":  {nil, nil, nil},
		"a header lost":   {[]string{"a: 1", "b: 1"}, []string{"b: 1"}, []Fault{{Lost, "A", []string{"1"}, nil}}},
		"a line lost":     {[]string{"a: 1", "a: 2"}, []string{"a: 2"}, []Fault{{Lost, "A", []string{"1", "2"}, []string{"2"}}}},
		"a value changed": {[]string{"a: 1"}, []string{"a: 2"}, []Fault{{Changed, "A", []string{"1"}, []string{"2"}}}},
		"lines in another order": {[]string{"a: 1", "a: 2"}, []string{"a: 2", "a: 1"},
			[]Fault{{Changed, "A", []string{"1", "2"}, []string{"2", "1"}}}},
		"a line twice":      {[]string{"a: 1"}, []string{"a: 1", "a: 1"}, []Fault{{Duplicated, "A", []string{"1"}, []string{"1", "1"}}}},
		"a header invented": {nil, []string{"b3: 0"}, []Fault{{Invented, "B3", nil, []string{"0"}}}},
		"another journey's": {[]string{"a: " + owed}, []string{"a: " + alien},
			[]Fault{{MixedUp, "A", []string{owed}, []string{alien}}}},
		"another journey's where nothing was owed": {nil, []string{"a: " + alien}, []Fault{{MixedUp, "A", nil, []string{alien}}}},
		"a stale b3 is not owed": {
			[]string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 3"}, []string{"x-b3-traceid: 1", "x-b3-spanid: 3"}, nil},
		"a stale b3 must not be sent": {
			[]string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 3"}, []string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 3"},
			[]Fault{{Invented, "B3", nil, []string{"1-2-1"}}}},
		"a b3 that is not stale is owed": {
			[]string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 2"}, []string{"x-b3-traceid: 1", "x-b3-spanid: 2"},
			[]Fault{{Lost, "B3", []string{"1-2-1"}, nil}}},
	} {
		t.Run(name, func(t *testing.T) {
			var l Ledger
			l.Begin(1, nil, header("a: "+alien))
			j := l.Begin(2, nil, header(tt.handed...))
			if err := l.Pass(2, "", "front", header(tt.got...)); err != nil {
				t.Fatal(err)
			}
			hop := l.End(j)[0]
			if !reflect.DeepEqual(hop.Faults, tt.want) {
				t.Errorf("found %+v\nwant  %+v", hop.Faults, tt.want)
			}
		})
	}
}

func TestHopsCountAndContinueTheSpan(t *testing.T) {
	var l Ledger
	j := l.Begin(7, EnvoyOpenTelemetry, header("traceparent: 00-"+trace+"-"+parent+"-01", "tracestate: a=1", "x-request-id: r"))
	h := header("traceparent: 00-"+trace+"-"+parent+"-01", "tracestate: a=1", "x-request-id: r", "accept-encoding: gzip")
	for _, call := range [][2]string{{"", "reviews"}, {"reviews", "ratings"}} {
		if err := l.Pass(7, call[0], call[1], h); err != nil {
			t.Fatal(err)
		}
	}
	h.Del("Traceparent")
	if err := l.Pass(7, "ratings", "stars", h); err != nil {
		t.Fatal(err)
	}
	hops := l.End(j)
	for i, hop := range hops[:2] {
		if hop.Carried != 3 || hop.Advanced != 1 || hop.Faults != nil || hop.Span.Trace != trace {
			t.Errorf("hop %d: %+v", i, hop)
		}
	}
	if hops[0].Span.Parent != parent || hops[1].Span.Parent != hops[0].Span.ID {
		t.Errorf("spans %+v and %+v", hops[0].Span, hops[1].Span)
	}
	var kinds []Kind
	for _, f := range hops[2].Faults {
		kinds = append(kinds, f.Kind)
	}
	if fmt.Sprint(kinds) != "[lost not continued]" {
		t.Errorf("a lost traceparent: %v", kinds)
	}
}

func TestALedgerRemembersJourneysThatEnded(t *testing.T) {
	var l Ledger
	line := func(i int) string { return fmt.Sprintf("a value of journey %d", i) }
	const last = 2*remember - 1 // the oldest line is still in the older half
	for i := range last {
		l.End(l.Begin(i, nil, header("a: "+line(i))))
	}
	if !l.foreign(last, line(0)) || !l.foreign(last, line(last-1)) {
		t.Error("a value of an ended journey is not known")
	}
	if l.foreign(0, line(0)) {
		t.Error("a journey's own value is foreign to it")
	}
	for i := last; i < last+remember; i++ {
		l.End(l.Begin(i, nil, header("a: "+line(i))))
	}
	if got := len(l.owners) + len(l.older); got > 2*remember {
		t.Errorf("%d lines are remembered", got)
	}
}

func TestALineOfTwoJourneysIsNobodys(t *testing.T) {
	var l Ledger
	l.Begin(1, nil, header("a: what everybody has"))
	l.Begin(2, nil, header("a: what everybody has"))
	if l.foreign(3, "what everybody has") {
		t.Error("a value that two callers sent counts as one's own")
	}
}

func TestAProxyForwardsAndRefuses(t *testing.T) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.Path, " ", r.Header.Get("X-B3-Spanid"))
	}))
	target, _ := url.Parse(service.URL)
	var l Ledger
	l.Begin(7, EnvoyZipkin, header("x-b3-traceid: "+trace, "x-b3-spanid: "+parent))
	proxy := httptest.NewServer(NewProxy(&l, "", "ratings", target))
	defer proxy.Close()

	get := func(path string) (int, string) {
		req, _ := http.NewRequest(http.MethodGet, proxy.URL+path, nil)
		req.Header = header("x-b3-traceid: "+trace, "x-b3-spanid: "+parent)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(text)
	}
	if status, text := get("/ratings/7"); status != 200 || text != "/ratings/7 "+newID(trace, parent, "ratings") {
		t.Errorf("%d %s", status, text)
	}
	for _, path := range []string{"/ratings/8", "/ratings/many"} {
		if status, _ := get(path); status != http.StatusBadRequest {
			t.Errorf("%s: %d", path, status)
		}
	}
	service.Close()
	if status, text := get("/ratings/7"); status != http.StatusBadGateway || !strings.Contains(text, "the proxy of ratings: ") {
		t.Errorf("a service that is gone: %d %q", status, text)
	}
}
