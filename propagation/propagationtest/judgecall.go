package propagationtest

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/propagation"
)

// judgement compares one call with what the service got for it.
type judgement struct {
	m       *Mesh
	x       *exchange
	call    call
	carried map[string]bool // headers that arrive at some callee
}

func (j judgement) failures() (out []Failure) {
	want, got := j.m.watched(j.x.handed), j.m.watched(j.call.header)
	if j.call.callee.external != "" {
		out = append(out, j.private(got)...)
		for name := range want {
			if got[name] == nil {
				delete(want, name)
			}
		}
	}
	j.allow(want, got)
	if j.m.conf.spans {
		out = append(out, j.spans(want, got)...)
	}
	if j.call.callee.grpc || j.x.grpc {
		want, got = compare.Unpadded(want), compare.Unpadded(got)
	}
	want, got = compare.Items(want), compare.Items(got)
	foreign := func(line string) bool { return j.m.owners.Foreign(j.x.id, line) }
	if len(want) > 1 && !overlap(want, got) && !slices.ContainsFunc(slices.Concat(slices.Collect(maps.Values(got))...), foreign) {
		return append(out, Failure{Kind: LostAll, Detail: "The service got " + names(want) + ".",
			Rule: "Each call must carry the trace headers of the request for which it is made."})
	}
	for _, f := range compare.Headers(want, got, foreign) {
		out = append(out, failureOf(f))
	}
	if t := j.x.kase.tracer; t != nil && len(out) == 0 && j.call.callee.external == "" {
		if _, ok := t.Advance(j.call.header.Clone(), j.call.callee.name); !ok {
			out = append(out, Failure{Kind: NotContinued, Detail: "The proxy is " + t.Name + "."})
		}
	}
	return out
}

// hint returns advice for a test that names no formats, if no call carried any header of the lost formats. Otherwise it
// returns an empty string.
func (j judgement) hint(f Failure) string {
	if !j.m.conf.assumed || f.Kind != Lost && f.Kind != LostAll {
		return ""
	}
	lost := []string{f.Header}
	if f.Kind == LostAll {
		lost = slices.Collect(maps.Keys(j.m.watched(j.x.handed)))
	}
	arrived := slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool {
		return !slices.ContainsFunc(slices.Collect(maps.Keys(j.carried)), func(name string) bool { return of(f, name) })
	})
	if len(arrived) == 0 || slices.ContainsFunc(lost, func(name string) bool { return ofAny(arrived, name) }) {
		return ""
	}
	return "No call carried this format. If the service is not meant to carry it, say so with Carries or Formats."
}

// names returns the names of headers in lower case, in alphabetical order.
func names(h http.Header) string {
	var all []string
	for name := range h {
		all = append(all, strings.ToLower(name))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// overlap reports whether some header is in both.
func overlap(a, b http.Header) bool {
	for name := range a {
		if b[name] != nil {
			return true
		}
	}
	return false
}

// allow removes what a service may do or leave out.
func (j judgement) allow(want, got http.Header) {
	for name := range want {
		if j.m.optional(name) && !j.carried[name] {
			delete(want, name)
		}
	}
	// A request without an id may get one. It is judged as soon as it is another request's.
	foreign := func(line string) bool { return j.m.owners.Foreign(j.x.id, line) }
	if id := got["X-Request-Id"]; want["X-Request-Id"] == nil && len(id) == 1 && id[0] != "" && !foreign(id[0]) {
		delete(got, "X-Request-Id")
	}
	if stale(j.x.handed) {
		delete(want, "B3")
		if !stale(got) {
			delete(got, "B3")
		}
	}
	for _, f := range j.m.conf.added {
		for name := range got {
			if of(f, name) && want[name] == nil && agrees(f, got, j.x.handed) {
				delete(got, name)
			}
		}
	}
}

// stale reports whether b3 names another span than x-b3-*.
func stale(h http.Header) bool {
	ids := strings.SplitN(h.Get("B3"), "-", 3)
	trace, span := h.Get("X-B3-Traceid"), h.Get("X-B3-Spanid")
	return len(ids) > 1 && trace != "" && span != "" && (ids[0] != trace || ids[1] != span)
}

// failureOf returns a fault as a failure.
func failureOf(fault compare.Fault) Failure {
	fault = fault.Refine()
	f := Failure{Kind: Kind(fault.Kind), Header: strings.ToLower(fault.Header), Want: fault.Want, Got: fault.Got, Detail: fault.Detail}
	if fault.Kind == compare.MixedUp {
		f.Kind = MixedUp
	}
	return f
}
