package main

import (
	"context"
	"net/http"
	"slices"
	"testing"

	otel "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// flawed is our propagator with changes to the result of Extract.
type flawed struct {
	otel.TextMapPropagator
	change func(context.Context) context.Context
}

func (f flawed) Extract(ctx context.Context, c otel.TextMapCarrier) context.Context {
	return f.change(f.TextMapPropagator.Extract(ctx, c))
}

// flaws have a function that says which requests show them.
var flaws = map[string]struct {
	propagator otel.TextMapPropagator
	shows      func(request) bool
}{
	"sends nothing": {
		propagator: otel.NewCompositeTextMapPropagator(),
		shows:      func(request) bool { return true },
	},
	"begins every trace anew": {
		propagator: flawed{ours, func(context.Context) context.Context { return context.Background() }},
		shows:      func(r request) bool { return r.continued },
	},
	"continues any trace": {
		propagator: flawed{ours, func(ctx context.Context) context.Context {
			if trace.SpanContextFromContext(ctx).IsValid() {
				return ctx
			}
			id, _ := trace.TraceIDFromHex(traceID)
			return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}}))
		}},
		shows: func(r request) bool { return !r.continued },
	},
	"loses tracestate": {
		propagator: flawed{ours, func(ctx context.Context) context.Context {
			sc := trace.SpanContextFromContext(ctx).WithTraceState(trace.TraceState{})
			return trace.ContextWithRemoteSpanContext(context.Background(), sc)
		}},
		shows: func(r request) bool { return !slices.Contains(r.states, "") },
	},
}

// Each case must fail with the flaws that its requests show, and with no other.
func TestCasesCanFail(t *testing.T) {
	for name, flaw := range flaws {
		t.Run(name, func(t *testing.T) {
			h := harnessOf(t, flaw.propagator)
			for _, c := range suite(2, 2) {
				want := slices.ContainsFunc(c.requests, flaw.shows)
				if err := c.run(h); (err != nil) != want {
					t.Errorf("%s: %v, want a failure: %v", c.name, err, want)
				}
			}
		})
	}
}

// The checks find headers that a call must not have.
func TestCheck(t *testing.T) {
	const (
		next    = "00-12345678901234567890123456789012-aaaaaaaaaaaaaaaa-01"
		other   = "00-12345678901234567890123456789012-bbbbbbbbbbbbbbbb-00"
		random  = "00-12345678901234567890123456789012-dddddddddddddddd-02"
		another = "00-cccccccccccccccccccccccccccccccc-bbbbbbbbbbbbbbbb-01"
	)
	came := traceparent("00-12345678901234567890123456789012-1234567890123456-01")
	call := func(traceparent string, tracestate ...string) http.Header {
		return http.Header{"Traceparent": {traceparent}, "Tracestate": tracestate}
	}
	twice := call(next)
	twice.Add("traceparent", next)
	two := keeps([]string{"a=1, b=2"}, "a=1,b=2")

	for name, c := range map[string]struct {
		request request
		arrived []http.Header
		right   bool
	}{
		"continued":              {continues(came), []http.Header{call(next)}, true},
		"continued twice":        {continues(came), []http.Header{call(next), call(other)}, true},
		"restarted":              {restarts(came), []http.Header{call(another)}, true},
		"state":                  {two, []http.Header{call(next, "a=1,b=2")}, true},
		"state in two lines":     {two, []http.Header{call(next, "a=1 ,", "\tb=2")}, true},
		"random":                 {continues(came).asRandom(), []http.Header{call(random)}, true},
		"no traceparent":         {continues(came), []http.Header{{}}, false},
		"two traceparents":       {continues(came), []http.Header{twice}, false},
		"another version":        {continues(came), []http.Header{call("01" + next[2:])}, false},
		"upper case":             {continues(came), []http.Header{call("00-12345678901234567890123456789012-AAAAAAAAAAAAAAAA-01")}, false},
		"no parent-id":           {continues(came), []http.Header{call("00-12345678901234567890123456789012-0000000000000000-01")}, false},
		"no trace-id":            {restarts(came), []http.Header{call("00-00000000000000000000000000000000-aaaaaaaaaaaaaaaa-01")}, false},
		"more after the flags":   {continues(came), []http.Header{call(next + "-")}, false},
		"unknown flags":          {continues(came), []http.Header{call(next[:53] + "09")}, false},
		"the caller's span":      {continues(came), []http.Header{call(came[len("traceparent: "):])}, false},
		"one span for both":      {continues(came), []http.Header{call(next), call(next)}, false},
		"the second restarted":   {continues(came), []http.Header{call(next), call(another)}, false},
		"not continued":          {continues(came), []http.Header{call(another)}, false},
		"not restarted":          {restarts(came), []http.Header{call(next)}, false},
		"not restarted from it":  {restarts(traceparent(another)), []http.Header{call(another[:36] + "aaaaaaaaaaaaaaaa-01")}, false},
		"state lost":             {two, []http.Header{call(next)}, false},
		"state cut":              {two, []http.Header{call(next, "a=1")}, false},
		"state in another order": {two, []http.Header{call(next, "b=2,a=1")}, false},
		"state grown":            {two, []http.Header{call(next, "a=1,b=2,c=3")}, false},
		"state not dropped":      {drops("A=1"), []http.Header{call(next, "A=1")}, false},
		"state of no trace":      {restarts(tracestate("a=1")), []http.Header{call(another, "a=1")}, false},
		"not random":             {continues(came).asRandom(), []http.Header{call(next)}, false},
		"random out of nothing":  {continues(came), []http.Header{call(random)}, false},
	} {
		if err := c.request.check(c.arrived); (err == nil) != c.right {
			t.Errorf("%s: %v", name, err)
		}
	}
}
