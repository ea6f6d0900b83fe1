package propagationtest

import (
	"fmt"
	"slices"
	"strings"
)

// judge looks at all requests and their calls.
func (m *Mesh) judge(all []*exchange) error {
	r := &report{}
	carried := carried(all)
	for _, x := range all {
		if x.err != nil {
			r.add(x, Failure{Kind: Failed, Detail: x.err.Error()})
		}
		for _, c := range x.calls {
			j := judgement{m: m, x: x, call: c, carried: carried}
			for _, f := range j.failures() {
				f.Callee, f.Call = c.callee.name, c.what
				f.Hint = j.hint(f)
				r.add(x, f)
			}
		}
		m.judgeAnswer(r, x)
		m.judgeCounts(r, x)
	}
	m.judgeSilence(r, all)
	m.judgeSwaps(r, all)
	if m.observed.Load() {
		r.adviseGuard()
	}
	return r.err()
}

// judgeAnswer finds headers of other requests in the service's answer.
func (m *Mesh) judgeAnswer(r *report, x *exchange) {
	for name, lines := range m.watched(x.answer.header) {
		if slices.ContainsFunc(lines, func(l string) bool { return m.owners.Foreign(x.id, l) }) {
			r.add(x, Failure{Kind: MixedUp, Header: strings.ToLower(name), Want: x.handed[name], Got: lines,
				Detail: "The header is in the service's own answer, which belongs to another request."})
		}
	}
}

// judgeCounts holds the number of calls to the option Calls.
func (m *Mesh) judgeCounts(r *report, x *exchange) {
	for _, c := range m.callees {
		if n := x.callsTo(c); c.calls >= 0 && n != c.calls && x.err == nil && !x.kase.atOnce {
			r.add(x, Failure{Kind: CallCount, Callee: c.name, Detail: fmt.Sprintf("the request made %d calls instead of %d", n, c.calls)})
		}
	}
}

func (x *exchange) callsTo(callee *callee) (n int) {
	for _, c := range x.calls {
		if c.callee == callee {
			n++
		}
	}
	return n
}

// judgeSilence finds callees that were never called: nothing is known of them.
func (m *Mesh) judgeSilence(r *report, all []*exchange) {
	called := func(c *callee) bool {
		return slices.ContainsFunc(all, func(x *exchange) bool { return x.callsTo(c) > 0 })
	}
	if len(m.callees) == 0 {
		r.add(nil, Failure{Kind: NoCall, Detail: "the Mesh has no callee: use HTTP or GRPC, and give the address to the service"})
	}
	for _, c := range m.callees {
		if c.quiet || called(c) {
			continue
		}
		f := Failure{Kind: NoCall, Callee: c.name, Detail: "the service made no call, so nothing is known about its headers"}
		if i := slices.IndexFunc(all, func(x *exchange) bool { return x.err == nil }); i >= 0 {
			f.Detail += fmt.Sprintf("; it answered %q. Does it call the address of the Mesh? Which request does it need (option Requests)?", all[i].answer.status)
		}
		r.add(nil, f)
	}
}

// judgeSwaps finds requests at once whose calls carried all headers of one another: each call is right by itself.
func (m *Mesh) judgeSwaps(r *report, all []*exchange) {
	for _, c := range m.callees {
		want := map[int]int{} // calls of one request of each kind; -1: not always the same
		for _, x := range all {
			if n, known := want[x.kind]; !known && !x.kase.atOnce {
				want[x.kind] = x.callsTo(c)
			} else if known && !x.kase.atOnce && n != x.callsTo(c) {
				want[x.kind] = -1
			}
		}
		var more, fewer *exchange
		stray := func(k call) bool { return k.stray && k.callee == c }
		for _, x := range all {
			n, known := want[x.kind]
			if slices.ContainsFunc(x.calls, stray) {
				more, fewer = nil, nil
				break // the numbers say nothing
			}
			if !x.kase.atOnce || !known || n < 0 || x.err != nil {
				continue
			}
			switch got := x.callsTo(c); {
			case got > n:
				more = x
			case got < n:
				fewer = x
			}
		}
		if more != nil && fewer != nil {
			r.add(more, Failure{Kind: MixedUp, Callee: c.name, Detail: fmt.Sprintf(
				"Each request makes %d calls. One request made %d with its headers, and another %d: calls of one carried the headers of the other.",
				want[more.kind], more.callsTo(c), fewer.callsTo(c))})
		}
	}
}
