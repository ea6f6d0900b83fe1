package httptrace

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/traceferry/traceferry/internal/answer"
	"github.com/traceferry/traceferry/internal/capture"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
)

// WithTraceResponse makes Middleware tell the caller the trace id in the response header traceresponse of W3C Trace
// Context (https://w3c.github.io/trace-context/#trace-context-http-response-headers-format):
//
//	traceresponse: 00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01
//
// It names the local span. Without a local span it names the span that the caller sent, in any format that is read.
// Without any span the response has no such header.
//
// Only callers that are trusted in everything get the header (see [WithTrust]). [WithResponseTo] changes that.
//
// Middleware sets the header before it calls the handler, so that it is in every response: errors, redirects, early
// flushes and 1xx responses. The handler may change or delete it before it writes. A handler that hijacks the connection
// writes its own headers. Code that serves the response again, such as a cache, serves this header again, too.
//
// Put this Middleware inside of otelhttp.NewHandler. Outside of it otelhttp's span does not run yet, so that the header
// names the caller's span or is absent. If a Middleware must be outside, add a second one inside, without a Propagator.
// It uses the headers that the outer one has read, and its trust decision:
//
//	inner := httptrace.Middleware(nil, httptrace.WithTraceResponse())(mux)
//	handler := httptrace.Middleware(p)(otelhttp.NewHandler(inner, "server"))
//
// Use all WithResponse options, WithTraceResponse and WithServerTiming on one Middleware. In front of an
// httputil.ReverseProxy, use [ProxyTransport], too. Pages of another origin need Access-Control-Expose-Headers:
// traceresponse to read the header.
//
// All these options together cost two allocations. A request that Middleware does not copy otherwise costs one more. A
// received span whose ids no other code reads costs three more.
func WithTraceResponse() Option {
	return optionFunc(func(o *options) { o.answering().traceResponse = true })
}

// WithServerTiming makes Middleware tell the caller the trace id in an entry of the response header Server-Timing, which
// browsers show to scripts, also for the page itself. Agents for real user monitoring read it:
//
//	Server-Timing: traceparent;desc="00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
//
// The flags are 01 for a sampled span and 00 for others. Some agents ignore all but sampled spans. Middleware replaces
// an entry for a traceparent, and keeps the other entries. To add entries, a handler must use Header.Add, because
// Header.Set removes this one.
//
// Pages of another origin need the response header Timing-Allow-Origin to see the entry. In all other respects
// WithServerTiming is like [WithTraceResponse].
func WithServerTiming() Option {
	return optionFunc(func(o *options) { o.answering().serverTiming = true })
}

// WithResponseTraceID makes Middleware tell the caller the trace id alone, as 32 hexadecimal digits in lower case, in a
// response header of your choice:
//
//	httptrace.WithResponseTraceID("X-Trace-Id")
//
// An id of 64 bits has zeros on the left. The name may be in any case, and you may use the option several times. Pages
// of another origin need Access-Control-Expose-Headers with the name to read the header. In all other respects
// WithResponseTraceID is like [WithTraceResponse].
//
// WithResponseTraceID panics for an invalid header name, and for a name that means something else to browsers, proxies,
// servers or tracers, such as Set-Cookie, Content-Length, Connection, Location, X-Accel-Redirect or traceparent.
func WithResponseTraceID(name string) Option {
	if reason := answer.RefuseName(name); reason != "" {
		panic(fmt.Sprintf("httptrace: WithResponseTraceID(%q): %s", name, reason))
	}
	canonical := http.CanonicalHeaderKey(name)
	return optionFunc(func(o *options) {
		if a := o.answering(); !slices.Contains(a.traceIDs, canonical) {
			a.traceIDs = append(a.traceIDs, canonical)
		}
	})
}

// WithResponseTo makes Middleware call allow for each request, to decide whether the caller gets the headers of
// WithTraceResponse, WithServerTiming, WithResponseTraceID and WithResponseRequestID. trust is how far the caller is
// trusted, by this Middleware or one outside. allow may use anything in the request, such as a user that an outer
// middleware has authenticated:
//
//	httptrace.WithResponseTo(func(r *http.Request, trust propagation.Trust) bool {
//		return trust == propagation.Continue || isStaff(r)
//	})
//
// Without it, only callers that are trusted in everything get the trace id, and every caller gets the request id. An
// untrusted caller gets the ids of the local span at most. The ids that such a caller has sent are never sent back,
// unless a tracer outside has continued the caller's trace.
//
// allow must be safe for concurrent use. If you pass several, all of them must allow it. WithResponseTo panics if allow
// is nil.
func WithResponseTo(allow func(r *http.Request, trust propagation.Trust) bool) Option {
	if allow == nil {
		panic("httptrace: WithResponseTo: the function is nil")
	}
	return optionFunc(func(o *options) {
		a := o.answering()
		if outer := a.allow; outer != nil {
			a.allow = func(r *http.Request, trust propagation.Trust) bool { return outer(r, trust) && allow(r, trust) }
			return
		}
		a.allow = allow
	})
}

// answers says which response headers Middleware sets, and for which callers.
type answers struct {
	requestID     bool
	traceResponse bool
	serverTiming  bool
	traceIDs      []string // canonical names

	allow func(*http.Request, propagation.Trust) bool // nil: the default of WithResponseTo
}

func (o *options) answering() *answers {
	if o.answers == nil {
		o.answers = new(answers)
	}
	return o.answers
}

func (a *answers) tracing() bool { return a.traceResponse || a.serverTiming || len(a.traceIDs) > 0 }

// write sets the response headers for the request with the context ctx. It returns a context that tells ProxyTransport
// what was set or refused, or ctx if nothing was.
func (a *answers) write(ctx context.Context, w http.ResponseWriter, r *http.Request, p *propagation.Propagator) context.Context {
	c, trust := capture.Of(ctx), propagation.Continue
	if c != nil {
		trust = propagation.Trust(c.Trust)
	}
	identify, trace := a.requestID, a.tracing()
	if a.allow != nil {
		allowed := a.allow(r, trust)
		identify, trace = identify && allowed, trace && allowed
	} else {
		trace = trace && trust == propagation.Continue
	}
	set := answered{Context: ctx, answers: a, received: c}
	if identify {
		set.values[requestID] = c.RequestID()
	}
	if trace {
		sc, _ := (*plan.Engine)(p).Nearest(ctx)
		v := answer.ValuesOf(sc)
		set.values[traceResponse], set.values[serverTiming], set.values[traceID] = v.TraceResponse, v.ServerTiming, v.TraceID
	}
	if identify == a.requestID && trace == a.tracing() && set.values == [valueCount]string{} {
		return ctx
	}
	kept := set
	if h := w.Header(); h != nil {
		kept.set(h)
	}
	return &kept
}

const (
	requestID = iota
	traceResponse
	serverTiming
	traceID
	valueCount
)

// answered is a context that holds the response headers of its request. A value is empty if the caller does not get it.
type answered struct {
	context.Context
	*answers
	received *capture.Node // what the request's context has captured; may be nil
	values   [valueCount]string
}

type answeredKey struct{}

func (a *answered) Value(key any) any {
	if key == (answeredKey{}) {
		return a
	}
	return a.Context.Value(key)
}

// String and GoString print no values, because contexts are often logged.
func (a *answered) String() string   { return capture.NameOf(a.Context) + ".response" }
func (a *answered) GoString() string { return a.String() }

// set sets the headers that the caller gets.
func (a *answered) set(h http.Header) {
	if a.requestID {
		a.put(h, "X-Request-Id", requestID)
	}
	if a.traceResponse {
		a.put(h, "Traceresponse", traceResponse)
	}
	for _, name := range a.traceIDs {
		a.put(h, name, traceID)
	}
	if a.serverTiming && a.values[serverTiming] != "" {
		if others := answer.WithoutTraceparent(h["Server-Timing"]); len(others) > 0 {
			h["Server-Timing"] = append(slices.Clip(others), a.values[serverTiming])
			return
		}
		a.put(h, "Server-Timing", serverTiming)
	}
}

func (a *answered) put(h http.Header, name string, i int) {
	if a.values[i] != "" {
		h[name] = a.values[i : i+1 : i+1]
	}
}

// strip removes the headers of another service under the names of this one.
func (a *answered) strip(h http.Header) {
	if a.requestID {
		delete(h, "X-Request-Id")
	}
	if a.traceResponse {
		delete(h, "Traceresponse")
	}
	for _, name := range a.traceIDs {
		delete(h, name)
	}
	if lines := h["Server-Timing"]; a.serverTiming && len(lines) > 0 {
		if others := answer.WithoutTraceparent(lines); len(others) > 0 {
			h["Server-Timing"] = others
		} else {
			delete(h, "Server-Timing")
		}
	}
}
