package propagation_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"
)

// show prints headers, sorted by name.
func show(h map[string][]string) {
	for _, name := range slices.Sorted(maps.Keys(h)) {
		fmt.Printf("%s: %v\n", name, h[name])
	}
}

func Example() {
	p := propagation.MustNew(preset.Istio())

	in := http.Header{"X-B3-Traceid": {"463ac35c9f6413ad"}, "X-B3-Spanid": {"a2fb4a1d1a96d312"}, "Accept": {"*/*"}}
	ctx := p.ExtractHTTP(context.Background(), in)

	out := http.Header{}
	p.InjectHTTP(ctx, out)
	show(out)
	// Output:
	// X-B3-Spanid: [a2fb4a1d1a96d312]
	// X-B3-Traceid: [463ac35c9f6413ad]
}

func ExampleNew() {
	_, err := propagation.New(propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.W3C},
		Emit:    []propagation.Format{propagation.SkyWalking},
		Headers: []string{"x-tenant", "Authorization"},
	})
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, err := range joined.Unwrap() {
			fmt.Println(err)
		}
	}
	// Output:
	// propagation: Config.Formats[1]: tracecontext: already in Formats[0]
	// propagation: Config.Emit[0]: sw8: cannot be written from a span context
	// propagation: Config.Headers[1]: "Authorization": is a credential, or says who the caller is: if each callee may have it, put it in UnsafeHeaders
}

// The caller sends only B3, and the callee reads only W3C. With Emit, traceferry translates. No tracer is needed.
func ExampleConfig_emit() {
	p := propagation.MustNew(propagation.Config{
		Formats: []propagation.Format{propagation.B3Single, propagation.W3C},
		Emit:    []propagation.Format{propagation.W3C},
	})
	in := http.Header{"B3": {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"}}
	out := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
	show(out)
	// Output:
	// B3: [463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1]
	// Traceparent: [00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01]
}

// Config.LocalSpan returns the active span of a tracer that is not OpenTelemetry's.
func ExampleConfig_localSpan() {
	type key struct{}
	p := propagation.MustNew(propagation.Config{
		LocalSpan: func(ctx context.Context) (propagation.SpanContext, bool) {
			sc, ok := ctx.Value(key{}).(propagation.SpanContext)
			return sc, ok
		},
	})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"B3": {"463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-1"}})

	remote, _ := propagation.RemoteFromContext(ctx)
	span := propagation.SpanContext{TraceID: remote.TraceID, SpanID: trace.SpanID{1}, Sampling: propagation.Accepted}
	out := http.Header{}
	p.InjectHTTP(context.WithValue(ctx, key{}, span), out)
	show(out)
	// Output:
	// B3: [463ac35c9f6413ad48485a3953bb6124-0100000000000000-1]
}

func ExampleConfigFromEnv() {
	os.Setenv("OTEL_PROPAGATORS", "b3multi, baggage")
	defer os.Unsetenv("OTEL_PROPAGATORS")
	c, err := propagation.ConfigFromEnv()
	fmt.Println(c.Formats, err)
	// Output: [b3multi baggage] <nil>
}

func ExamplePropagator_ExtractHTTP() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01"}})
	fmt.Println(trace.SpanContextFromContext(ctx).TraceID()) // OpenTelemetry gets the caller's span
	fmt.Println(ctx)                                         // the context prints without header values
	// Output:
	// 463ac35c9f6413ad48485a3953bb6124
	// context.Background.traceferry(tracecontext)
}

func ExamplePropagator_InjectHTTP() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"X-Request-Id": {"4d7f"}})
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://details:9080/", nil)
	p.InjectHTTP(ctx, req.Header)
	fmt.Println(req.Header.Get("X-Request-Id"))
	// Output: 4d7f
}

// The headers of a message queue can be a map like gRPC metadata.
func ExamplePropagator_InjectMetadata() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractMetadata(context.Background(), map[string][]string{"b3": {"1"}, "x-request-id": {"4d7f"}})
	md := map[string][]string{}
	p.InjectMetadata(ctx, md)
	show(md)
	// Output:
	// b3: [1]
	// x-request-id: [4d7f]
}

// All calls of one inbound request share the values that Inject writes. Change a header with Set, Add or Del. Do not assign
// to an element of a value.
func ExamplePropagator_InjectHTTP_sharedValues() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"X-Request-Id": {"4d7f"}})
	first, second := http.Header{}, http.Header{}

	p.InjectHTTP(ctx, first)
	first.Set("X-Request-Id", "mine") // correct: the next call does not get this value
	p.InjectHTTP(ctx, second)
	fmt.Println(second.Get("X-Request-Id"))

	p.InjectHTTP(ctx, first)
	first["X-Request-Id"][0] = "mine" // wrong: the next call gets this value
	p.InjectHTTP(ctx, second)
	fmt.Println(second.Get("X-Request-Id"))
	// Output:
	// 4d7f
	// mine
}

func ExamplePropagator_Extract() {
	// All instrumentation of OpenTelemetry now reads and writes all formats of the Propagator.
	otel.SetTextMapPropagator(propagation.MustNew(preset.Istio()))
	fmt.Println(len(otel.GetTextMapPropagator().Fields()))
	// Output: 20
}

func ExamplePropagator_Stats() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"garbage"}})
	propagation.RemoteFromContext(ctx)
	fmt.Println(p.Stats().Count(propagation.W3C, propagation.Malformed))
	fmt.Println(p.Stats())
	// Output:
	// 1
	// requests captured: 1, tracecontext malformed: 1
}

func ExampleRemoteFromContext() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"B3": {"0"}})
	sc, ok := propagation.RemoteFromContext(ctx)
	fmt.Println(sc.Sampling, sc.IsValid(), ok) // a decision without ids
	// Output: denied false true
}

func ExampleRequestIDFromContext() {
	p := propagation.MustNew(propagation.Config{})
	good := p.ExtractHTTP(context.Background(), http.Header{"X-Request-Id": {"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"}})
	bad := p.ExtractHTTP(context.Background(), http.Header{"X-Request-Id": {"<script>"}})
	id := propagation.RequestIDFromContext(good)
	fmt.Printf("%q %q %v\n", id, propagation.RequestIDFromContext(bad), propagation.TraceReasonOf(id))
	// Output: "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d" "" sampled
}

func ExampleCapturedFromContext() {
	p := propagation.MustNew(propagation.Config{})
	ctx := p.ExtractHTTP(context.Background(), http.Header{"Tracestate": {"a=1", "b=2"}, "X-Request-Id": {"4d7f"}})
	for name, value := range propagation.CapturedFromContext(ctx) {
		fmt.Printf("%s: %q\n", name, value)
	}
	// Output:
	// tracestate: "a=1"
	// tracestate: "b=2"
	// x-request-id: "4d7f"
}

func ExampleCopy() {
	p := propagation.MustNew(propagation.Config{})
	request, cancel := context.WithCancel(p.ExtractHTTP(context.Background(), http.Header{"X-Request-Id": {"4d7f"}}))
	job := propagation.Copy(context.Background(), request)
	cancel() // the request ends, and the job continues
	fmt.Println(job.Err(), propagation.RequestIDFromContext(job))
	// Output: <nil> 4d7f
}

// The application changes OpenTelemetry's baggage. The change is sent. The other members are sent as received.
func Example_baggage() {
	p := propagation.MustNew(preset.OpenTelemetry())
	ctx := p.ExtractHTTP(context.Background(), http.Header{"Baggage": {"tenant=a;ttl=1, user=%C3%A9"}})
	member, _ := baggage.NewMember("region", "eu")
	bag, _ := baggage.FromContext(ctx).SetMember(member)
	out := http.Header{}
	p.InjectHTTP(baggage.ContextWithBaggage(ctx, bag), out)
	show(out)
	// Output: Baggage: [tenant=a;ttl=1,user=%C3%A9,region=eu]
}

// An Observer gets the formats of each request, and outcomes such as a malformed header.
func ExampleObserver() {
	p := propagation.MustNew(propagation.Config{Observer: &propagation.Observer{
		Extracted: func(_ context.Context, formats []propagation.Format) { fmt.Println("came:", formats) },
		Outcome: func(_ context.Context, f propagation.Format, o propagation.Outcome) {
			fmt.Printf("%v: %v\n", f, o)
		},
	}})
	p.ExtractHTTP(context.Background(), http.Header{"Traceparent": {"garbage"}, "B3": {"1"}})
	// Output:
	// came: [tracecontext b3]
	// tracecontext: malformed
}
