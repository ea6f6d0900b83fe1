package propagation_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// startSpan starts a span of OpenTelemetry's SDK with a parent-based sampler.
func startSpan(t *testing.T, ctx context.Context) (context.Context, trace.SpanContext) {
	t.Helper()
	ctx, span := sdktrace.NewTracerProvider().Tracer("").Start(ctx, "")
	t.Cleanup(func() { span.End() })
	return ctx, span.SpanContext()
}

// withBaggage returns the context with baggage members of the application.
func withBaggage(t *testing.T, ctx context.Context, members ...string) context.Context {
	t.Helper()
	bag := baggage.FromContext(ctx)
	for _, text := range members {
		parsed, err := baggage.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if bag, err = bag.SetMember(parsed.Members()[0]); err != nil {
			t.Fatal(err)
		}
	}
	return baggage.ContextWithBaggage(ctx, bag)
}

// TestLocalSpanToDestination: a local span is sent only in received formats and in formats of Emit that the destination may
// get.
func TestLocalSpanToDestination(t *testing.T) {
	c := carryingAll(propagation.Destination{Hosts: []string{"api.example"}, Formats: []propagation.Format{propagation.B3Single, propagation.XRay}})
	c.Emit = []propagation.Format{propagation.XRay, propagation.Datadog, propagation.CloudTrace}
	p := compile(t, c)
	ctx, sc := startSpan(t, p.ExtractHTTP(context.Background(), ruledHeaders))
	b3 := fmt.Sprint(sc.TraceID(), "-", sc.SpanID(), "-1-", callerSpan)
	xray := fmt.Sprint("Root=1-", sc.TraceID().String()[:8], "-", sc.TraceID().String()[8:], ";Parent=", sc.SpanID(), ";Sampled=1")
	want := carrier("B3", b3, "X-Amzn-Trace-Id", xray)
	expect(t, sentTo(t, p, ctx, "http://api.example"), want)
	expectDisallowed(t, p, onceEach(0, propagation.W3C, propagation.OTSpanContext, propagation.RequestID, propagation.Baggage, propagation.Datadog,
		propagation.Jaeger, propagation.CloudTrace, propagation.OTTrace, propagation.SkyWalking, propagation.ClientTrace, propagation.Linkerd1, propagation.AzureRequestID))
	expect(t, metadataTo(t, p, ctx, "api.example"), lowered(want))

	elsewhere := sentTo(t, p, ctx, "http://evil.example")
	for _, name := range []string{"Traceparent", "B3", "Uber-Trace-Id", "X-Ot-Span-Context", "X-Amzn-Trace-Id", "X-Datadog-Trace-Id", "X-Cloud-Trace-Context"} {
		if elsewhere[name] == nil {
			t.Errorf("%s is not sent to an external host without a rule, want it sent", name)
		}
	}
	if got := read(t, propagation.OTSpanContext, elsewhere); got.SpanID != sc.SpanID() {
		t.Errorf("x-ot-span-context is sent with %v, want the local span", got)
	}
	if len(elsewhere.Get("X-Ot-Span-Context")) > len(otSpanContextWithoutItems) {
		t.Errorf("the items of x-ot-span-context are sent to an external host: %q, want none", elsewhere["X-Ot-Span-Context"])
	}
	if inside := sentTo(t, p, ctx, "http://reviews"); len(inside.Get("X-Ot-Span-Context")) <= len(otSpanContextWithoutItems) {
		t.Errorf("x-ot-span-context is sent to an internal host as %q, want it with the items", inside["X-Ot-Span-Context"])
	}
}

// TestFallbackToDestination: if a local span would be sent in no format, Inject chooses a format for it. The destination rules
// apply to this format, and it is counted.
func TestFallbackToDestination(t *testing.T) {
	p := compile(t, propagation.Config{Destinations: []propagation.Destination{
		{Hosts: []string{"b3.example"}, Formats: []propagation.Format{propagation.B3Single}},
		{Hosts: []string{"w3c.example"}, Formats: []propagation.Format{propagation.W3C}},
	}})
	ctx, sc := startSpan(t, context.Background())
	w3c := carrier("Traceparent", fmt.Sprintf("00-%s-%s-01", sc.TraceID(), sc.SpanID()))
	expect(t, sentTo(t, p, ctx, "http://w3c.example"), w3c)
	expectDisallowed(t, p, nil)
	expect(t, sentTo(t, p, ctx, "http://b3.example"), http.Header{})
	expectDisallowed(t, p, onceEach(propagation.W3C))

	ctx, sc = startSpan(t, received(p, "B3", callerB3)) // the destination may not get the received format, so Inject chooses another format
	expect(t, sentTo(t, p, ctx, "http://w3c.example"), carrier("Traceparent", fmt.Sprintf("00-%s-%s-01", sc.TraceID(), sc.SpanID())))
	expectDisallowed(t, p, onceEach(propagation.W3C, propagation.B3Single))
}

// TestTranslationToDestination: the destination rules apply to formats that Emit writes without a local span. Disallowed
// formats are counted.
func TestTranslationToDestination(t *testing.T) {
	for name, c := range map[string]propagation.Config{
		"carried":   {Formats: []propagation.Format{propagation.B3Single}},
		"read only": {Formats: []propagation.Format{}, ReadOnly: []propagation.Format{propagation.B3Single}},
	} {
		t.Run(name, func(t *testing.T) {
			c.Emit = []propagation.Format{propagation.W3C, propagation.Jaeger}
			c.Destinations = []propagation.Destination{{Hosts: []string{"api.example"}, Formats: []propagation.Format{propagation.Jaeger}}}
			p := compile(t, c)
			ctx := received(p, "B3", callerB3)
			want := carrier("Uber-Trace-Id", callerTrace+":"+callerSpan+":0:1")
			expect(t, sentTo(t, p, ctx, "http://api.example"), want)
			counts := onceEach(propagation.W3C)
			if name == "carried" {
				counts[propagation.B3Single] = 1
			}
			expectDisallowed(t, p, counts)
			expect(t, metadataTo(t, p, ctx, "api.example"), lowered(want))
			if all := sentTo(t, p, ctx, "http://other.example"); all["Traceparent"] == nil || all["Uber-Trace-Id"] == nil {
				t.Errorf("to a host without a rule, sent %q, want both formats of Emit", all)
			}
		})
	}
}

// TestOwnBaggageToDestination: the rules apply to members that the application adds through OpenTelemetry, too.
func TestOwnBaggageToDestination(t *testing.T) {
	p := compile(t, propagation.Config{Destinations: []propagation.Destination{
		{Hosts: []string{"api.example"}, Baggage: []string{"tenant", "plan"}}, {Hosts: []string{"none.svc"}, Baggage: []string{}},
	}})
	for name, ctx := range map[string]context.Context{
		"nothing received":    context.Background(),
		"baggage received":    received(p, "Baggage", "tenant=7;p=1,user=bob"),
		"no baggage received": received(p, "X-Request-Id", "r1"),
		"a local span runs": func() context.Context {
			ctx, _ := startSpan(t, received(p, "Baggage", "tenant=7;p=1,user=bob"))
			return ctx
		}(),
	} {
		t.Run(name, func(t *testing.T) {
			came := ""
			if strings.Contains(fmt.Sprint(captures(ctx)), "bob") {
				came = "tenant=7;p=1,"
			}
			ctx := withBaggage(t, ctx, "plan=gold;x=1", "secret=1")
			for host, want := range map[string]string{"api.example": came + "plan=gold;x=1", "evil.example": "", "none.svc": ""} {
				before := p.Stats().Count(propagation.Baggage, propagation.Disallowed)
				if got := strings.Join(sentTo(t, p, ctx, "http://"+host)["Baggage"], "|"); got != want {
					t.Errorf("baggage is sent to %s as %q, want %q", host, got, want)
				}
				if p.Stats().Count(propagation.Baggage, propagation.Disallowed) != before+1 {
					t.Errorf("%s: baggage is not counted as disallowed once", host)
				}
				if got := strings.Join(metadataTo(t, p, ctx, host)["baggage"], "|"); got != want {
					t.Errorf("over gRPC, baggage is sent to %s as %q, want %q", host, got, want)
				}
			}
			inside := sentTo(t, p, ctx, "http://reviews").Get("Baggage")
			if !strings.Contains(inside, "plan=gold") || !strings.Contains(inside, "secret=1") {
				t.Errorf("baggage is sent to an internal host as %q, want plan and secret", inside)
			}
		})
	}
}

// TestBaggageKeys: each baggage member is sent byte for byte or left out as a whole. The order does not change.
func TestBaggageKeys(t *testing.T) {
	for _, test := range []struct {
		name, header string
		keys         []string
		came, want   []string
	}{
		{"members have properties", "Baggage", []string{"a", "c"}, []string{"a=1;p;q=2 , b=2,c=3 ; r"}, []string{"a=1;p;q=2,c=3 ; r"}},
		{"lines", "Baggage", []string{"a"}, []string{"a=1", "b=2", "b=3,a=4"}, []string{"a=1", "a=4"}},
		{"case", "Baggage", []string{"Tenant"}, []string{"tenant=1,Tenant=2,TENANT=3"}, []string{"Tenant=2"}},
		{"keys, not values", "Baggage", []string{"b"}, []string{"a=b,c=d;b=1,b"}, []string{"b"}},
		{"white space", "Baggage", []string{"a"}, []string{" a = 1 ,  a  =2,b=3"}, []string{"a = 1,a  =2"}},
		{"no prefixes", "Baggage", []string{"a"}, []string{"ab=1,=2,aa=3, =a"}, nil},
		{"escapes are part of a key", "Baggage", []string{"a"}, []string{"%61=1"}, nil},
		{"an invalid key", "Baggage", []string{"a;p"}, nil, nil},
		{"all", "Baggage", []string{"*"}, []string{" a=1 ,, b"}, []string{" a=1 ,, b"}},
		{"jaeger-baggage", "Jaeger-Baggage", []string{"tenant"}, []string{"user=bob, Tenant = 7,TENANT=8"}, []string{"Tenant = 7,TENANT=8"}},
		{"correlation-context", "Correlation-Context", []string{"tenant"}, []string{"user=bob, tenant=7,Tenant=8"}, []string{"tenant=7"}},
		{"sw8-correlation", "Sw8-Correlation", []string{"tenant"}, []string{"dXNlcg==:Ym9i,dGVuYW50:Nw==,VGVuYW50:OA=="}, []string{"dGVuYW50:Nw=="}},
		{"sw8-correlation, no base64", "Sw8-Correlation", []string{"tenant"}, []string{"tenant:7,dGVuYW5:0,:"}, nil},
		{"uberctx-", "Uberctx-Tenant-Id", []string{"tenant-ID"}, []string{"7"}, []string{"7"}},
		{"uberctx-, another", "Uberctx-Tenant-Id", []string{"tenant", "id"}, []string{"7"}, nil},
		{"ot-baggage-", "Ot-Baggage-Tenant", []string{"TENANT"}, []string{"7", "8"}, []string{"7", "8"}},
		{"ot-baggage-, the prefix is no key", "Ot-Baggage-Tenant", []string{"ot-baggage-tenant"}, []string{"7"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			rule := propagation.Destination{Hosts: []string{"api.example"}, Baggage: test.keys}
			p, err := propagation.New(carryingAll(rule))
			if test.came == nil {
				if err == nil {
					t.Error("New accepts an invalid key, want an error")
				}
				return
			}
			ctx := p.ExtractHTTP(context.Background(), http.Header{test.header: test.came})
			want := http.Header{}
			if test.want != nil {
				want[test.header] = test.want
			}
			expect(t, sentTo(t, p, ctx, "http://api.example"), want)
			expect(t, metadataTo(t, p, ctx, "api.example"), lowered(want))
			if got, some := len(disallowed(p)) > 0, strings.Join(test.came, "|") != strings.Join(test.want, "|"); got != some {
				t.Errorf("counted as disallowed %v, want some counts: %v", disallowed(p), some)
			}
		})
	}
}

// TestSetByHandToDestination: the destination rules do not apply to user data that the application sets on the request by
// hand.
func TestSetByHandToDestination(t *testing.T) {
	p := compile(t, carryingAll())
	ctx := p.ExtractHTTP(context.Background(), ruledHeaders)
	r := requestTo(t, ctx, "http://evil.example")
	r.Header = carrier("Baggage", "mine=1", "End-User", "me", "Uberctx-Mine", "1", "Traceparent", "not mine to say")
	want := forExternal()
	want["Baggage"], want["End-User"], want["Uberctx-Mine"] = r.Header["Baggage"], r.Header["End-User"], r.Header["Uberctx-Mine"]
	h, _ := engine(p).CloneRequest(r)
	expect(t, h, want)
	expect(t, r.Header, carrier("Baggage", "mine=1", "End-User", "me", "Uberctx-Mine", "1", "Traceparent", "not mine to say"))
}

// TestOtherCaptureToDestination: another Propagator has captured the headers. The rules of the sending Propagator apply.
func TestOtherCaptureToDestination(t *testing.T) {
	reader := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-first", "x-other", "end-user"}})
	sender := compile(t, carryingAll(propagation.Destination{Hosts: []string{"api.example"}, Headers: []string{"end-user"}, Baggage: []string{"tenant"}}))
	in := merged(ruledHeaders, carrier("X-First", "1", "X-Other", "2"))
	ctx := reader.ExtractHTTP(context.Background(), in)
	want := merged(forExternal(), ofTenant, pick(ruledHeaders, "End-User"))
	expect(t, sentTo(t, sender, ctx, "http://api.example"), want)
	expect(t, metadataTo(t, sender, ctx, "api.example"), lowered(want))
	expect(t, sentTo(t, sender, ctx, "http://evil.example"), forExternal())
	expect(t, sentTo(t, sender, sender.Extract(ctx, valuesCarrier{"x-request-id": {"r2"}}), "http://evil.example"), merged(forExternal(), carrier("X-Request-Id", "r2")))
	expect(t, sentTo(t, sender, propagation.Copy(context.Background(), ctx), "http://evil.example"), forExternal())
}

// TestDisallowedIsNotLimited: the limit of metadata does not count headers that the destination may not get.
func TestDisallowedIsNotLimited(t *testing.T) {
	p := compile(t, propagation.Config{Headers: []string{"end-user"}, Limits: propagation.Limits{MetadataBytes: 300}})
	ctx := received(p, "Baggage", strings.Repeat("x", 250), "End-User", strings.Repeat("y", 250), "Traceparent", callerW3C, "X-Request-Id", "r1")
	expect(t, metadataTo(t, p, ctx, "evil.example"), metadataOf("traceparent", callerW3C, "x-request-id", "r1"))
	if n := p.Stats().Total(propagation.TooLarge); n != 0 {
		t.Errorf("to an external host, counted %d times as too large, want 0", n)
	}
	metadataTo(t, p, ctx, "reviews")
	if n := p.Stats().Total(propagation.TooLarge); n == 0 {
		t.Error("to an internal host, nothing is counted as too large, want some counts")
	}
}

// TestAlsoToDestination: the propagators of Config.Also write to every host, except if a rule lists Formats.
func TestAlsoToDestination(t *testing.T) {
	c := propagation.Config{
		Formats: []propagation.Format{propagation.RequestID}, Also: []otelprop.TextMapPropagator{otelprop.TraceContext{}},
		Destinations: []propagation.Destination{
			{Hosts: []string{"listed.example", "listed"}, Formats: []propagation.Format{propagation.RequestID}},
			{Hosts: []string{"none.example"}, Formats: []propagation.Format{}}, {Hosts: []string{"open.example"}, Baggage: []string{"*"}},
		},
	}
	p := compile(t, c)
	c.DestinationsReportOnly = true
	report := compile(t, c)
	in := carrier("Traceparent", callerW3C, "X-Request-Id", "r1")
	ctx := p.ExtractHTTP(context.Background(), in)
	for host, want := range map[string]http.Header{
		"listed.example": pick(in, "X-Request-Id"), "listed": pick(in, "X-Request-Id"), "none.example": {}, "open.example": in, "evil.example": in, "reviews": in,
	} {
		expect(t, sentTo(t, p, ctx, "http://"+host), want)
		expect(t, metadataTo(t, p, ctx, host), lowered(want))
		expect(t, sentTo(t, report, ctx, "http://"+host), in)
		expect(t, metadataTo(t, report, ctx, host), lowered(in))
	}
}

// TestSharedMetadata: metadata that is made once for all calls of an inbound request is used only for hosts that may get all
// of it.
func TestSharedMetadata(t *testing.T) {
	p := compile(t, carryingAll(propagation.Destination{Hosts: []string{"api.example"}, Formats: []propagation.Format{propagation.W3C}, Headers: []string{}}))
	wants := map[string]http.Header{"reviews": ruledHeaders, "evil.example": forExternal(), "api.example": pick(ruledHeaders, "Traceparent", "Tracestate"), "details.svc": ruledHeaders}
	for _, order := range [][]string{
		{"reviews", "evil.example", "details.svc", "api.example", "reviews"}, {"evil.example", "reviews", "evil.example", "api.example"}, {"api.example", "reviews", "api.example", "evil.example"},
	} {
		for name, derive := range map[string]func(context.Context) context.Context{
			"the handler's context": func(ctx context.Context) context.Context { return ctx },
			"a derived context":     func(ctx context.Context) context.Context { return context.WithValue(ctx, metadataKey{}, nil) },
		} {
			ctx := derive(p.ExtractHTTP(context.Background(), ruledHeaders))
			for _, host := range order {
				out, _ := engine(p).ContextWithMetadata(ctx, someHost(host), metadataKey{}, func(md map[string][]string) any { return md })
				md, _ := out.Value(metadataKey{}).(map[string][]string)
				if expect(t, md, lowered(wants[host])); t.Failed() {
					t.Fatalf("%s: wrong metadata to %s, in the order %q", name, host, order)
				}
			}
		}
	}
}
