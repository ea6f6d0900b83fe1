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

// RemoteSpan is a Node as OpenTelemetry's active span, which is the caller's. Converting the pointer is free.
// SpanContext decodes the ids on first use.
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

// String and GoString print no values, because spans are often logged, too.
func (s *RemoteSpan) String() string   { return "traceferry.remoteSpan" }
func (s *RemoteSpan) GoString() string { return s.String() }

// OpenTelemetry returns the span context for the SDK, as a remote one. deferred replaces an open decision.
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

// acceptedTraceState returns the members of a valid list that OpenTelemetry's type accepts. That type follows level
// 1, and would reject the whole list because of one invalid member.
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

// TracerProvider returns the global one, because instrumentation uses the provider of the active span to start
// spans.
func (s *RemoteSpan) TracerProvider() trace.TracerProvider { return otel.GetTracerProvider() }

func (s *RemoteSpan) IsRecording() bool                       { return false }
func (s *RemoteSpan) End(...trace.SpanEndOption)              {}
func (s *RemoteSpan) AddEvent(string, ...trace.EventOption)   {}
func (s *RemoteSpan) AddLink(trace.Link)                      {}
func (s *RemoteSpan) RecordError(error, ...trace.EventOption) {}
func (s *RemoteSpan) SetStatus(codes.Code, string)            {}
func (s *RemoteSpan) SetName(string)                          {}
func (s *RemoteSpan) SetAttributes(...attribute.KeyValue)     {}

// baggageValue returns the captured baggage as the context value that OpenTelemetry's functions look for.
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

// shows reports whether now is the captured baggage as OpenTelemetry got it.
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
	if !whole { // count only now, because an observer may read the baggage
		c.Reader.Meter.Count(c, wire.Baggage, outcome.Malformed)
	}
	for f := range partly.All {
		c.Reader.Meter.Count(c, f, outcome.Malformed)
	}
	return l.bag
}

// OtelKeys are the context keys of OpenTelemetry's functions. The keys are unexported, but the functions pass them
// to the context's Value method. A Node that answers these keys saves additional context nodes, and decodes ids and
// baggage on first use only.
var OtelKeys = struct{ Span, Baggage any }{
	Span:    ctxkey.Learn(func(ctx context.Context) { trace.SpanFromContext(ctx) }),
	Baggage: ctxkey.Learn(func(ctx context.Context) { baggage.FromContext(ctx) }),
}
