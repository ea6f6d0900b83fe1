package propagationtest

import (
	"context"
	"fmt"
	"slices"

	"github.com/traceferry/traceferry/internal/callsite"
	"github.com/traceferry/traceferry/propagation"
)

// Loss is a reason why a call lost headers, and the place in the service's source. A Failure has Losses if the
// service uses [Mesh.Observer].
type Loss struct {
	Reason string // a propagation.LossReason ("no context"), or a format and an Outcome ("baggage disallowed")
	File   string // the file of the call; empty: not known
	Line   int    // the line of the call; 0: not known
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

// Observer returns an Observer for a service that uses traceferry. With it, failures about lost headers also have the
// reason that traceferry found, and the line of the service that made the call:
//
//	p := propagation.MustNew(propagation.Config{Observer: m.Observer()})
//
// If the service has an Observer of its own, let that call this Observer's Outcome and Lost. A call of a client that
// does not use traceferry is observed only with httptrace.Guard and grpcguard.Enable.
//
// The Mesh cannot tell to which header a loss belongs. So it adds all losses of a request to all failures about lost
// headers of that request. Each call that loses headers reads its stack. The Observer is safe for concurrent use.
func (m *Mesh) Observer() *propagation.Observer {
	m.observed.Store(true)
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
