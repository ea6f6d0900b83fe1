package propagation_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// arrival is the content of a caller's dialect after the translation to another format.
type arrival struct {
	bits      int // of the trace id
	decisions map[propagation.Sampling]propagation.Sampling
	extras    []string // for the decision accepted, or for the only decision of the dialect
}

// TestTranslation translates every format into every other format, from HTTP and gRPC to HTTP and gRPC. It does so with Emit
// alone and with a span of the SDK. It compares the headers that the next service reads with the rules, and with
// docs/translation.md.
func TestTranslation(t *testing.T) {
	var doc strings.Builder
	fmt.Fprintf(&doc, translationHead, strings.Join(deferring(), ", "))
	for _, mode := range []translation{{spans: false}, {spans: true}} {
		got := map[string]arrival{}
		for _, from := range dialects {
			for _, to := range traceFormats() {
				name := fmt.Sprintf("%s to %s, spans %v", from.name, to, mode.spans)
				t.Run(name, func(t *testing.T) {
					a := mode.run(t, from, to)
					if want := mode.expected(from, to); !a.equal(want) {
						t.Errorf("arrives as %+v, want %+v", a, want)
					}
					got[from.name+to.String()] = a
				})
			}
		}
		mode.document(&doc, got)
	}
	compareDocument(t, doc.String())
}

// translation is a service that translates, with or without spans of its own.
type translation struct{ spans bool }

// run translates each decision of the dialect.
func (m translation) run(t *testing.T, from dialect, to propagation.Format) arrival {
	a := arrival{decisions: map[propagation.Sampling]propagation.Sampling{}}
	for _, said := range slices.Sorted(maps.Keys(from.headers)) {
		read := m.read(t, from, said, to)
		a.decisions[said] = read.decision
		if a.bits != 0 && a.bits != read.bits {
			t.Errorf("%d and %d bits arrive for different decisions, want the same number", a.bits, read.bits)
		}
		a.bits = read.bits
		if said == propagation.Accepted || len(from.headers) == 1 {
			a.extras = strings.Fields(read.extras)
		}
	}
	return a
}

// reading is the content of one request in the other format.
type reading struct {
	bits     int
	decision propagation.Sampling
	extras   string
}

// read sends a request through the service with every pair of transports. All results must be equal.
func (m translation) read(t *testing.T, from dialect, said propagation.Sampling, to propagation.Format) (first reading) {
	p := compile(t, propagation.Config{Formats: []propagation.Format{from.format}, Emit: []propagation.Format{to}})
	next := compile(t, propagation.Config{Formats: []propagation.Format{to}})
	bg := context.Background()
	for in, ctx := range map[string]context.Context{
		"HTTP": p.ExtractHTTP(bg, from.http(said)), "gRPC": p.ExtractMetadata(bg, from.metadata(said)),
	} {
		span := callerSpan
		if m.spans {
			var s trace.Span
			ctx, s = tracer(t, sdktrace.ParentBased(sdktrace.AlwaysSample())).Start(ctx, "service")
			defer s.End()
			span = s.SpanContext().SpanID().String()
		}
		overHTTP, overGRPC := sent(p, ctx), sentMetadata(p, ctx)
		for out, ctx := range map[string]context.Context{
			"HTTP": next.ExtractHTTP(bg, overHTTP), "gRPC": next.ExtractMetadata(bg, overGRPC),
		} {
			r := m.asRead(t, ctx, span)
			if first == (reading{}) {
				first = r
			}
			if r != first {
				t.Errorf("%v from %s to %s arrives as %+v, want %+v as with other transports: %q %q", said, in, out, r, first, overHTTP, overGRPC)
			}
		}
	}
	return first
}

// asRead returns what the next service reads. It must read the span id, and the caller's trace id or its low half.
func (m translation) asRead(t *testing.T, ctx context.Context, span string) (r reading) {
	sc, _ := propagation.RemoteFromContext(ctx)
	r.decision = sc.Sampling
	switch sc.TraceID.String() {
	case callerTrace:
		r.bits = 128
	case strings.Repeat("0", 16) + callerLow:
		r.bits = 64
	default:
		t.Errorf("the trace id arrives as %v, want %s or its low half", sc.TraceID, callerTrace)
	}
	if sc.SpanID.String() != span {
		t.Errorf("the span id arrives as %v, want %s", sc.SpanID, span)
	}
	parent := callerParent
	if m.spans {
		parent = callerSpan
	}
	origin := strings.Contains(sc.TraceState, "o:rum")
	for name, value := range propagation.CapturedFromContext(ctx) {
		origin = origin || name == "x-datadog-origin" && value == "rum"
	}
	for _, extra := range []struct {
		name string
		is   bool
	}{
		{theRandomFlag, sc.Random}, {theParent, sc.ParentID.String() == parent},
		{theTraceState, sc.TraceState == callerState}, {theOrigin, origin},
	} {
		if extra.is {
			r.extras += extra.name + " "
		}
	}
	return r
}

// expected returns what arrives by the rules.
func (m translation) expected(from dialect, to propagation.Format) arrival {
	canWrite, own := factOf(to).canWrite, from.format == to
	a := arrival{bits: min(from.bits, canWrite.bits), decisions: map[propagation.Sampling]propagation.Sampling{}}
	for said := range from.headers {
		a.decisions[said] = said
		switch {
		case own && !m.spans: // sent as received
		case own && from.oldEnvoys(): // this form has no place for a decision
		case said == propagation.Deferred && (m.spans || !canWrite.deferred): // OpenTelemetry cannot leave it open either
			a.decisions[said] = propagation.Denied
		case said == propagation.Debug && (!canWrite.debug || m.spans && !own): // a span of OpenTelemetry can be sampled, but not debug
			a.decisions[said] = propagation.Accepted
		}
	}
	for _, extra := range []string{theRandomFlag, theParent, theTraceState, theOrigin} {
		came := slices.Contains(from.extras, extra)
		arrives := came && own
		switch {
		case extra == theParent && m.spans: // the service's span has its parent id, if it was not dropped
			arrives = canWrite.parent && !from.oldEnvoys()
		case extra == theParent && !own: // traceferry does not write a b3 with a parent id and an open decision
			arrives = came && canWrite.parent && !(from.oldEnvoys() && to == propagation.B3Single)
		case extra == theOrigin && !own: // Datadog's member dd of tracestate holds it
			arrives = came && (to == propagation.Datadog || to == propagation.W3C)
		}
		if arrives {
			a.extras = append(a.extras, extra)
		}
	}
	return a
}

func (a arrival) equal(b arrival) bool {
	return a.bits == b.bits && maps.Equal(a.decisions, b.decisions) && slices.Equal(a.extras, b.extras)
}
