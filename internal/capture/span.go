package capture

import (
	"context"
	"strings"

	"github.com/traceferry/traceferry/internal/ctxkey"
	"github.com/traceferry/traceferry/internal/outcome"
	"github.com/traceferry/traceferry/internal/wire"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// RemoteSpan is a capture seen as OpenTelemetry's active span: the caller's, which
// runs elsewhere. The pointer is converted, so it costs nothing; ids are read when
// SpanContext is called.
type RemoteSpan Node

var _ trace.Span = (*RemoteSpan)(nil)

func (s *RemoteSpan) SpanContext() trace.SpanContext {
	c := (*Node)(s)
	l := c.read()
	if sc := l.span.Load(); sc != nil {
		return *sc
	}
	sc := OpenTelemetry(l.Remote, c.Reader.Deferred)
	l.span.CompareAndSwap(nil, &sc)
	return sc
}

// String and GoString tell no value: spans end up in logs, too.
func (s *RemoteSpan) String() string   { return "traceferry.remoteSpan" }
func (s *RemoteSpan) GoString() string { return s.String() }

// OpenTelemetry returns the span context as the SDK is to see it, a remote one. A
// decision that is still open becomes deferred.
func OpenTelemetry(sc wire.SpanContext, deferred wire.Sampling) trace.SpanContext {
	if !sc.IsValid() {
		return trace.SpanContext{}
	}
	if sc.Sampling == wire.Deferred {
		sc.Sampling = deferred
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID:    sc.TraceID,
		SpanID:     sc.SpanID,
		TraceFlags: trace.TraceFlags(0).WithSampled(sc.Sampling.Sampled()).WithRandom(sc.Random),
		TraceState: acceptedTraceState(sc.TraceState),
		Remote:     true,
	})
}

// acceptedTraceState returns the members of a valid list that OpenTelemetry's type
// takes: it follows level 1, and refuses a whole list for one member that it does not know.
func acceptedTraceState(list string) trace.TraceState {
	if state, err := trace.ParseTraceState(list); err == nil {
		return state
	}
	var accepted []string
	for m := range wire.Members(list) {
		if _, err := trace.ParseTraceState(m); err == nil && !wire.HasKey(strings.Join(accepted, ","), wire.KeyOf(m)) {
			accepted = append(accepted, m)
		}
	}
	state, _ := trace.ParseTraceState(strings.Join(accepted, ","))
	return state
}

// TracerProvider returns the global one: instrumentation asks the active span for it, and
// would make no spans if ours had none.
func (s *RemoteSpan) TracerProvider() trace.TracerProvider { return otel.GetTracerProvider() }

func (s *RemoteSpan) IsRecording() bool                       { return false }
func (s *RemoteSpan) End(...trace.SpanEndOption)              {}
func (s *RemoteSpan) AddEvent(string, ...trace.EventOption)   {}
func (s *RemoteSpan) AddLink(trace.Link)                      {}
func (s *RemoteSpan) RecordError(error, ...trace.EventOption) {}
func (s *RemoteSpan) SetStatus(codes.Code, string)            {}
func (s *RemoteSpan) SetName(string)                          {}
func (s *RemoteSpan) SetAttributes(...attribute.KeyValue)     {}

// baggageValue returns the captured baggage as OpenTelemetry's functions look for it.
func (l *Parsed) baggageValue(c *Node) any {
	l.ReadBaggage(c)
	switch {
	case l.bag.Len() > 0:
		return l.bagging
	case c.About&hidesBaggage != 0:
		return nil
	}
	return c.parent.Value(OtelKeys.Baggage)
}

// shows reports whether a context's baggage is what OpenTelemetry took of the captured.
func (c *Node) shows(now baggage.Baggage) bool {
	return now.Len() > 0 && wire.SameBaggage(c.Learn().ReadBaggage(c), now)
}

// ReadBaggage parses the captured baggage, once.
func (l *Parsed) ReadBaggage(c *Node) baggage.Baggage {
	whole, partly := true, wire.FormatSet(0)
	l.bags.Do(func() {
		switch all := c.LinesOf(wire.Baggage).All(0); {
		case len(all) > 0:
			l.bag, whole = wire.ParseBaggage(all)
		case c.HasItems():
			l.bag, partly = readItems(c)
		default:
			return
		}
		l.bagging = baggage.ContextWithBaggage(c.parent, l.bag).Value(OtelKeys.Baggage)
	})
	if !whole { // not before: an observer may ask for the baggage
		c.Reader.Meter.Count(c, wire.Baggage, outcome.Malformed)
	}
	for f := range partly.All {
		c.Reader.Meter.Count(c, f, outcome.Malformed)
	}
	return l.bag
}

// OtelKeys are the context keys that OpenTelemetry's functions look for. They are
// unexported; the functions themselves tell them to a context that listens. A node
// that answers to them saves a node for each, and lets ids and baggage be read only when asked for.
var OtelKeys = struct{ Span, Baggage any }{
	Span:    ctxkey.Learn(func(ctx context.Context) { trace.SpanFromContext(ctx) }),
	Baggage: ctxkey.Learn(func(ctx context.Context) { baggage.FromContext(ctx) }),
}
