package propagation

import "github.com/traceferry/traceferry/internal/wire"

// Sampling is what a caller decided about recording its trace. The four states are those of B3
// (https://github.com/openzipkin/b3-propagation, "Sampling State"), which can express all of them. Other formats can
// express only some. The zero value is Deferred: nobody has decided yet.
type Sampling uint8

const (
	Deferred Sampling = iota // no decision: the receiver decides
	Denied                   // do not record
	Accepted                 // record
	Debug                    // record, and bypass every later sampler
)

// String returns the state in lower case: deferred, denied, accepted or debug.
func (s Sampling) String() string { return wire.Sampling(s).String() }

// Sampled reports whether the trace is to be recorded. It is true for Accepted and Debug, and false for Denied and
// Deferred.
func (s Sampling) Sampled() bool { return wire.Sampling(s).Sampled() }

// Decided reports whether a decision was made: it is false only for Deferred.
func (s Sampling) Decided() bool { return wire.Sampling(s).Decided() }
