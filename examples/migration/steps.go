package main

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/traceferry/traceferry/propagation"
)

// A step is the configuration of one service: a function that takes an observer for the counter and returns the Config.
// Formats that name no span (request id, baggage) would be in every step, so they are omitted here.
type step func(*b3Callers) propagation.Config

// before is the fleet's state before the migration: it reads and writes B3.
func before(*b3Callers) propagation.Config {
	return propagation.Config{
		Formats: []propagation.Format{propagation.B3Multi, propagation.B3Single},
	}
}

// step1 reads both and writes both. B3 is first. As long as some services and proxies advance only B3, B3 has the
// parent to use.
func step1(count *b3Callers) propagation.Config {
	return propagation.Config{
		Formats:  []propagation.Format{propagation.B3Multi, propagation.B3Single, propagation.W3C},
		Emit:     []propagation.Format{propagation.B3Multi, propagation.W3C},
		Observer: count.observer(),
	}
}

// step2 reads both and writes W3C. A service may take this step when all services that it calls are at step 1, so that
// they read W3C.
//
// W3C cannot express two values of B3. An open decision becomes Config.Deferred, which is Denied by default. A decision
// without ids ("b3: 0") ends here.
func step2(count *b3Callers) propagation.Config {
	return propagation.Config{
		Formats:  []propagation.Format{propagation.W3C},
		Emit:     []propagation.Format{propagation.W3C},
		ReadOnly: []propagation.Format{propagation.B3Multi, propagation.B3Single},
		Observer: count.observer(),
	}
}

// after reads and writes W3C. A service may take this step when its counter has not increased for a while. That time
// must be longer than the pauses of its rarest caller.
func after(*b3Callers) propagation.Config {
	return propagation.Config{
		Formats: []propagation.Format{propagation.W3C},
	}
}

// b3Callers counts requests with B3 and without W3C: the requests whose trace would be lost without B3. In your
// service, use a metric with a label for the caller.
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
