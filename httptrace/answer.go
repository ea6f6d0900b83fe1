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
// The header has the ids of the local span. Without a local span it has the ids that the caller sent, in any format
// that is read. Without any ids the header is absent. It is also absent if the caller sent a trace id without a span id.
//
// Only callers that are trusted in everything get the header (see [WithTrust]). [WithResponseTo] changes that.
//
// Middleware sets the header before it calls the handler, so that it is in every response: errors, redirects, early
// flushes and 1xx responses. The handler may change or delete it before it writes. A handler that hijacks the connection
// writes its own headers. Code that serves the response again, such as a cache, serves this header again, too.
//
// Put this Middleware inside of otelhttp.NewHandler. Outside of otelhttp, otelhttp's span does not run yet. The header
// then has the ids of the caller's span, or is absent. If a Middleware must be outside, add a second one inside, without
// a Propagator. The inner Middleware uses the headers that the outer one has read, and its trust decision:
//
//	inner := httptrace.Middleware(nil, httptrace.WithTraceResponse())(mux)
//	handler := httptrace.Middleware(p)(otelhttp.NewHandler(inner, "server"))
//
// Pass WithTraceResponse, [WithServerTiming], [WithResponseTraceID], [WithResponseRequestID] and [WithResponseTo] to the
// same Middleware. In front of an httputil.ReverseProxy, use [ProxyTransport], too. Scripts of another origin can read
// the header if the response also has Access-Control-Expose-Headers: traceresponse.
//
// All these options together cost two allocations. They make Middleware copy each request that gets such a header, which
// costs one more where Middleware would not copy it otherwise. If no other code reads the ids of the received span, they
// cost three more.
func WithTraceResponse() Option {
	return optionFunc(func(o *options) { o.answering().traceResponse = true })
}

// WithServerTiming makes Middleware tell the caller the trace id in an entry of the response header Server-Timing
// (https://w3c.github.io/server-timing/). Scripts in a browser can read this header, also of the response that brought
// the page. Agents for real user monitoring do so:
//
//	Server-Timing: traceparent;desc="00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"
//
// The flags are 01 for a sampled span and 00 for others. Some agents ignore spans that are not sampled. Middleware
// replaces an entry that is already there for a traceparent, and keeps the other entries. To add entries, a handler must
// use Header.Add, because Header.Set removes the entry of Middleware.
//
// Scripts of another origin see the entry if the response also has the header Timing-Allow-Origin. In all other respects
// WithServerTiming is like [WithTraceResponse].
func WithServerTiming() Option {
	return optionFunc(func(o *options) { o.answering().serverTiming = true })
}

// WithResponseTraceID makes Middleware tell the caller the trace id alone, as 32 hexadecimal digits in lower case, in a
// response header of your choice:
//
//	httptrace.WithResponseTraceID("X-Trace-Id")
//
// An id of 64 bits is padded with zeros on the left. The name may be in any case. Pass the option several times to set
// several headers. Scripts of another origin can read the header if the response also has Access-Control-Expose-Headers
// with the name. A trace id without a span id is told, too. In all other respects WithResponseTraceID is like
// [WithTraceResponse].
//
// WithResponseTraceID panics for an invalid header name. It also panics for a name that means something else to browsers,
// proxies, servers or tracers: Set-Cookie, Content-Length, Connection, Location, X-Accel-Redirect and traceparent, for
// example.
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

// WithResponseTo makes Middleware call allow for each request. If allow returns true, the caller gets the headers of
// [WithTraceResponse], [WithServerTiming], [WithResponseTraceID] and [WithResponseRequestID]. trust says how far the
// caller is trusted, by the decisions of this Middleware and of those outside. allow may use anything in the request,
// such as a user that an outer middleware has authenticated:
//
//	httptrace.WithResponseTo(func(r *http.Request, trust propagation.Trust) bool {
//		return trust == propagation.Continue || isStaff(r)
//	})
//
// Without WithResponseTo, only callers that are trusted in everything get the trace id, and every caller gets the
// request id. An untrusted caller that is allowed gets the ids of the local span, or none. Middleware does not send back
// the ids that such a caller has sent. But if a tracer outside has continued the caller's trace, the local span has the
// caller's trace id.
//
// allow must be safe for concurrent use. If you pass several, all of them must return true. WithResponseTo panics if
// allow is nil.
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
