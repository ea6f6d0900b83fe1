package propagation

import "github.com/traceferry/traceferry/internal/wire"

// Sampling is what a caller said about recording its trace. The four states are
// those of B3 (https://github.com/openzipkin/b3-propagation, "Sampling State"),
// the format that can say all of them; the others say some. The zero value is
// Deferred: nobody has decided yet.
type Sampling uint8

const (
	Deferred Sampling = iota // no decision came: the receiver decides
	Denied                   // do not record
	Accepted                 // record
	Debug                    // record, and bypass every sampler behind
)

// String returns the state in lower case: deferred, denied, accepted or debug.
func (s Sampling) String() string { return wire.Sampling(s).String() }

// Sampled reports whether the trace is to be recorded: Accepted and Debug are,
// Denied and Deferred are not (yet).
func (s Sampling) Sampled() bool { return wire.Sampling(s).Sampled() }

// Decided reports whether a decision was made at all.
func (s Sampling) Decided() bool { return wire.Sampling(s).Decided() }
