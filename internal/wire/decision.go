package wire

import "strings"

// parseDecision reads the words that formats share for a decision: "1" and "true", "0" and "false", in any case.
// An empty text leaves it open. ok is false for any other text.
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

// withDecision returns a verdict, marked if the decision beside the ids cannot be read.
func (v Verdict) withDecision(readable bool) Verdict {
	if !readable {
		v |= Undecidable
	}
	return v
}

// verdictOf returns the verdict on valid lines with a trace id, which may be without a span and a decision.
func verdictOf(sc SpanContext) Verdict {
	switch {
	case sc.SpanID.IsValid():
		return Valid
	case sc.Sampling.Decided():
		return Spanless
	}
	return Absent
}

// word returns the digit of the decision, for a format that can leave it open although some of its readers want a
// word: then an open decision is what Config.Deferred says, if it says anything. ok is false if it stays open.
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
