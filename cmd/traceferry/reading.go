package main

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// reading is what the headers of one request say.
type reading struct {
	Where         string         `json:"where,omitempty"`
	Winner        string         `json:"winner,omitempty"` // the format that a service with all formats follows
	Formats       []formatRead   `json:"formats"`
	Disagreements []disagreement `json:"disagreements,omitempty"`
	OK            bool           `json:"ok"`

	logged bool
}

// formatRead is what the headers of one format say.
type formatRead struct {
	Format      string     `json:"format"`
	Headers     []line     `json:"headers"`
	TraceID     string     `json:"trace_id,omitempty"`
	SpanID      string     `json:"span_id,omitempty"`
	ParentID    string     `json:"parent_id,omitempty"`
	Sampling    string     `json:"sampling,omitempty"`
	Random      bool       `json:"random,omitempty"`
	TraceState  string     `json:"tracestate,omitempty"`
	Made        *time.Time `json:"made,omitempty"`
	RequestID   string     `json:"request_id,omitempty"`
	TraceReason string     `json:"trace_reason,omitempty"`
	Baggage     []member   `json:"baggage,omitempty"`
	Problems    []string   `json:"problems,omitempty"`

	format propagation.Format
	sc     propagation.SpanContext
	says   bool // something about a trace
}

type line struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type member struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// reader reads headers with all formats together, and with each alone.
type reader struct {
	all  *propagation.Propagator
	one  map[propagation.Format]*propagation.Propagator
	seen map[propagation.Format][]propagation.Outcome // by the Extract that runs
}

func newReader() *reader {
	r := &reader{one: map[propagation.Format]*propagation.Propagator{}}
	compile := func(formats ...propagation.Format) *propagation.Propagator {
		return propagation.MustNew(propagation.Config{Formats: formats, Observer: &propagation.Observer{
			Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) { r.seen[f] = append(r.seen[f], o) },
		}})
	}
	r.all = compile(propagation.AllFormats()...)
	for _, f := range propagation.AllFormats() {
		r.one[f] = compile(f)
	}
	return r
}

// read returns what the trace headers in h say.
func (r *reader) read(h http.Header) reading {
	headers := map[propagation.Format]http.Header{}
	trace := http.Header{}
	for name, values := range h {
		if f := formatOf(strings.ToLower(name)); f != 0 {
			if headers[f] == nil {
				headers[f] = http.Header{}
			}
			headers[f][name], trace[name] = values, values
		}
	}
	out := reading{Formats: []formatRead{}}
	for _, f := range propagation.AllFormats() {
		if headers[f] != nil {
			out.Formats = append(out.Formats, r.format(f, headers[f]))
		}
	}
	r.together(&out, trace)
	return out
}

// format reads one format alone.
func (r *reader) format(f propagation.Format, h http.Header) formatRead {
	r.seen = map[propagation.Format][]propagation.Outcome{}
	ctx := r.one[f].ExtractHTTP(context.Background(), h)
	sc, ok := propagation.RemoteFromContext(ctx)
	if !sc.TraceID.IsValid() {
		sc.TraceID = capture.TraceOf(ctx) // a trace id without a span
	}
	out := formatRead{Format: f.String(), Headers: linesOf(h), format: f, sc: sc, says: ok || sc.TraceID.IsValid()}
	if sc.TraceID.IsValid() {
		out.TraceID = sc.TraceID.String()
	}
	if sc.SpanID.IsValid() {
		out.SpanID = sc.SpanID.String()
	}
	if sc.ParentID.IsValid() {
		out.ParentID = sc.ParentID.String()
	}
	if out.says {
		out.Sampling = sc.Sampling.String()
	}
	out.Random, out.TraceState = sc.Random, sc.TraceState
	out.Made = madeAt(f, sc.TraceID)
	if f == propagation.RequestID {
		out.RequestID = propagation.RequestIDFromContext(ctx)
		if len(out.RequestID) == 36 { // an UUID, as Envoy's ids are
			out.TraceReason = propagation.TraceReasonOf(out.RequestID).String()
		}
	}
	bag := baggage.FromContext(ctx)
	for _, m := range bag.Members() {
		out.Baggage = append(out.Baggage, member{m.Key(), m.Value()})
	}
	slices.SortFunc(out.Baggage, func(a, b member) int { return strings.Compare(a.Key, b.Key) })
	for _, o := range r.seen[f] {
		out.Problems = append(out.Problems, o.String())
	}
	if f == propagation.W3C && sc.IsValid() && sc.TraceState == "" && strings.Join(h["Tracestate"], "") != "" {
		out.Problems = append(out.Problems, "invalid tracestate")
	}
	if f == propagation.Baggage && bag.Len() == 0 && strings.Join(h["Baggage"], "") != "" {
		out.Problems = append(out.Problems, "invalid baggage")
	}
	return out
}

// together finds which format wins, and where formats disagree.
func (r *reader) together(out *reading, h http.Header) {
	r.seen = map[propagation.Format][]propagation.Outcome{}
	x := r.all.Explain(r.all.ExtractHTTP(context.Background(), h), "")
	if x.Winner != 0 {
		out.Winner = x.Winner.String()
	}
	out.Disagreements = disagreements(out.Formats, x.Winner)
	out.OK = len(out.Disagreements) == 0
	for i := range out.Formats {
		f := &out.Formats[i]
		if slices.Contains(r.seen[f.format], propagation.Stale) {
			f.Problems = append(f.Problems, propagation.Stale.String())
		}
		out.OK = out.OK && len(f.Problems) == 0
	}
}

// linesOf returns the lines of a header, by name.
func linesOf(h http.Header) (lines []line) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, v := range h[name] {
			lines = append(lines, line{strings.ToLower(name), v})
		}
	}
	return lines
}
