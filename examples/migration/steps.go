package main

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/traceferry/traceferry/propagation"
)

// A step is what one service carries: a function that takes the counter to observe
// with and returns the Config. Formats that name no span (request id, baggage) would be
// listed in every step and are left out here.
type step func(*b3Callers) propagation.Config

// before is where the fleet stands: it reads and writes B3.
func before(*b3Callers) propagation.Config {
	return propagation.Config{
		Formats: []propagation.Format{propagation.B3Multi, propagation.B3Single},
	}
}

// step1 reads both and writes both. B3 stands first: while there are services and
// proxies that advance only B3, that is the parent to use.
func step1(count *b3Callers) propagation.Config {
	return propagation.Config{
		Formats:  []propagation.Format{propagation.B3Multi, propagation.B3Single, propagation.W3C},
		Emit:     []propagation.Format{propagation.B3Multi, propagation.W3C},
		Observer: count.observer(),
	}
}

// step2 reads both and writes W3C. A service may begin it when all that it calls are at
// step 1, and so read W3C.
//
// Two things B3 can say and W3C cannot: a decision that is left open becomes
// Config.Deferred, Denied by default; and a decision without ids ("b3: 0") ends here.
func step2(count *b3Callers) propagation.Config {
	return propagation.Config{
		Formats:  []propagation.Format{propagation.W3C},
		Emit:     []propagation.Format{propagation.W3C},
		ReadOnly: []propagation.Format{propagation.B3Multi, propagation.B3Single},
		Observer: count.observer(),
	}
}

// after reads and writes W3C. A service may begin it when its counter has stood still for
// as long as its rarest caller sleeps.
func after(*b3Callers) propagation.Config {
	return propagation.Config{
		Formats: []propagation.Format{propagation.W3C},
	}
}

// b3Callers counts requests that came in B3 and not in W3C as well: those whose trace
// would be lost without B3. A real one is a metric of the service, with a label for
// who called.
type b3Callers struct{ atomic.Int64 }

func (n *b3Callers) observer() *propagation.Observer {
	return &propagation.Observer{
		Extracted: func(_ context.Context, came []propagation.Format) {
			b3 := slices.Contains(came, propagation.B3Multi) || slices.Contains(came, propagation.B3Single)
			if b3 && !slices.Contains(came, propagation.W3C) {
				n.Add(1)
			}
		},
	}
}
