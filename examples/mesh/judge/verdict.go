package judge

import (
	"fmt"

	"github.com/traceferry/traceferry/internal/tally"
)

// Fault is one way in which a run can be wrong.
type Fault string

const (
	Failed     Fault = "failed"              // a request without the right answer
	Split      Fault = "split"               // a request's spans are in several traces
	Mixed      Fault = "mixed up"            // a trace with spans of several requests
	Foreign    Fault = "foreign"             // a trace of none of the requests
	Orphan     Fault = "orphans"             // a span whose parent nobody has
	Missing    Fault = "missing"             // a call without its span
	Misplaced  Fault = "misplaced"           // a span under another than the call's cause
	ChangedIDs Fault = "changed request ids" // a request with more than one
	Reasons    Fault = "changed reasons"     // an id that does not say why Envoy traced it
	Headers    Fault = "wrong headers"       // one that came and should not have, or the reverse
)

// Faults are all, in the order in which a verdict counts them.
var Faults = []Fault{Failed, Split, Mixed, Foreign, Orphan, Missing, Misplaced, ChangedIDs, Reasons, Headers}

// Verdict adds up what was judged and what was wrong.
type Verdict struct {
	Requests, Whole, Traces, Spans int
	LogLines, Tagged               int // the lines and spans whose request ids were compared
	tally.Tally[Fault]
}

// Good reports whether there was something to judge and nothing was wrong with it.
func (v *Verdict) Good() bool {
	return v.Requests > 0 && v.Whole == v.Requests && len(v.Faults) == 0
}

func (v *Verdict) String() string {
	ids := fmt.Sprintf("request ids compared in %d lines of access logs and %d spans", v.LogLines, v.Tagged)
	if v.LogLines+v.Tagged == 0 {
		ids = "request ids not compared: the application does not carry them"
	}
	return fmt.Sprintf("%d requests made %d traces of %d spans, %d whole\n%s\n%s",
		v.Requests, v.Traces, v.Spans, v.Whole, ids, v.Sums(Faults))
}
