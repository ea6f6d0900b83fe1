package main

import (
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
)

// attribute gives each call to its request: by the id in its URI, or by its headers, or to the request that is under
// way. A call with the headers of an earlier request is late if that one lacks a call. Otherwise the call belongs to the
// request that is under way, and has the wrong headers.
func (d *exam) attribute(calls []call, now *exchange) {
	for _, c := range calls {
		x := d.byID(c)
		if x == nil {
			x = d.byHeaders(c)
			surplus := x != nil && d.usual > 0 && len(x.calls) >= d.usual
			if now != nil && x != now && (surplus || x == nil && !d.noise && !d.marked) {
				x = now
			}
		}
		switch {
		case x != nil:
			x.calls = append(x.calls, c)
		case now == nil:
			d.nameless++
		default:
			d.strays++
		}
	}
}

// allMarked reports whether each call of an exchange has its id in the URI. Then a call without an id does not come from
// the service.
func (d *exam) allMarked(x *exchange) bool {
	return len(x.calls) > 0 && !slices.ContainsFunc(x.calls, func(c call) bool { return d.byID(c) != x })
}

func (d *exam) byID(c call) *exchange {
	if !strings.Contains(d.target.url, placeholder) {
		return nil
	}
	for _, x := range d.exchanges {
		if strings.Contains(c.URI, x.id()) {
			return x
		}
	}
	return nil
}

// byHeaders returns the request that most of a call's headers belong to.
func (d *exam) byHeaders(c call) (most *exchange) {
	votes := map[*exchange]int{}
	vote := func(x *exchange) {
		if votes[x]++; x != nil && (most == nil || votes[x] > votes[most]) {
			most = x
		}
	}
	for _, lines := range compare.Items(c.header()) {
		for _, l := range lines {
			vote(d.byLine(l))
		}
	}
	for _, f := range d.reader.read(c.header()).Formats {
		vote(d.byTrace[f.TraceID])
	}
	return most
}

func (d *exam) byLine(l string) *exchange {
	n, ok := d.owners.Owner(l)
	if !ok {
		return nil
	}
	for _, x := range d.exchanges {
		if x.n == n {
			return x
		}
	}
	return nil
}
