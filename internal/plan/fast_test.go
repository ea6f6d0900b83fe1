package plan_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/internal/policy"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// TestDifferentialFast: the fast ways for most requests give the same result as the general way. The general service
// differs from the fast one only in ways that must not change the result. Each Extract reads in full, and an observer
// makes it parse the ids of every request. A rule for an unrelated host makes it check every destination. Its calls have
// a generalContext.
func TestDifferentialFast(t *testing.T) {
	differential(t, func(t *testing.T, w *world) {
		one := func(c *propagation.Config) { c.GenerateRequestID = false }
		fast := asShipped(w.propagator("fast", one))
		general := inFull(w.propagator("general", func(c *propagation.Config) {
			one(c)
			c.Observer = &propagation.Observer{Outcome: func(context.Context, propagation.Format, propagation.Outcome) {}}
			c.Destinations = append(slices.Clone(c.Destinations), propagation.Destination{Hosts: []string{"unrelated.invalid"}, Formats: []propagation.Format{}})
		}))
		before := [2]propagation.Stats{fast.Stats(), general.Stats()}
		quick, slow := w.receive(fast), w.receive(general)
		if w.OneIn(2) {
			quick = context.WithValue(quick, ownKey{}, true)
		}
		dirty := w.byHand((*plan.Engine)(general.Propagator), slow)
		got := w.everything(fast, quick, dirty, false)
		want := w.everything(general, slow, dirty, true)
		for what := range want {
			compare(t, want[what], got[what], "%s, in general and fast", what)
		}
		compare(t, w.counts(before[1], general.Stats()), w.counts(before[0], fast.Stats()), "counts, in general and fast")
		again, _ := w.call(fast, quick) // it may share the first call's metadata, which is then not counted
		compare(t, want["a gRPC call"], again, "a second gRPC call, in general and fast")
	})
}

// byHand returns headers that the application sets on an outgoing request. With a rule for a host, a line that equals a
// received line is sent or dropped with that line. Without a rule, it stays. The results then differ for blank lines,
// and for received lines that are dropped for another reason. So byHand omits both.
func (w *world) byHand(e *plan.Engine, ctx context.Context) http.Header {
	h := withContent(w.hostileHeader())
	for _, over := range plan.Overs {
		for _, entry := range e.Entries(ctx, plan.ToURL(w.target), over.Over, true) {
			switch entry.Fate {
			case plan.Unsendable, plan.PartlyUnsendable, plan.OverBudget:
				maps.DeleteFunc(h, func(name string, _ []string) bool { return strings.EqualFold(name, entry.Name) })
			}
		}
	}
	return h
}

type (
	ownKey  struct{} // of the application's own context
	callKey struct{} // of outgoing metadata
)

// generalContext is a context that hides the remote span of a capture. So no call with it takes the fast way.
type generalContext struct{ context.Context }

func (c generalContext) Value(key any) any {
	value := c.Context.Value(key)
	if _, is := value.(*capture.RemoteSpan); is {
		return nil
	}
	return value
}

// inFull reads requests without the fast way, and wraps each context in a context of the application.
func inFull(p *propagation.Propagator) service {
	shipped := asShipped(p)
	return service{p, func(ctx context.Context, m map[string][]string, way wayIn, trust propagation.Trust) context.Context {
		if way == byText {
			return shipped.extract(ctx, m, way, trust)
		}
		read := (*plan.Engine)(p).ExtractInFull(ctx, m, way == byMetadata, way == byHeaderCarrier, policy.Trust(trust))
		if read == ctx {
			return ctx
		}
		return context.WithValue(read, ownKey{}, true)
	}}
}

// uncounted are outcomes that are counted when ids are read. The two services may read ids at different times, or not
// at all.
var uncounted = []propagation.Outcome{propagation.Malformed, propagation.Duplicate, propagation.Conflict, propagation.Stale}

// counts describes the counts. It omits headers that Ignore drops, because they are not always counted.
func (w *world) counts(before, after propagation.Stats) map[string][]string {
	all := map[string][]string{}
	for key, n := range after.All() {
		ignored := w.ignored && slices.Contains([]propagation.Outcome{propagation.Untrusted, propagation.TooLarge, propagation.Unsendable}, key.Outcome)
		if n -= before.Count(key.Format, key.Outcome); n > 0 && !ignored && !slices.Contains(uncounted, key.Outcome) {
			all[key.String()] = []string{fmt.Sprint(n)}
		}
	}
	return all
}

// everything returns the headers of calls with a context, by carrier, and the results of all accessors.
func (w *world) everything(by service, ctx context.Context, dirty http.Header, general bool) map[string]map[string][]string {
	plain := ctx
	if general {
		ctx = generalContext{ctx}
	}
	e, all := (*plan.Engine)(by.Propagator), map[string]map[string][]string{}
	write := func(what string, h http.Header, inject func(http.Header)) {
		inject(h)
		all[what] = h
	}
	write("InjectHTTP", http.Header{}, func(h http.Header) { by.InjectHTTP(ctx, h) })
	write("InjectHTTP over other headers", dirty.Clone(), func(h http.Header) { by.InjectHTTP(ctx, h) })
	write("InjectHTTPTo", http.Header{}, func(h http.Header) { by.InjectHTTPTo(ctx, w.target, h) })
	write("InjectHTTPTo over other headers", dirty.Clone(), func(h http.Header) { by.InjectHTTPTo(ctx, w.target, h) })
	write("InjectMetadata", http.Header{}, func(h http.Header) { by.InjectMetadata(ctx, h) })
	write("InjectMetadata over other metadata", lower(dirty), func(h http.Header) { by.InjectMetadata(ctx, h) })
	all["CloneHTTP"], _ = e.CloneHTTP(ctx, dirty)
	all["CloneMetadata"], _ = e.CloneMetadata(ctx, callee(w.target.Host), lower(dirty))

	r := (&http.Request{Method: http.MethodGet, URL: w.target, Header: dirty}).WithContext(ctx)
	var sent http.Header
	transport := httptrace.NewTransport(by.Propagator, roundTripper(func(r *http.Request) {
		sent = r.Header
		inner := r.Header.Clone()
		by.InjectHTTP(r.Context(), inner)
		all["an Inject inside a Transport"] = inner
	}))
	transport.RoundTrip(r)
	all["a Transport"] = sent
	r.Response = &http.Response{Request: (&http.Request{URL: &url.URL{Scheme: "http", Host: "other.example"}})}
	transport.RoundTrip(r)
	all["a Transport, after a redirect"] = sent

	var called context.Context
	all["a gRPC call"], called = w.call(by, ctx)
	inner := http.Header{}
	by.InjectMetadata(called, inner)
	all["an Inject inside a gRPC call"] = inner
	text := otelprop.MapCarrier{}
	by.Inject(ctx, text)
	all["Inject"] = headerdiff.Single(text)
	all["what the context tells"] = accessors(plain)
	for _, over := range plan.Overs {
		fates := map[string][]string{}
		for _, h := range e.Entries(ctx, plan.ToURL(w.target), over.Over, general) {
			fates[h.Name] = append(fates[h.Name], h.Fate.String())
		}
		all["fates over "+over.Name] = fates
	}
	return all
}

// call returns the metadata of a gRPC call, and the context that grpc-go would use next.
func (w *world) call(by service, ctx context.Context) (map[string][]string, context.Context) {
	out, _ := (*plan.Engine)(by.Propagator).ContextWithMetadata(ctx, callee(w.target.Host), callKey{}, func(md map[string][]string) any { return md })
	md, _ := out.Value(callKey{}).(map[string][]string)
	return md, out
}

// accessors returns the results of the accessors.
func accessors(ctx context.Context) map[string][]string {
	remote, ok := propagation.RemoteFromContext(ctx)
	untrusted, held := propagation.UntrustedFromContext(ctx)
	said := map[string][]string{
		"RemoteFromContext":    {fmt.Sprint(remote, ok)},
		"UntrustedFromContext": {fmt.Sprint(untrusted, held)},
		"RequestIDFromContext": {propagation.RequestIDFromContext(ctx)},
		"the active span":      {fmt.Sprint(trace.SpanContextFromContext(ctx))},
		"baggage":              {baggage.FromContext(ctx).String()},
	}
	for name, value := range propagation.CapturedFromContext(ctx) {
		said["captured "+strings.ToLower(name)] = append(said["captured "+strings.ToLower(name)], value)
	}
	return said
}

// mergedContext has the values of one context, and those of a second one that the first one does not have.
type mergedContext struct {
	context.Context
	second context.Context
}

func (c mergedContext) Value(key any) any {
	if value := c.Context.Value(key); value != nil {
		return value
	}
	return c.second.Value(key)
}

// TestMergedContext: a destination that is recorded in the second context of a merged one applies.
func TestMergedContext(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	handler := p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "Baggage": {"user=alice"}})
	call := plan.ContextWithCallee(handler, callee("api.partner.example"))
	for name, ctx := range map[string]context.Context{
		"the call's context":        call,
		"the call's context first":  mergedContext{call, handler},
		"the call's context second": mergedContext{handler, call},
		"in a derived context":      context.WithoutCancel(mergedContext{handler, call}),
	} {
		h, md := http.Header{}, map[string][]string{}
		p.InjectHTTP(ctx, h)
		p.InjectMetadata(ctx, md)
		if h["Traceparent"] == nil || h["Baggage"] != nil || md["traceparent"] == nil || md["baggage"] != nil {
			t.Errorf("%s: an external host gets %v over HTTP and %v over gRPC, want traceparent alone", name, h, md)
		}
	}
}

// TestForwardSpelling: InjectHTTP replaces a header in another spelling, also in a header of more than eight names and if
// a header of Config.Headers is spelled as usual.
func TestForwardSpelling(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Headers: []string{"x-tenant"}})
	in := http.Header{"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "X-Tenant": {"7"}}
	ctx, unusual := p.ExtractHTTP(context.Background(), in), strings.ToLower("Traceparent")
	for name, ctx := range map[string]context.Context{"direct": ctx, "derived": context.WithoutCancel(ctx), "general": generalContext{ctx}} {
		h := http.Header{unusual: {"00-11111111111111111111111111111111-1111111111111111-00"}, "X-Tenant": {"7"}}
		for i := range 7 {
			h[fmt.Sprintf("X-%d", i)] = []string{"1"}
		}
		p.InjectHTTP(ctx, h)
		if h[unusual] != nil || !slices.Equal(h["Traceparent"], in["Traceparent"]) {
			t.Errorf("%s: traceparent %q and Traceparent %q are sent, want the received one alone", name, h[unusual], h["Traceparent"])
		}
	}
}
