package sidecar

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/traceferry/traceferry/internal/compare"
)

// Ledger is the memory that all proxies of a mesh share. For each journey it has the headers
// that each proxy gave to its service. It is safe for concurrent use. The zero Ledger is
// ready for use.
type Ledger struct {
	mu       sync.Mutex
	journeys map[int]*Journey
	owners   compare.Owners
}

// Journey is one request of a client and all calls between services that it causes.
type Journey struct {
	ID     int
	tracer *Tracer

	mu     sync.Mutex
	handed map[string]http.Header // what each service got from its proxy; "" is the client
	hops   []Hop
}

// Hop is one call that passed a proxy.
type Hop struct {
	Caller, Service string
	Carried         int  // header lines that the proxy was given
	Advanced        int  // header lines that it rewrote
	Span            Span // the span that it started; zero if its tracer starts none
	Faults          []compare.Fault
}

// Begin starts the journey of a request that is sent with these headers, through proxies with this tracer.
func (l *Ledger) Begin(id int, t *Tracer, sent http.Header) *Journey {
	sent = carried(sent)
	j := &Journey{ID: id, tracer: t, handed: map[string]http.Header{"": sent}}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.journeys == nil {
		l.journeys = map[int]*Journey{}
	}
	l.journeys[id] = j
	l.owners.Own(id, sent)
	return j
}

// End removes a journey and returns its hops in the order of the calls. The Ledger remembers
// the headers of the journey for a while, so that it recognises them on another journey.
func (l *Ledger) End(j *Journey) []Hop {
	l.mu.Lock()
	delete(l.journeys, j.ID)
	l.mu.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.hops
}

// Pass handles a call as a proxy does. It checks the headers, advances them in place as the
// journey's tracer does, and records both. It returns an error if the journey does not exist.
func (l *Ledger) Pass(id int, c Call, h http.Header) error {
	l.mu.Lock()
	j := l.journeys[id]
	l.mu.Unlock()
	if j == nil {
		return fmt.Errorf("no journey %d is under way", id)
	}
	j.mu.Lock()
	defer j.mu.Unlock()

	got := carried(h)
	hop := Hop{Caller: c.Caller, Service: c.Service, Carried: lines(got)}
	hop.Faults = compare.Headers(due(j.handed[c.Caller], c), got, func(line string) bool { return l.owners.Foreign(id, line) })
	if j.tracer != nil {
		var ok bool
		if hop.Span, ok = j.tracer.advance(h, c.Service); !ok {
			hop.Faults = append(hop.Faults, compare.Fault{Kind: compare.NotContinued})
		}
	}
	handed := carried(h)
	hop.Advanced = written(got, handed)
	j.handed[c.Service] = handed
	j.hops = append(j.hops, hop)
	l.owners.Own(id, handed)
	return nil
}

// due returns the headers that a call must have: all headers that its caller got. The
// exception is a b3 that names another span than x-b3-* does. Envoy advances only x-b3-* and
// then prefers b3, so a service that sends both sends a stale span.
func due(handed http.Header, c Call) http.Header {
	single := strings.SplitN(handed.Get("B3"), "-", 3)
	trace, span := handed.Get("X-B3-Traceid"), handed.Get("X-B3-Spanid")
	if len(single) > 1 && trace != "" && span != "" && (single[0] != trace || single[1] != span) {
		handed = handed.Clone()
		handed.Del("B3")
	}
	if c.GRPC {
		return compare.Unpadded(handed)
	}
	return handed
}

// carried returns a copy of the headers without those that Go's client adds to every call.
func carried(h http.Header) http.Header {
	h = h.Clone()
	h.Del("Accept-Encoding")
	h.Del("User-Agent")
	return h
}

func lines(h http.Header) (n int) {
	for _, vals := range h {
		n += len(vals)
	}
	return n
}

// written counts the lines of the names that differ between before and after.
func written(before, after http.Header) (n int) {
	for name, vals := range after {
		if !slices.Equal(before[name], vals) {
			n += len(vals)
		}
	}
	return n
}
