package benchmarks

import (
	"context"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// target is the header to inject into. It says where a call gets that header, and has its part of a benchmark's name
// and its title in the table.
type target struct {
	path, title string
	header      func() func() http.Header
}

var (
	// reused already has the keys, as after a first call.
	reused = target{"header=reused", "into an http.Header that has the keys already", func() func() http.Header {
		h := ownHeaders(3)
		return func() http.Header { return h }
	}}
	// fresh is the header of a real call: a new map with space for all names.
	fresh = target{"header=fresh", "into a new http.Header", func() func() http.Header {
		return func() http.Header {
			h := make(http.Header, 9)
			h["Accept"] = nil
			return h
		}
	}}
)

func injectTasks() []Task {
	return []Task{
		verbatimTask(reused, &Goal{Allocs: 0, Faster: map[string]float64{hand.Name: 2.5, otel7.Name: 15}}),
		verbatimTask(fresh, &Goal{Allocs: 4, Faster: map[string]float64{hand.Name: 1.8}}),
		localSpanTask(reused, &Goal{Allocs: 2, Faster: map[string]float64{otel7.Name: 3.5}}),
	}
}

// verbatimTask sends the sidecar's headers. Only traceferry and the loop can send them verbatim. The others write their
// formats from the ids.
func verbatimTask(to target, goal *Goal) Task {
	h := sidecarHeaders()
	c, carried := istioConfig(), handRead(h)
	ctx, header, handHeader := c.p.ExtractHTTP(context.Background(), h), to.header(), to.header()
	return Task{
		Section: sectionHTTP, Name: "Inject", Input: "span=none/" + to.path,
		Title: "inject the received headers, " + to.title,
		Entries: append([]Entry{
			c.entry(func() { c.p.InjectHTTP(ctx, header()) }, goal),
			handEntry(func() { handInject(carried, handHeader()) }),
		}, encoders(context.Background(), to)...),
	}
}

// localSpan returns a context with an active local span. Both halves of its trace id differ from zero, because
// otherwise traceferry would not write it in formats of 64 bits.
func localSpan() context.Context {
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0: 1, 15: 1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled,
	}))
}

// localSpanTask writes the active local span, as a service with a tracer does.
func localSpanTask(to target, goal *Goal) Task {
	c, local := sevenConfig(), localSpan()
	ctx, header := c.p.ExtractHTTP(local, sidecarHeaders()), to.header()
	return Task{
		Section: sectionHTTP, Name: "Inject", Input: "span=local/" + to.path,
		Title:   "inject a local span, " + to.title,
		Entries: append([]Entry{c.entry(func() { c.p.InjectHTTP(ctx, header()) }, goal)}, encoders(local, to)...),
	}
}

// encoders are the libraries that write formats from ids. OpenTelemetry writes the span in ctx if there is one, else
// the sidecar's span. The other two have span types of their own. They always write the sidecar's span, which is the
// same work.
func encoders(ctx context.Context, to target) []Entry {
	in := sidecar.inbound()
	otel, otelCtx, otelHeader := composite(), ctx, to.header()
	if !trace.SpanContextFromContext(ctx).IsValid() {
		otelCtx = otel.Extract(ctx, propagation.HeaderCarrier(in.Header))
	}
	fromZipkin, zipkinReq, zipkinHeader := zipkinExtract(in), sidecar.inbound(), to.header()
	datadog, datadogHeader := datadogPropagator(), to.header()
	fromDatadog := datadogExtract(datadog, in.Header)
	return []Entry{
		otelEntry(func() { otel.Inject(otelCtx, propagation.HeaderCarrier(otelHeader())) }),
		zipkinEntry("b3", func() {
			zipkinReq.Header = zipkinHeader()
			zipkinInject(fromZipkin, zipkinReq)
		}),
		datadogEntry(func() { datadogInject(datadog, fromDatadog, datadogHeader()) }),
	}
}
