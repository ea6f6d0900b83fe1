package httptrace_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/trace"
)

// tellAll are all options that send something about the trace to the caller.
func tellAll() []httptrace.Option {
	return []httptrace.Option{httptrace.WithTraceResponse(), httptrace.WithServerTiming(),
		httptrace.WithResponseTraceID("x-trace-id"), httptrace.WithResponseTraceID("X-B3-TraceId"), httptrace.WithResponseRequestID()}
}

// told returns the headers of the options in tellAll, one line of text each.
func told(h http.Header) (lines []string) {
	for _, name := range []string{"Traceresponse", "Server-Timing", "X-Trace-Id", "X-B3-Traceid", "X-Request-Id"} {
		for _, value := range h[name] {
			lines = append(lines, name+": "+value)
		}
	}
	return lines
}

// toldOf returns what told returns for a span.
func toldOf(trace, span, flags, timingFlags string) []string {
	return []string{
		"Traceresponse: 00-" + trace + "-" + span + "-" + flags,
		`Server-Timing: traceparent;desc="00-` + trace + "-" + span + "-" + timingFlags + `"`,
		"X-Trace-Id: " + trace,
		"X-B3-Traceid: " + trace,
	}
}

// checkTold compares the result of told with want, in any order.
func checkTold(t *testing.T, got http.Header, want []string) {
	t.Helper()
	if lines := told(got); !slices.Equal(slices.Sorted(slices.Values(lines)), slices.Sorted(slices.Values(want))) {
		t.Errorf("the response has\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func nothing(http.ResponseWriter, *http.Request) {}

// Without a local span, the caller gets the ids of its own span, whichever format it sent.
func TestTellsReceived(t *testing.T) {
	const trace64 = "0000000000000000a2fb4a1d1a96d312"
	x := traceID(1)
	for name, c := range map[string]struct {
		headers http.Header
		want    []string
	}{
		"traceparent":            {http.Header{"Traceparent": inbound(1)["Traceparent"]}, toldOf(x, spanID(1), "01", "01")},
		"not sampled":            {http.Header{"Traceparent": {"00-" + x + "-" + spanID(1) + "-00"}}, toldOf(x, spanID(1), "00", "00")},
		"random":                 {http.Header{"Traceparent": {"00-" + x + "-" + spanID(1) + "-03"}}, toldOf(x, spanID(1), "03", "01")},
		"other flags":            {http.Header{"Traceparent": {"00-" + x + "-" + spanID(1) + "-f5"}}, toldOf(x, spanID(1), "01", "01")},
		"b3":                     {http.Header{"B3": inbound(1)["B3"]}, toldOf(x, spanID(1), "01", "01")},
		"b3, debug":              {http.Header{"B3": {x + "-" + spanID(1) + "-d"}}, toldOf(x, spanID(1), "01", "01")},
		"b3, open":               {http.Header{"B3": {x + "-" + spanID(1)}}, toldOf(x, spanID(1), "00", "00")},
		"b3 of 64 bits":          {http.Header{"B3": {trace64[16:] + "-" + spanID(1) + "-1"}}, toldOf(trace64, spanID(1), "01", "01")},
		"x-amzn-trace-id":        {http.Header{"X-Amzn-Trace-Id": inbound(1)["X-Amzn-Trace-Id"]}, toldOf(x, spanID(1), "01", "01")},
		"a trace without a span": {http.Header{"X-Amzn-Trace-Id": {"Root=1-" + x[:8] + "-" + x[8:] + ";Sampled=1"}}, toldOf(x, spanID(1), "01", "01")[2:]},
		"a decision alone":       {http.Header{"B3": {"0"}}, nil},
		"malformed":              {http.Header{"Traceparent": {"00-" + x + "-0000000000000000-01"}}, nil},
		"two":                    {http.Header{"Traceparent": {inbound(1).Get("Traceparent"), inbound(2).Get("Traceparent")}}, nil},
		"none":                   {http.Header{}, nil},
		"a request id":           {http.Header{"X-Request-Id": {"r1"}}, []string{"X-Request-Id: r1"}},
		"everything":             {inbound(1), append(toldOf(x, spanID(1), "01", "01"), "X-Request-Id: "+inbound(1).Get("X-Request-Id"))},
	} {
		t.Run(name, func(t *testing.T) {
			mw := httptrace.Middleware(propagation.MustNew(everything()), tellAll()...)
			eachProtocol(t, mw(http.HandlerFunc(nothing)), func(t *testing.T, s *httptest.Server) {
				resp, _ := do(t, s.Client(), request(t, "GET", s.URL, c.headers, nil))
				checkTold(t, resp.Header, c.want)
			})
		})
	}
}

// Each option sets only its own header.
func TestTellsWhatIsAskedFor(t *testing.T) {
	all := append(toldOf(traceID(1), spanID(1), "01", "01"), "X-Request-Id: "+inbound(1).Get("X-Request-Id"))
	for i, opt := range tellAll() {
		s := serve(t, httptrace.Middleware(propagation.MustNew(everything()), opt)(http.HandlerFunc(nothing)))
		resp, _ := exchange(t, s.URL, inbound(1))
		checkTold(t, resp.Header, all[i:i+1])
	}
	s := serve(t, httptrace.Middleware(propagation.MustNew(everything()), httptrace.WithResponseTo(everybody))(http.HandlerFunc(nothing)))
	resp, _ := exchange(t, s.URL, inbound(1))
	checkTold(t, resp.Header, nil)
}

func everybody(*http.Request, propagation.Trust) bool { return true }

// traceresponse has version 00 of the editor's draft, with the ids of the local span.
func TestTellsLocalSpan(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, spans := sdk()
	theirs := otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p))
	for name, h := range map[string]http.Handler{
		"inside of otelhttp":                   theirs(httptrace.Middleware(p, tellAll()...)(http.HandlerFunc(nothing))),
		"inside, without a Propagator":         httptrace.Middleware(p)(theirs(httptrace.Middleware(nil, tellAll()...)(http.HandlerFunc(nothing)))),
		"inside, and one outside tells, too":   httptrace.Middleware(p, tellAll()...)(theirs(httptrace.Middleware(nil, tellAll()...)(http.HandlerFunc(nothing)))),
		"inside of an edge, for everybody":     httptrace.Middleware(p, httptrace.Edge())(theirs(httptrace.Middleware(nil, append(tellAll(), httptrace.WithResponseTo(everybody))...)(http.HandlerFunc(nothing)))),
		"without a Propagator at all":          theirs(httptrace.Middleware(nil, tellAll()...)(http.HandlerFunc(nothing))),
		"twice, as in a router and its server": theirs(httptrace.Middleware(p, tellAll()...)(httptrace.Middleware(p, tellAll()...)(http.HandlerFunc(nothing)))),
	} {
		for came, headers := range map[string]http.Header{"a trace": {"Traceparent": inbound(1)["Traceparent"]}, "nothing": {}} {
			t.Run(name+"/"+came, func(t *testing.T) {
				spans.Reset()
				s := serve(t, h)
				resp, _ := exchange(t, s.URL, headers)
				s.Close()
				span := spans.GetSpans()[0].SpanContext
				flags := span.TraceFlags().String()
				checkTold(t, resp.Header, toldOf(span.TraceID().String(), span.SpanID().String(), flags, "01"))
				if value := resp.Header.Get("Traceresponse"); !regexp.MustCompile(`^00-[0-9a-f]{32}-[0-9a-f]{16}-0[0-3]$`).MatchString(value) {
					t.Errorf("traceresponse is %q, want version 00 with ids and flags", value)
				}
			})
		}
	}
}

// If Middleware is outside of otelhttp, otelhttp's span does not run yet. The caller then gets its own span, which is
// in the same trace, or nothing if it sent none.
func TestTellsOutsideOfOtelhttp(t *testing.T) {
	p := propagation.MustNew(everything())
	provider, spans := sdk()
	theirs := otelhttp.NewMiddleware("server", otelhttp.WithTracerProvider(provider), otelhttp.WithPropagators(p))
	s := serve(t, httptrace.Middleware(p, tellAll()...)(theirs(http.HandlerFunc(nothing))))
	resp, _ := exchange(t, s.URL, http.Header{"Traceparent": inbound(1)["Traceparent"]})
	checkTold(t, resp.Header, toldOf(traceID(1), spanID(1), "01", "01"))
	resp, _ = exchange(t, s.URL, nil)
	checkTold(t, resp.Header, nil)
	s.Close()
	if server := spans.GetSpans()[0]; server.SpanContext.TraceID().String() != traceID(1) {
		t.Errorf("otelhttp's span is in the trace %s, want the caller's trace", server.SpanContext.TraceID())
	}
}

// A Middleware without a Propagator also uses Config.LocalSpan of the Propagator that has read the headers.
func TestTellsLocalSpanOfAnotherTracer(t *testing.T) {
	c := everything()
	c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) {
		return propagation.SpanContext{TraceID: trace.TraceID{15: 7}, SpanID: trace.SpanID{7: 9}, Sampling: propagation.Accepted}, true
	}
	p := propagation.MustNew(c)
	want := toldOf("00000000000000000000000000000007", "0000000000000009", "01", "01")
	for name, h := range map[string]http.Handler{
		"one": httptrace.Middleware(p, tellAll()...)(http.HandlerFunc(nothing)),
		"two": httptrace.Middleware(p)(httptrace.Middleware(nil, tellAll()...)(http.HandlerFunc(nothing))),
	} {
		t.Run(name, func(t *testing.T) {
			resp, _ := exchange(t, serve(t, h).URL, http.Header{"Traceparent": inbound(1)["Traceparent"]})
			checkTold(t, resp.Header, want)
		})
	}
}

// A name that must not hold a trace id causes a panic at program start.
func TestResponseTraceIDNames(t *testing.T) {
	for _, name := range []string{"", " ", "x y", "x:y", "x\n", "ä", ":path", "Set-Cookie", "set-cookie2", "Content-Length", "content-type",
		"Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Trailer", "TE", "Proxy-Authenticate", "Location", "Refresh",
		"Link", "Date", "Etag", "Vary", "Cache-Control", "Expires", "Server", "Status", "Allow", "Www-Authenticate", "Retry-After", "Alt-Svc",
		"Strict-Transport-Security", "Clear-Site-Data", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Timing-Allow-Origin",
		"X-Accel-Redirect", "x_accel_redirect", "X-Sendfile", "X-Frame-Options", "Grpc-Status", "X-Envoy-Upstream-Service-Time", "X-Auth-Token",
		"Traceparent", "tracestate", "b3", "X-B3-SpanId", "X-Request-Id", "Baggage", "X-Datadog-Trace-Id", "uberctx-x", "Traceresponse", "Server-Timing",
	} {
		if got := panicOf(func() { httptrace.WithResponseTraceID(name) }); !strings.HasPrefix(got, fmt.Sprintf("httptrace: WithResponseTraceID(%q): ", name)) {
			t.Errorf("%q: WithResponseTraceID panics with %q, want an error about the name", name, got)
		}
	}
	for _, name := range []string{"X-Trace-Id", "trace-id", "TraceID", "X-Correlation-Id", "x-b3-traceid", "Ids_of.Trace"} {
		if got := panicOf(func() { httptrace.WithResponseTraceID(name) }); got != "" {
			t.Errorf("%q: WithResponseTraceID panics with %q, want no panic", name, got)
		}
	}
	if got := panicOf(func() { httptrace.WithResponseTo(nil) }); got != "httptrace: WithResponseTo: the function is nil" {
		t.Errorf("WithResponseTo(nil) panics with %q, want the function is nil", got)
	}
}

// panicOf returns the text of a call's panic, or "" if the call does not panic.
func panicOf(call func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	call()
	return ""
}
