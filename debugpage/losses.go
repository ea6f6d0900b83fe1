package debugpage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/traceferry/traceferry/propagation"
)

// maxSites is the number of call sites that a Losses keeps.
const maxSites = 100

// Losses collects the losses of a Propagator by call site, for [New]. A call site is a source line and a reason. The zero
// Losses is ready to use. It keeps at most 100 call sites; if there are more, it forgets the one whose last loss is
// oldest. It is safe for concurrent use. Do not copy it.
type Losses struct {
	mu        sync.Mutex
	sites     map[place]*Site
	forgotten uint64
}

// place is a call site: the reason and the source line.
type place struct {
	reason   propagation.LossReason
	function string
	file     string
	line     int
}

// Site is a call site: one line of the program whose calls lost headers for one reason.
type Site struct {
	Loss        propagation.Loss // the last loss; its Destination and Method are cut to 256 bytes
	Count       uint64           // the number of losses
	First, Last time.Time        // the times of the first and the last loss
}

// Observer returns an Observer that collects losses in l, for Config.Observer. If you have an Observer already, pass it
// as next: its functions are called, too. next may be nil.
//
// A loss costs a lock. It also costs an allocation if its destination or its method is not that of the call site's last
// loss. For a call without a loss, l costs nothing; see propagation.Observer for what Lost itself costs.
func (l *Losses) Observer(next *propagation.Observer) *propagation.Observer {
	var o propagation.Observer
	if next != nil {
		o = *next
	}
	lost := o.Lost
	o.Lost = func(ctx context.Context, loss propagation.Loss) {
		l.add(loss, time.Now())
		if lost != nil {
			lost(ctx, loss)
		}
	}
	return &o
}

func (l *Losses) add(loss propagation.Loss, now time.Time) {
	at := place{loss.Reason, loss.Function, loss.File, loss.Line}
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.sites[at]
	if s == nil {
		if len(l.sites) >= maxSites {
			l.forget()
		}
		if l.sites == nil {
			l.sites = map[place]*Site{}
		}
		s = &Site{First: now}
		l.sites[at] = s
	}
	loss.Destination, loss.Method = kept(loss.Destination, s.Loss.Destination), kept(loss.Method, s.Loss.Method)
	s.Loss, s.Last = loss, now
	s.Count++
}

// forget removes the site whose last loss is oldest.
func (l *Losses) forget() {
	var oldest place
	for at, s := range l.sites {
		if before := l.sites[oldest]; before == nil || s.Last.Before(before.Last) {
			oldest = at
		}
	}
	delete(l.sites, oldest)
	l.forgotten++
}

// maxKept is the length of the longest string of a request that a Site keeps.
const maxKept = 256

// kept returns a copy of s that holds no other memory of the request. It returns before if that is equal.
func kept(s, before string) string {
	if s = s[:min(len(s), maxKept)]; s == before {
		return before
	}
	return strings.Clone(s)
}

// Sites returns the call sites. The one with the most recent loss is first. A nil Losses has no call sites.
func (l *Losses) Sites() []Site {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	sites := make([]Site, 0, len(l.sites))
	for _, s := range l.sites {
		sites = append(sites, *s)
	}
	l.mu.Unlock()
	slices.SortFunc(sites, func(a, b Site) int {
		return cmp.Or(b.Last.Compare(a.Last), strings.Compare(a.Loss.File, b.Loss.File), cmp.Compare(a.Loss.Line, b.Loss.Line), cmp.Compare(a.Loss.Reason, b.Loss.Reason))
	})
	return sites
}

// Forgotten returns the number of call sites that were forgotten because there were more than 100. A nil Losses returns 0.
func (l *Losses) Forgotten() uint64 {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.forgotten
}
