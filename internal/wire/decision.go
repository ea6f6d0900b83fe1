package wire

import "strings"

// parseDecision reads the decision values that several formats share: "1" and "true", "0" and "false", in any case.
// An empty text leaves the decision open. ok is false for any other text.
func parseDecision(s string) (decision Sampling, ok bool) {
	switch strings.ToLower(s) {
	case "":
		return Deferred, true
	case "0", "false":
		return Denied, true
	case "1", "true":
		return Accepted, true
	}
	return Deferred, false
}

// withDecision adds Undecidable to the verdict if the decision is not readable.
func (v Verdict) withDecision(readable bool) Verdict {
	if !readable {
		v |= Undecidable
	}
	return v
}

// verdictOf returns the verdict for valid lines with a trace id. They may lack a span id and a decision.
func verdictOf(sc SpanContext) Verdict {
	switch {
	case sc.SpanID.IsValid():
		return Valid
	case sc.Sampling.Decided():
		return Spanless
	}
	return Absent
}

// word returns the digit of the decision, for a format that can leave it open. Some of its readers require a
// decision, so Config.Deferred, if set, replaces an open one. ok is false if the decision stays open.
func (e *encoder) word() (digit byte, ok bool) {
	decision := e.Sampling
	if decision == Deferred {
		decision = e.spoken
	}
	if decision.Sampled() {
		return '1', true
	}
	return '0', decision.Decided()
}
