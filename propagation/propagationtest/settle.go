package propagationtest

import (
	"slices"
	"time"
)

// pause is how long the Mesh waits when all usual calls have arrived, for one call too many.
const pause = 2 * time.Millisecond

// patience is how many times longer the Mesh waits for the first call to a callee: a connection may have to be made.
const patience = 10

// settle waits until the calls of requests that were answered have arrived: as many as such requests usually
// make, or until no call has come for a while.
func (m *Mesh) settle(xs []*exchange) {
	usual, known := 0, true
	for _, x := range xs {
		n, ok := m.usual[x.kind]
		usual, known = usual+n, known && ok
	}
	answered := time.Now()
	wait := m.conf.wait
	if m.first() {
		wait *= patience
	}
	for {
		m.mu.Lock()
		n, quiet := len(m.inbox), time.Since(later(m.last, answered))
		m.mu.Unlock()
		if wait > m.conf.wait && m.allCalled() {
			wait = m.conf.wait
		}
		switch {
		case known && n >= usual && quiet >= pause:
			return
		case quiet >= wait:
			if len(xs) == 1 && (!known || n < usual) {
				m.usual[xs[0].kind] = n
			}
			return
		}
		time.Sleep(pause / 2)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// first reports whether no request has been answered yet.
func (m *Mesh) first() bool { return len(m.sent) == 0 }

// allCalled reports whether each callee that must be called is, by the requests that are under way.
func (m *Mesh) allCalled() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range m.callees {
		if !c.quiet && !slices.ContainsFunc(m.inbox, func(k call) bool { return k.callee == c }) {
			return false
		}
	}
	return true
}
