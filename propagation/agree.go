package propagation

// agree finds what the written formats say besides ids and decision. All of them that have a place for it say the
// same: Datadog's headers and the member dd of tracestate.
func (o *plan) agree(span *writtenSpan, into formatSet) {
	if into&withExtras == 0 || (o.p.reads|o.p.emits)&withExtras&^withState == 0 {
		return // Datadog's headers are not in use here: to others its member is one of many
	}
	var few [2]receivedExtras
	all := o.receivedExtras(few[:0], span)
	x := chooseExtras(span, all)
	x.decide(span.Sampling)
	span.extras = x
	switch came := memberAmong(all); {
	case into&withState == 0 || x.holds || span.took(ddKey):
	case o.isLocal && o.c != nil && o.c.parse().remote.SpanID == span.SpanID: // the caller's own span goes as it came
	case x.some:
		span.addMember = came == nil || !came.holds || !came.sameAs(&x, span.TraceID)
	default: // no extras: a decision, where every call is to have Datadog's headers
		span.addMember = o.isLocal && into&o.p.emits&withExtras&^withState != 0
	}
}

// receivedExtras are the extras of one format that came.
type receivedExtras struct {
	ddExtras
	decision Sampling // the format's own
}

// receivedExtras appends those of the formats that name the span's trace and have a place for extras.
func (o *plan) receivedExtras(all []receivedExtras, span *writtenSpan) []receivedExtras {
	if o.c == nil || o.c.formats&withExtras == 0 {
		return all
	}
	for _, r := range o.c.parse().readings {
		extras := codecs[r.format].extras
		if extras != nil && r.verdict == valid && sameTrace(r.sc.TraceID, span.TraceID) {
			all = append(all, receivedExtras{extras(o.c.linesOf(r.format), r.sc), r.sc.Sampling})
		}
	}
	return all
}

// chooseExtras returns the extras of the trace: the span's own, else those of the first format, in the order of
// precedence, that has any. Where an earlier format has a place for them and none there, its decision stands, and
// no priority beside it.
func chooseExtras(span *writtenSpan, all []receivedExtras) ddExtras {
	own, came := stateExtras(lines{}, span.SpanContext), memberAmong(all)
	if !span.stateSame && own.some && (came == nil || own.member != came.member) && !hasMember(span.stateShown, own.member) {
		return inOwnWords(own, span, all)
	}
	decision := Deferred
	for _, x := range all {
		switch {
		case x.some && decision.Decided():
			x.decide(decision)
			x.priority, x.holds = ddPriorities[decision], false
			return x.ddExtras
		case x.some:
			return inOwnWords(x.ddExtras, span, all)
		case !decision.Decided():
			decision = x.decision
		}
	}
	return own
}

// inOwnWords returns extras as Datadog's headers put them, if those came and say the same: a member has no place
// for all that a header may hold.
func inOwnWords(x ddExtras, span *writtenSpan, all []receivedExtras) ddExtras {
	for i := range all {
		if y := &all[i]; y.some && y.member == "" && x.member != "" && y.sameAs(&x, span.TraceID) {
			x.origin, x.tags = y.origin, y.tags
		}
	}
	return x
}

// memberAmong returns the extras that came as a member of tracestate, or nil.
func memberAmong(all []receivedExtras) *ddExtras {
	for i := range all {
		if all[i].member != "" {
			return &all[i].ddExtras
		}
	}
	return nil
}

// took reports whether the span has taken a member out of the tracestate that it was given.
func (l *writtenSpan) took(key string) bool {
	return !l.stateSame && hasKey(l.stateShown, key) && !hasKey(l.TraceState, key)
}
