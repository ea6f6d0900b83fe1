package sidecar

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/traceferry/traceferry/internal/compare"
)

func TestProxiesFindEveryFault(t *testing.T) {
	const (
		alien = "a value of another journey"
		owed  = "a value of this journey"
	)
	for name, tt := range map[string]struct {
		handed, got []string
		want        []compare.Fault
	}{
		"nothing wrong":   {[]string{"b: 1", "b: 2", "a: 1"}, []string{"a: 1", "b: 1", "b: 2", "user-agent: go"}, nil},
		"nothing at all":  {nil, nil, nil},
		"a header lost":   {[]string{"a: 1", "b: 1"}, []string{"b: 1"}, fault(compare.Lost, "A", []string{"1"}, nil)},
		"a line lost":     {[]string{"a: 1", "a: 2"}, []string{"a: 2"}, fault(compare.Lost, "A", []string{"1", "2"}, []string{"2"})},
		"a value changed": {[]string{"a: 1"}, []string{"a: 2"}, fault(compare.Changed, "A", []string{"1"}, []string{"2"})},
		"lines in another order": {[]string{"a: 1", "a: 2"}, []string{"a: 2", "a: 1"},
			fault(compare.Changed, "A", []string{"1", "2"}, []string{"2", "1"})},
		"a line twice":      {[]string{"a: 1"}, []string{"a: 1", "a: 1"}, fault(compare.Duplicated, "A", []string{"1"}, []string{"1", "1"})},
		"a header invented": {nil, []string{"b3: 0"}, fault(compare.Invented, "B3", nil, []string{"0"})},
		"another journey's": {[]string{"a: " + owed}, []string{"a: " + alien},
			fault(compare.MixedUp, "A", []string{owed}, []string{alien})},
		"another journey's where nothing was owed": {nil, []string{"a: " + alien}, fault(compare.MixedUp, "A", nil, []string{alien})},
		"a stale b3 is not owed": {
			[]string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 3"}, []string{"x-b3-traceid: 1", "x-b3-spanid: 3"}, nil},
		"a stale b3 must not be sent": {
			[]string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 3"}, []string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 3"},
			fault(compare.Invented, "B3", nil, []string{"1-2-1"})},
		"a b3 that is not stale is owed": {
			[]string{"b3: 1-2-1", "x-b3-traceid: 1", "x-b3-spanid: 2"}, []string{"x-b3-traceid: 1", "x-b3-spanid: 2"},
			fault(compare.Lost, "B3", []string{"1-2-1"}, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			var l Ledger
			l.Begin(1, nil, header("a: "+alien))
			j := l.Begin(2, nil, header(tt.handed...))
			if err := l.Pass(2, Call{Service: "front"}, header(tt.got...)); err != nil {
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
	for _, c := range []Call{{Service: "reviews"}, {Caller: "reviews", Service: "ratings"}} {
		if err := l.Pass(7, c, h); err != nil {
			t.Fatal(err)
		}
	}
	h.Del("Traceparent")
	if err := l.Pass(7, Call{Caller: "ratings", Service: "users"}, h); err != nil {
		t.Fatal(err)
	}
	hops := l.End(j)
	for i, hop := range hops[:2] {
		if hop.Carried != 3 || hop.Advanced != 1 || hop.Faults != nil || hop.Span.Trace != trace {
			t.Errorf("hop %d is %+v, want 3 carried headers, 1 advanced and no faults", i, hop)
		}
	}
	if hops[0].Span.Parent != parent || hops[1].Span.Parent != hops[0].Span.ID {
		t.Errorf("the spans are %+v and %+v, want a chain from the caller's span", hops[0].Span, hops[1].Span)
	}
	if got := kinds(hops[2]); got != "[lost not continued]" {
		t.Errorf("a lost traceparent gives the faults %s, want lost and not continued", got)
	}
}

// gRPC carries the bytes of a -bin value without padding. HTTP carries the text unchanged.
func TestOnlyGRPCMayDropThePadding(t *testing.T) {
	for _, tt := range []struct {
		grpc      bool
		got, want string
	}{
		{true, "x-bin: AAE", "[]"},
		{true, "x-bin: AAE=", "[changed]"}, // a gRPC proxy would not write padding
		{false, "x-bin: AAE", "[changed]"},
		{false, "x-bin: AAE=", "[]"},
	} {
		var l Ledger
		j := l.Begin(1, nil, header("x-bin: AAE="))
		if err := l.Pass(1, Call{Service: "front", GRPC: tt.grpc}, header(tt.got)); err != nil {
			t.Fatal(err)
		}
		if got := kinds(l.End(j)[0]); got != tt.want {
			t.Errorf("%+v: found the faults %s", tt, got)
		}
	}
}

// fault returns one fault in the form in which a proxy reports it.
func fault(kind compare.Kind, header string, want, got []string) []compare.Fault {
	return []compare.Fault{{Kind: kind, Header: header, Want: want, Got: got}}
}

// kinds returns the kinds of the faults of a hop.
func kinds(h Hop) string {
	found := []compare.Kind{}
	for _, f := range h.Faults {
		found = append(found, f.Kind)
	}
	return fmt.Sprint(found)
}

func TestALedgerRemembersJourneysThatEnded(t *testing.T) {
	var l Ledger
	l.End(l.Begin(1, nil, header("a: a value of the first journey")))
	j := l.Begin(2, nil, header())
	if err := l.Pass(2, Call{Service: "front"}, header("a: a value of the first journey")); err != nil {
		t.Fatal(err)
	}
	if got := kinds(l.End(j)[0]); got != "[mixed up]" {
		t.Errorf("a value of an ended journey gives the faults %s, want mixed up", got)
	}
}
