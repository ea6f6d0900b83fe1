// Package adaptertest tests the promises of the adapters. While a span of the tracer runs, each received format carries
// the span's ids. Without a span, calls carry the received headers byte for byte.
package adaptertest

import (
	"context"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
)

// Adapter is a function for the field LocalSpan of a propagation.Config.
type Adapter = func(context.Context) (propagation.SpanContext, bool)

// The caller's span.
const (
	CallerTrace = "463ac35c9f6413ad48485a3953bb6124"
	CallerSpan  = "a2fb4a1d1a96d312"
)

// formats are all formats that name spans.
var formats = slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool { return !wire.Format(f).Encodes() })

// Request is the caller's request: it has the caller's span in every format, with the decision accepted, and a request
// id. traceferry itself writes the lines of formats that are not listed here.
func Request() http.Header {
	h := http.Header{}
	caller := propagation.SpanContext{Sampling: propagation.Accepted}
	hex.Decode(caller.TraceID[:], []byte(CallerTrace))
	hex.Decode(caller.SpanID[:], []byte(CallerSpan))
	propagation.MustNew(propagation.Config{Formats: []propagation.Format{}, Emit: formats,
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return caller, true },
	}).InjectHTTP(context.Background(), h)
	h.Set("Tracestate", "a=1")
	h.Set("X-Request-Id", "r1")
	maps.Copy(h, Span{TraceID: CallerTrace, SpanID: CallerSpan, Sampling: propagation.Accepted, DatadogTags: "_dd.p.tid=" + CallerTrace[:16]}.headers())
	maps.Copy(h, http.Header{
		"Grpc-Trace-Bin":    {"AABGOsNcn2QTrUhIWjlTu2EkAaL7Sh0altMSAgE"},
		"X-Ot-Span-Context": {"EhQJJGG7UzlaSEgREtOWGh1K+6IYAQ=="},
	})
	return h
}

// Receive returns the context of a handler of the Request, and the Propagator that read the Request. That Propagator
// finds the tracer's spans through an adapter.
func Receive(adapter Adapter) (context.Context, *propagation.Propagator) {
	p := propagation.MustNew(propagation.Config{
		Formats:   append([]propagation.Format{propagation.RequestID}, formats...),
		LocalSpan: adapter,
	})
	return p.ExtractHTTP(context.Background(), Request()), p
}

// Begin returns a context without an inbound request, and a Propagator that writes every format.
func Begin(adapter Adapter) (context.Context, *propagation.Propagator) {
	return context.Background(), propagation.MustNew(propagation.Config{
		Formats: []propagation.Format{}, Emit: formats, LocalSpan: adapter,
	})
}

// Verbatim fails the test unless calls carry the headers of the Request unchanged.
func Verbatim(t *testing.T, p *propagation.Propagator, ctx context.Context) {
	t.Helper()
	out := http.Header{}
	p.InjectHTTP(ctx, out)
	compare(t, out, Request())
}

// Nothing fails the test if a call carries any header.
func Nothing(t *testing.T, p *propagation.Propagator, ctx context.Context) {
	t.Helper()
	out := http.Header{}
	p.InjectHTTP(ctx, out)
	compare(t, out, http.Header{})
}

// Names fails the test unless every format that is sent names the span. Besides those formats, only the request id of a
// Request may be sent. It makes the calls from several goroutines.
func Names(t *testing.T, p *propagation.Propagator, ctx context.Context, span Span) {
	t.Helper()
	var all [4]http.Header
	var calls sync.WaitGroup
	for i := range all {
		all[i] = http.Header{}
		calls.Go(func() { p.InjectHTTP(ctx, all[i]) })
	}
	calls.Wait()
	for _, out := range all {
		span.Sent(t, out, propagation.RequestIDFromContext(ctx))
	}
}

// Sent is Names for headers that were already sent.
func (s Span) Sent(t *testing.T, out http.Header, requestID string) {
	t.Helper()
	want := s.headers()
	if s.TraceState != "" {
		want.Set("Tracestate", s.TraceState)
	}
	if requestID != "" {
		want.Set("X-Request-Id", requestID)
	}
	for _, f := range formats { // compare formats that headers does not write by the span that they name
		if want.Get(f.Fields()[0]) != "" {
			continue
		}
		id := s.TraceID
		if f == propagation.OTSpanContext {
			id = zeros[:16] + id[16:]
		}
		got, _ := propagation.RemoteFromContext(propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}}).ExtractHTTP(context.Background(), out))
		if got.TraceID.String() != id || got.SpanID.String() != s.SpanID || got.Sampling.Sampled() != s.Sampling.Sampled() {
			t.Errorf("%v names %+v, want %+v", f, got, s)
		}
		want[http.CanonicalHeaderKey(f.Fields()[0])] = out.Values(f.Fields()[0])
	}
	if !strings.Contains(s.TraceState, "dd=") { // it comes from Datadog's headers, which have tests of their own
		out.Set("Tracestate", withoutMember(out.Get("Tracestate")))
		if out.Get("Tracestate") == "" {
			out.Del("Tracestate")
		}
	}
	compare(t, out, want)
}

// withoutMember returns a tracestate without Datadog's member.
func withoutMember(list string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(list, ","), func(m string) bool { return strings.HasPrefix(m, "dd=") }), ",")
}

func compare(t *testing.T, got, want http.Header) {
	t.Helper()
	names := maps.Clone(got)
	maps.Copy(names, want)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Equal(unordered(name, got[name]), unordered(name, want[name])) {
			t.Errorf("%s: %q, want %q", name, got[name], want[name])
		}
	}
}

// unordered sorts the lists that dd-trace-go writes from a map.
func unordered(name string, values []string) []string {
	if name != "X-Datadog-Tags" && name != "Tracestate" {
		return values
	}
	return slices.Sorted(strings.FieldsFuncSeq(strings.Join(values, "\n"), func(r rune) bool { return r == ';' || r == ',' }))
}
