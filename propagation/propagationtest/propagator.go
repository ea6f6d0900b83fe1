package propagationtest

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/traceferry/traceferry/internal/compare"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Basis says why a result is expected.
type Basis string

// The reasons why a result is expected.
const (
	Spec      Basis = "spec"                     // a specification requires it
	Reference Basis = "reference-implementation" // there is no specification; the reference code does it
	Choice    Basis = "choice"                   // the specification is silent or ambiguous; traceferry has chosen
	Promise   Basis = "promise"                  // traceferry promises it; other propagators need not do it
)

// Result says what a propagator did with one input, and what is expected. [TestPropagator] returns it.
type Result struct {
	ID     string             // the name of a vector, "traceparent-001", or of a promise, "promise: replace, b3"
	Format propagation.Format // the tested format
	Basis  Basis              // why Want is expected
	Input  http.Header        // the headers that the propagator got
	Note   string             // what is special about the input, or what the promise says
	Source string             // the specification and section of the rule
	Want   string             // the expected result in words
	Got    string             // the result in the same words; after a panic it is "panic: ..."
}

// OK reports whether the propagator did what is expected: Got equals Want.
func (r Result) OK() bool { return r.Got == r.Want }

// String returns the result in one line: the ID and "ok", or all fields of a bad result.
func (r Result) String() string {
	if r.OK() {
		return r.ID + ": ok"
	}
	return fmt.Sprintf("%s (%s): %q: want %s, got %s (%s; %s)", r.ID, r.Basis, r.Input, r.Want, r.Got, r.Note, r.Source)
}

// TestPropagator tests an OpenTelemetry propagator with golden vectors and with the promises of traceferry, and
// returns all results, also the good ones. A golden vector is headers, and what their specification says about them.
// It needs no testing.T:
//
//	for _, r := range propagationtest.TestPropagator(newPropagator, formats) {
//		if r.Basis == propagationtest.Spec && !r.OK() {
//			t.Error(r)
//		}
//	}
//
// TestPropagator calls newPropagator for each input. It runs the vectors whose headers all belong to formats. The
// carrier is OpenTelemetry's HeaderCarrier. A grpc-trace-bin from gRPC has raw bytes there.
//
// OpenTelemetry's span context has two states of sampling. So an open decision is not judged, and debug counts as
// sampled.
func TestPropagator(newPropagator func() otelprop.TextMapPropagator, formats []propagation.Format) (results []Result) {
	for _, v := range extractVectors(formats) {
		r := Result{ID: v.ID, Format: v.format(), Basis: v.Basis, Input: v.header(), Note: v.Note, Source: v.Source}
		r.Want = v.want()
		r.Got = guard(func() string { return v.got(newPropagator(), r.Input) })
		results = append(results, r)
	}
	for _, f := range formats {
		results = append(results, promises(newPropagator, f)...)
	}
	return results
}

const nothing = "nothing"

// want says in words what must be read.
func (v vector) want() string {
	switch {
	case v.Format == "baggage":
		return said(v.Baggage)
	case !v.Valid && v.Format != "tracestate" || v.TraceID == "":
		return nothing
	case v.Format == "tracestate":
		return "trace " + v.TraceID + " span " + v.SpanID + " tracestate " + or(v.Tracestate, nothing)
	}
	return "trace " + v.TraceID + " span " + v.SpanID + map[string]string{"yes": " sampled", "debug": " sampled", "no": " not sampled"}[v.Sampled]
}

// got says in the same words what is read.
func (v vector) got(p otelprop.TextMapPropagator, in http.Header) string {
	ctx := p.Extract(context.Background(), otelprop.HeaderCarrier(in.Clone()))
	if v.Format == "baggage" {
		bag := baggage.FromContext(ctx)
		var members []struct{ Key, Value string }
		for _, m := range v.Baggage { // in their order, which OpenTelemetry does not keep
			if got := bag.Member(m.Key); got.Key() != "" {
				members = append(members, struct{ Key, Value string }{got.Key(), got.Value()})
			}
		}
		if len(v.Baggage) == 0 {
			for _, m := range bag.Members() {
				members = append(members, struct{ Key, Value string }{m.Key(), m.Value()})
			}
		}
		return said(members)
	}
	sc := trace.SpanContextFromContext(ctx)
	if !sc.IsValid() {
		return nothing
	}
	text := "trace " + sc.TraceID().String() + " span " + sc.SpanID().String()
	switch {
	case v.Format == "tracestate" && !v.Valid:
		return text + " tracestate " + or(sc.TraceState().String(), nothing)
	case v.Format == "tracestate": // what is sent on: the type TraceState refuses keys of level 2
		out := http.Header{}
		p.Inject(ctx, otelprop.HeaderCarrier(out))
		sent := strings.Join(compare.Items(out)["Tracestate"], ",")
		if _, rest, _ := strings.Cut(sent, ","); sent != v.Tracestate && rest == v.Tracestate {
			sent = rest // a tracer may put a member of its own first
		}
		return text + " tracestate " + or(sent, nothing)
	case v.Valid && v.Sampled == "defer":
		return text
	case sc.IsSampled():
		return text + " sampled"
	}
	return text + " not sampled"
}

func said(members []struct{ Key, Value string }) string {
	var out []string
	for _, m := range members {
		out = append(out, m.Key+"="+m.Value)
	}
	return or(strings.Join(out, ", "), nothing)
}

func or(s, empty string) string {
	if s == "" {
		return empty
	}
	return s
}

// guard turns a panic into a result.
func guard(f func() string) (got string) {
	defer func() {
		if err := recover(); err != nil {
			got = fmt.Sprint("panic: ", err)
		}
	}()
	return f()
}
