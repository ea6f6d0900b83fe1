package propagation

import "github.com/traceferry/traceferry/internal/wire"

// Sampling is the decision of a caller, or of a local span, about recording its trace. The four states are those of
// B3 (https://github.com/openzipkin/b3-propagation, "Sampling State"), which can express all of them. Other formats
// can express only some. The zero value is Deferred: there is no decision yet.
type Sampling uint8

// The states of a sampling decision.
const (
	Deferred Sampling = iota // no decision, also called an open decision: the receiver decides
	Denied                   // do not record
	Accepted                 // record
	Debug                    // record, and bypass every later sampler
)

// String returns the state in lower case: deferred, denied, accepted or debug.
func (s Sampling) String() string { return wire.Sampling(s).String() }

// Sampled reports whether the trace is to be recorded. It is true for Accepted and Debug, and false for Denied and
// Deferred.
func (s Sampling) Sampled() bool { return wire.Sampling(s).Sampled() }

// Decided reports whether there is a decision. It is false only for Deferred.
func (s Sampling) Decided() bool { return wire.Sampling(s).Decided() }
