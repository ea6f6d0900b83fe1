package wire

import "strconv"

// Sampling is a caller's decision about recording its trace. Its four states are those of B3
// (https://github.com/openzipkin/b3-propagation, "Sampling State"). Other formats can express only some of them. The
// zero value is Deferred.
type Sampling uint8

const (
	Deferred Sampling = iota // no decision was received: the receiver decides
	Denied                   // do not record
	Accepted                 // record
	Debug                    // record, and bypass all later samplers
)

var samplingNames = [...]string{"deferred", "denied", "accepted", "debug"}

// String returns the state in lower case: deferred, denied, accepted or debug.
func (s Sampling) String() string {
	if int(s) < len(samplingNames) {
		return samplingNames[s]
	}
	return "Sampling(" + strconv.Itoa(int(s)) + ")"
}

// Sampled reports whether the trace is to be recorded: Accepted and Debug are, Denied and Deferred are not.
func (s Sampling) Sampled() bool { return s >= Accepted }

// Decided reports whether there is a decision.
func (s Sampling) Decided() bool { return s != Deferred }
