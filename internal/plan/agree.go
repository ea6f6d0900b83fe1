package plan

import "github.com/traceferry/traceferry/internal/wire"

// agree sets the extras of the written formats. All formats that can carry them must say the same: Datadog's headers
// and the tracestate member dd.
func (o *plan) agree(span *wire.WrittenSpan, into wire.FormatSet) {
	if into&wire.WithExtras == 0 || (o.p.in.Reads|o.p.emits)&wire.WithExtras&^wire.WithState == 0 {
		return // without Datadog's headers, the member dd is forwarded like any other
	}
	var few [2]receivedExtras
	all := o.receivedExtras(few[:0], span)
	x := chooseExtras(span, all)
	x.Decide(span.Sampling)
	span.Extras = x
	switch came := memberAmong(all); {
	case into&wire.WithState == 0 || x.Holds || took(span, wire.DdKey):
	case o.isLocal && o.c != nil && o.c.Parse().Remote.SpanID == span.SpanID: // the caller's own span is sent as received
	case x.Some:
		span.AddMember = came == nil || !came.Holds || !came.SameAs(&x, span.TraceID)
	default: // no extras: write the decision if Config.Emit lists Datadog
		span.AddMember = o.isLocal && into&o.p.emits&wire.WithExtras&^wire.WithState != 0
	}
}

// receivedExtras are the extras of one received format.
type receivedExtras struct {
	wire.Extras
	decision wire.Sampling // the format's own
}

// receivedExtras appends the received extras of formats that name the span's trace.
func (o *plan) receivedExtras(all []receivedExtras, span *wire.WrittenSpan) []receivedExtras {
	if o.c == nil || o.c.Formats&wire.WithExtras == 0 {
		return all
	}
	for _, r := range o.c.Parse().Readings {
		extras := wire.Table[r.Format].Extras
		if extras != nil && o.may(1<<r.Format) != 0 && r.Verdict == wire.Valid && wire.SameTrace(r.Sc.TraceID, span.TraceID) {
			all = append(all, receivedExtras{extras(o.c.LinesOf(r.Format), r.Sc), r.Sc.Sampling})
		}
	}
	return all
}

// chooseExtras returns the extras of the trace. The span's own take precedence, then those of the first format that
// has any. If an earlier format could carry extras but has none, its decision replaces theirs, including the
// priority.
func chooseExtras(span *wire.WrittenSpan, all []receivedExtras) wire.Extras {
	own, came := wire.StateExtras(wire.Lines{}, span.SpanContext), memberAmong(all)
	if !span.StateSame && own.Some && (came == nil || own.Member != came.Member) && !wire.HasMember(span.StateShown, own.Member) {
		return inOwnWords(own, span, all)
	}
	decision := wire.Deferred
	for _, x := range all {
		switch {
		case x.Some && decision.Decided():
			x.Decide(decision)
			x.Priority, x.Holds = wire.DdPriorities[decision], false
			return x.Extras
		case x.Some:
			return inOwnWords(x.Extras, span, all)
		case !decision.Decided():
			decision = x.decision
		}
	}
	return own
}

// inOwnWords returns extras with the text of Datadog's headers, if these were received and agree. A tracestate
// member cannot hold everything that a header can.
func inOwnWords(x wire.Extras, span *wire.WrittenSpan, all []receivedExtras) wire.Extras {
	for i := range all {
		if y := &all[i]; y.Some && y.Member == "" && x.Member != "" && y.SameAs(&x, span.TraceID) {
			x.Origin, x.Tags = y.Origin, y.Tags
		}
	}
	return x
}

// memberAmong returns the extras that were received in a tracestate member, or nil.
func memberAmong(all []receivedExtras) *wire.Extras {
	for i := range all {
		if all[i].Member != "" {
			return &all[i].Extras
		}
	}
	return nil
}

// took reports whether the span deleted a member from the tracestate that it was given.
func took(l *wire.WrittenSpan, key string) bool {
	return !l.StateSame && wire.HasKey(l.StateShown, key) && !wire.HasKey(l.TraceState, key)
}
