package judge

import (
	"fmt"

	"github.com/traceferry/traceferry/internal/tally"
)

// Fault is a kind of fault in a run.
type Fault string

const (
	Failed     Fault = "failed"              // a request did not get the right answer
	Split      Fault = "split"               // the spans of a request are in several traces
	Mixed      Fault = "mixed up"            // a trace has spans of several requests
	Foreign    Fault = "foreign"             // a trace belongs to no request
	Orphan     Fault = "orphans"             // the parent of a span is missing
	Missing    Fault = "missing"             // a call has no span
	Misplaced  Fault = "misplaced"           // a span is not under the cause of its call
	ChangedIDs Fault = "changed request ids" // a request has several ids
	Reasons    Fault = "changed reasons"     // an id has another reason than expected
	Headers    Fault = "wrong headers"       // a header was forwarded and should not be, or the reverse
)

// Faults are all faults, in the order in which a verdict prints them.
var Faults = []Fault{Failed, Split, Mixed, Foreign, Orphan, Missing, Misplaced, ChangedIDs, Reasons, Headers}

// Verdict counts what was judged, and the faults.
type Verdict struct {
	Requests, Whole, Traces, Spans int
	LogLines, Tagged               int // the number of lines and spans whose request ids were compared
	tally.Tally[Fault]
}

// Good reports whether something was judged and no fault was found.
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
