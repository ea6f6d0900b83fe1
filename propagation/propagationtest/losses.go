package propagationtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/traceferry/traceferry/internal/callsite"
	"github.com/traceferry/traceferry/propagation"
)

// Loss is a reason why headers were lost, and the place in the service's source.
type Loss struct {
	Reason string // "no context", "baggage disallowed"
	File   string // empty: not known
	Line   int
}

// String returns the reason and, if it is known, the place as FILE:LINE.
func (l Loss) String() string {
	if l.File == "" {
		return l.Reason
	}
	return fmt.Sprintf("%s at %s:%d", l.Reason, l.File, l.Line)
}

// losing are the outcomes after which a call carries less than was received.
var losing = []propagation.Outcome{
	propagation.TooLarge, propagation.Stale, propagation.Unsendable, propagation.NoContext, propagation.Untrusted, propagation.Disallowed,
}

// Observer returns an Observer for a service that uses traceferry:
//
//	p := propagation.MustNew(propagation.Config{Observer: m.Observer()})
//
// With it, failures about lost headers have the outcomes and losses that traceferry found, and the line of the service that
// made the call; see propagation.Loss. A call with a client that does not use traceferry is observed only with
// httptrace.Guard and grpcguard.Enable. An Observer of the service's own can call this one's Outcome and Lost. All losses of
// a request go to all its failures about lost headers. Each call that loses something walks its stack. Any goroutine may
// call it.
func (m *Mesh) Observer() *propagation.Observer {
	return &propagation.Observer{
		Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
			if !slices.Contains(losing, o) {
				return
			}
			loss := Loss{Reason: o.String()}
			if f != 0 {
				loss.Reason = f.String() + " " + loss.Reason
			}
			site := callsite.Find()
			loss.File, loss.Line = site.File, site.Line
			m.lose(loss)
		},
		Lost: func(_ context.Context, l propagation.Loss) { m.lose(Loss{l.Reason.String(), l.File, l.Line}) },
	}
}

func (m *Mesh) lose(l Loss) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !slices.Contains(m.losses, l) {
		m.losses = append(m.losses, l)
	}
}
