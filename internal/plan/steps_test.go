package plan_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/internal/requests"
	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

var trusts = []propagation.Trust{
	propagation.Continue, propagation.Continue, propagation.Continue, propagation.Continue, propagation.Continue, propagation.Restart, propagation.Ignore,
	propagation.DistrustIDs, propagation.DistrustSampling, propagation.DistrustBaggage, propagation.DistrustRequestID, propagation.DistrustHeaders,
	propagation.DistrustSampling | propagation.DistrustBaggage, propagation.Restart &^ propagation.DistrustHeaders,
}

func (w *world) randomRequest() step {
	in, way, trust := w.hostileHeader(), wayIn(w.IntN(int(waysIn))), requests.Pick(w.Source, trusts)
	if w.OneIn(2) {
		way = byHTTP
	}
	if way == byMetadata || way == byText && w.OneIn(2) {
		in = lower(in)
	}
	if way > byMetadata {
		trust = propagation.Continue
	}
	if len(in) > 8 { // among so many names, ExtractHTTP finds only usual spellings
		maps.DeleteFunc(in, func(name string, _ []string) bool {
			return way != byMetadata && way != byText && name != http.CanonicalHeaderKey(name)
		})
	}
	w.ignored = w.ignored || trust == propagation.Ignore
	who := ""
	if w.OneIn(12) {
		who = "another Propagator's "
	}
	says := func() string { return fmt.Sprintf("%s%v, %v:%s", who, way, trust, lines(in)) }
	return step{says, func(ctx context.Context, by service) context.Context {
		if who != "" {
			by = asShipped(w.other())
		}
		return by.extract(ctx, in, way, trust)
	}}
}

// hostileHeader returns a request with names of the Config, and with names and values that only an attacker sends.
func (w *world) hostileHeader() http.Header {
	h := w.Header()
	if w.OneIn(20) {
		return http.Header{"Accept": {"*/*"}}
	}
	for _, name := range []string{"X-Tenant", "X-User", "X-Company-Id", "X-Company-Region", "X-Company-Key-Bin", "X-Data-Bin", "Authorization", "X-Envoy-Retry-On"} {
		if w.OneIn(4) {
			h[name] = []string{w.Value()}
		}
	}
	if w.OneIn(6) {
		h.Set("Baggage", "tenant=7;p=1,user="+strings.Repeat("b", w.IntN(300))+", plan=gold")
	}
	if w.OneIn(12) {
		h.Set("Connection", strings.Join([]string{"close", requests.Pick(w.Source, w.Names)}, ", "))
	}
	if w.OneIn(12) {
		h.Add("Uberctx-"+requests.Pick(w.Source, []string{"A~b", "a-bin", "", "ü", "x y"}), w.Value())
	}
	if w.OneIn(2) {
		w.addAliases(h)
	}
	if w.OneIn(12) { // spelling as a caller may choose it; a server would normalize it
		name := requests.Pick(w.Source, w.Names)
		h[requests.Pick(w.Source, []string{strings.ToUpper(name), strings.ToLower(name)})] = []string{w.Value()}
	}
	if w.OneIn(40) {
		for i := range w.IntN(100) {
			h.Add(requests.Pick(w.Source, []string{"Tracestate", "Baggage", fmt.Sprint("Uberctx-K", i)}), fmt.Sprintf("k%d=%s", i, strings.Repeat("v", w.IntN(200))))
		}
	}
	return h
}

// withContent returns the lines that are not blank.
func withContent(h http.Header) http.Header {
	for name, lines := range h {
		if h[name] = slices.DeleteFunc(lines, func(line string) bool { return !wire.NotBlank(line) }); len(h[name]) == 0 {
			delete(h, name)
		}
	}
	return h
}

func lower(h http.Header) http.Header {
	all := http.Header{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		all[strings.ToLower(name)] = append(all[strings.ToLower(name)], h[name]...)
	}
	return all
}

type localKey struct{}

// tracerSpan is a span of an SDK, with the id of its parent.
type tracerSpan struct {
	noop.Span
	self, parent trace.SpanContext
}

func (s tracerSpan) SpanContext() trace.SpanContext { return s.self }
func (s tracerSpan) Parent() trace.SpanContext      { return s.parent }

func saying(text string) func() string { return func() string { return text } }

// randomStep returns something that the application does with the context.
func (w *world) randomStep() step {
	switch w.IntN(9) {
	case 0:
		return step{saying("Promote"), func(ctx context.Context, _ service) context.Context { return propagation.Promote(ctx) }}
	case 1:
		return step{saying("Demote"), func(ctx context.Context, _ service) context.Context { return propagation.Demote(ctx) }}
	case 2:
		return step{saying("Copy"), func(ctx context.Context, _ service) context.Context {
			return propagation.Copy(context.Background(), ctx)
		}}
	case 3:
		member := requests.Pick(w.Source, []string{"user", "tenant", "added", "p1"})
		m, _ := baggage.NewMemberRaw(member, requests.Pick(w.Source, []string{"", "9", "ü", "a b"}))
		return step{saying("the application sets the baggage " + m.String()), func(ctx context.Context, _ service) context.Context {
			bag, err := baggage.FromContext(ctx).SetMember(m)
			if err != nil {
				return ctx
			}
			return baggage.ContextWithBaggage(ctx, bag)
		}}
	case 4:
		return step{saying("the application removes its baggage"), func(ctx context.Context, _ service) context.Context { return baggage.ContextWithoutBaggage(ctx) }}
	case 5:
		return step{saying("WithoutCapture"), func(ctx context.Context, _ service) context.Context { return propagation.WithoutCapture(ctx) }}
	}
	return w.startSpan()
}

// startSpan starts a local span. It is in the caller's trace or a new one, and belongs to OpenTelemetry or to the
// Config's tracer.
func (w *world) startSpan() step {
	var own trace.SpanContextConfig
	for _, id := range [][]byte{own.TraceID[:], own.SpanID[:]} {
		for i := range id {
			id[i] = byte(w.IntN(256))
		}
		id[len(id)-1] |= 1
	}
	if w.OneIn(3) {
		clear(own.TraceID[:8])
	}
	sampling := propagation.Sampling(w.IntN(4))
	own.TraceFlags = trace.TraceFlags(0).WithSampled(sampling.Sampled()).WithRandom(w.OneIn(2))
	continues, tells, change := w.OneIn(2), w.OneIn(2), w.OneIn(3)
	says := func() string {
		return fmt.Sprintf("a local span starts: %v of %v, %v, continues the trace: %v, tells its parent: %v, changes tracestate: %v", own.SpanID, own.TraceID, sampling, continues, tells, change)
	}
	return step{says, func(ctx context.Context, _ service) context.Context {
		parent, c := trace.SpanContextFromContext(ctx), own
		remote, _ := propagation.RemoteFromContext(ctx)
		if continues && parent.IsValid() {
			c.TraceID, c.TraceState = parent.TraceID(), parent.TraceState()
		}
		if change {
			if state, err := c.TraceState.Insert("mine", "1"); err == nil {
				c.TraceState = state
			}
		}
		sc := propagation.SpanContext{TraceID: own.TraceID, SpanID: own.SpanID, Sampling: sampling, ParentID: remote.SpanID}
		if continues && remote.TraceID.IsValid() {
			sc.TraceID = remote.TraceID
		}
		if change {
			sc.TraceState = "mine=1"
		}
		ctx = context.WithValue(ctx, localKey{}, sc)
		if !tells {
			return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(c))
		}
		return trace.ContextWithSpan(ctx, tracerSpan{self: trace.NewSpanContext(c), parent: parent})
	}}
}
