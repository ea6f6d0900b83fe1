package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// TestExplain: Explain says what Inject does with each header.
func TestExplain(t *testing.T) {
	const (
		traceparent = "00-" + callerTrace + "-" + callerSpan + "-01"
		internal    = "reviews"
		external    = "https://api.example.com/v1"
	)
	all := propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user"}, UnsafeHeaders: []string{"authorization"}}
	with := func(change func(*propagation.Config)) propagation.Config {
		c := all
		change(&c)
		return c
	}
	for name, row := range map[string]struct {
		config propagation.Config
		came   []string
		span   bool
		to     string
		want   map[string]string // a part of the fate, by header name
	}{
		"as received":         {all, []string{"Traceparent", traceparent, "End-User", "bob"}, false, internal, map[string]string{"traceparent": "sent as received", "end-user": "sent as received"}},
		"to an external host": {all, []string{"Traceparent", traceparent, "End-User", "bob", "Authorization", "secret"}, false, external, map[string]string{"traceparent": "sent as received", "end-user": "not sent: the host is not internal, and no rule allows it", "authorization": "not sent: the host is not internal, and no rule allows it"}},
		"report only":         {with(func(c *propagation.Config) { c.DestinationsReportOnly = true }), []string{"Baggage", "user=bob"}, false, external, map[string]string{"baggage": "sent as received, only because of Config.DestinationsReportOnly: the host is not internal, and no rule allows it"}},
		"a local span":        {all, []string{"Traceparent", traceparent, "X-B3-Parentspanid", "00000000000000bb", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, true, internal, map[string]string{"traceparent": "sent with the local span", "x-b3-traceid": "sent with the local span", "x-b3-parentspanid": "not sent: it belongs to a span context that is replaced"}},
		"emitted":             {with(func(c *propagation.Config) { c.Emit = []propagation.Format{propagation.B3Single} }), []string{"Traceparent", traceparent}, false, internal, map[string]string{"traceparent": "sent as received", "b3": "sent with the span context of tracecontext"}},
		"emitted, local":      {with(func(c *propagation.Config) { c.Emit = []propagation.Format{propagation.B3Single} }), []string{"Traceparent", traceparent}, true, internal, map[string]string{"b3": "sent with the local span"}},
		"only read":           {propagation.Config{Formats: []propagation.Format{propagation.W3C}, ReadOnly: []propagation.Format{propagation.B3Single}}, []string{"B3", callerTrace + "-" + callerSpan + "-1"}, false, internal, map[string]string{"b3": "not sent: the format is in Config.ReadOnly"}},
		"stale":               {all, []string{"B3", callerTrace + "-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, false, internal, map[string]string{"b3": "not sent: another format names a newer span"}},
		"not legal":           {all, []string{"X-Request-Id", "a\x01b"}, false, internal, map[string]string{"x-request-id": "not sent: the transport or Config.ASCIIOnly does not allow it"}},
		"emitted for a stale one": {with(func(c *propagation.Config) { c.Emit = []propagation.Format{propagation.B3Single} }), []string{"B3", callerTrace + "-1111111111111111-1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, false, internal, map[string]string{
			"b3": "sent with the span context of b3multi",
		}},
		"emitted for a malformed one": {propagation.Config{Emit: []propagation.Format{propagation.OTSpanContext}}, []string{"X-Ot-Span-Context", "x", "Traceparent", traceparent}, false, external, map[string]string{
			"x-ot-span-context": "sent with the span context of tracecontext",
		}},
		"emitted for a malformed one, report only": {propagation.Config{
			Emit: []propagation.Format{propagation.W3C}, DestinationsReportOnly: true, Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{}}},
		}, []string{"Traceparent", "x", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, false, external, map[string]string{"traceparent": "sent with the span context of b3multi"}},
		"tracestate of a malformed traceparent": {propagation.Config{Emit: []propagation.Format{propagation.W3C}}, []string{"Traceparent", "x", "Tracestate", "a=1", "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan}, false, internal, map[string]string{
			"tracestate": "not sent: it belongs to a span context that is replaced",
		}},
		"emitted, but disallowed": {propagation.Config{
			Emit: []propagation.Format{propagation.W3C}, Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{propagation.B3Single}}},
		}, []string{"B3", callerTrace + "-" + callerSpan + "-1"}, false, external, map[string]string{"b3": "sent as received", "traceparent": "not sent: the rule for * does not allow it"}},
		"a rule": {with(func(c *propagation.Config) {
			c.Destinations = []propagation.Destination{{Hosts: []string{"*.example.com:443"}, Formats: []propagation.Format{propagation.W3C}, Baggage: []string{"tenant"}}}
		}), []string{"Traceparent", traceparent, "Baggage", "tenant=7,user=bob", "Sw8", "x"}, false, external, map[string]string{
			"traceparent": "sent as received", "baggage": "sent in part: the rule for *.example.com:443 does not allow the rest", "sw8": "not sent: the rule for *.example.com:443 does not allow it",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if row.span {
				row.config.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return otherSpan, true }
			}
			p := compile(t, row.config)
			x := propagation.Explain(received(p, row.came...), row.to)
			for name, want := range row.want {
				if line := lineAbout(x, name); !strings.Contains(line, want) {
					t.Errorf("for %s, Explain says %q, want %q in it", name, line, want)
				}
			}
			expectCounts(t, p, nil)
			for _, secret := range []string{"bob", "secret"} {
				if strings.Contains(x.String(), secret) {
					t.Errorf("the explanation contains the secret value %q:\n%v", secret, x)
				}
			}
		})
	}
}

// lineAbout returns the line of an explanation about a header. It is the last line that begins with the name, because lines
// about formats come first.
func lineAbout(x propagation.Explanation, name string) (about string) {
	for line := range strings.Lines(x.String()) {
		if strings.HasPrefix(line, "  "+name+" ") {
			about = line
		}
	}
	return about
}

// TestExplainSpecialContexts: Explain for contexts without an Extract, or with more than one, and for other special contexts.
func TestExplainSpecialContexts(t *testing.T) {
	outer, inner := compile(t, propagation.Config{Headers: []string{"end-user"}}), compile(t, propagation.Config{})
	in := http.Header{"End-User": {"bob"}, "B3": {callerTrace + "-" + callerSpan + "-1"}, "Baggage": {"user=bob"}}
	later := http.Header{"X-Request-Id": {"r1"}, "B3": in["B3"], "Baggage": in["Baggage"]}
	ctx := inner.ExtractHTTP(outer.ExtractHTTP(context.Background(), in), later)
	if got := propagation.Explain(ctx, "reviews").String(); !strings.Contains(got, "only the Propagator of an outer Extract carries it") {
		t.Errorf("for a header that only an outer Propagator carries, want that it is not sent; Explain says\n%s", got)
	}
	bag, _ := baggage.Parse("mine=1")
	if got := propagation.Explain(baggage.ContextWithBaggage(ctx, bag), "reviews").String(); !strings.Contains(got, "sent with the application's baggage") {
		t.Errorf("for changed baggage, want that the application's baggage is sent; Explain says\n%s", got)
	}
	if got := propagation.Explain(baggage.ContextWithoutBaggage(baggage.ContextWithBaggage(ctx, bag)), "reviews").String(); !strings.Contains(got, "removed this baggage") {
		t.Errorf("for removed baggage, want that the application removed it; Explain says\n%s", got)
	}
	unuser := func(ctx context.Context) context.Context {
		return baggage.ContextWithBaggage(ctx, baggage.FromContext(ctx).DeleteMember("user"))
	}
	ruled := compile(t, propagation.Config{Destinations: []propagation.Destination{{Hosts: []string{"*"}, Baggage: []string{"user"}}}})
	if got := propagation.Explain(unuser(received(ruled, "Baggage", "user=bob,tenant=7")), "reviews").String(); !strings.Contains(got, "not sent: the rule for * does not allow it") {
		t.Errorf("for baggage that the application keeps, want that the rule does not allow it; Explain says\n%s", got)
	}
	for name, ctx := range map[string]context.Context{"bare": context.Background(), "of another": received(inner, "X-Request-Id", "r1")} {
		if got := ruled.Explain(baggage.ContextWithBaggage(ctx, bag), "reviews").String(); !strings.Contains(got, "the rule for * applies\n") || !strings.Contains(got, "not sent: the rule for *") {
			t.Errorf("for the application's baggage in a context that is %s, want that the rule does not allow it; Explain says\n%s", name, got)
		}
	}
	fallback := compile(t, propagation.Config{
		Formats:      []propagation.Format{propagation.Jaeger, propagation.B3Single},
		LocalSpan:    func(context.Context) (propagation.SpanContext, bool) { return otherSpan, true },
		Destinations: []propagation.Destination{{Hosts: []string{"*"}, Formats: []propagation.Format{}}},
	})
	for b3, want := range map[string]bool{callerB3: false, "": true} { // with ids in b3, Inject would write b3
		if got := propagation.Explain(received(fallback, "B3", b3, "Jaeger-Baggage", "a=b"), "reviews").String(); strings.Contains(got, "uber-trace-id") != want {
			t.Errorf("for a local span without an allowed format, with b3 %q, want uber-trace-id: %v; Explain says\n%s", b3, want, got)
		}
	}
	bin := inner.ExtractMetadata(context.Background(), map[string][]string{"grpc-trace-bin": {"\x00\x01"}})
	if got := propagation.Explain(bin, "reviews").String(); !strings.Contains(got, "sent, recoded for the transport") {
		t.Errorf("for a binary value, want that it is recoded; Explain says\n%s", got)
	}
	bare := received(compile(t, propagation.Config{Formats: []propagation.Format{propagation.B3Single, propagation.Datadog}}),
		"B3", "0", "X-Datadog-Trace-Id", "7", "X-Datadog-Parent-Id", "0", "X-Datadog-Origin", "synthetics")
	if x := propagation.Explain(bare, "reviews"); x.Winner != propagation.Datadog || !strings.Contains(x.String(), "is used: it is the first with a trace id") {
		t.Errorf("for a trace id without a span id, want that datadog is used; Explain says\n%v", x)
	}
	var none context.Context
	for name, ctx := range map[string]context.Context{"empty": context.Background(), "nil": none} {
		if x := propagation.Explain(ctx, "reviews"); !x.Internal || len(x.Headers) > 0 || !strings.Contains(x.String(), "nothing was captured") || !strings.Contains(x.String(), "rules are unknown") {
			t.Errorf("for the %s context, want an internal host, no headers and unknown rules; Explain says\n%v", name, x)
		}
	}
	restarted := inner.ExtractHTTPTrust(context.Background(), in, propagation.Restart)
	if x := propagation.Explain(restarted, "a\nb"); x.Trust != propagation.Restart || strings.Contains(x.String(), "a\nb") || !strings.Contains(x.String(), "not sent: the caller is not trusted (restart)") {
		t.Errorf("for an untrusted caller, want restart, no line feed of the host, and headers that are not sent; Explain says\n%v", x)
	}
}

// TestExplainByNil: the nil Propagator sends nothing. Its explanations say so for every context and host.
func TestExplainByNil(t *testing.T) {
	var none *propagation.Propagator
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user"}})
	came := received(p, "Traceparent", callerW3C, "Baggage", "user=bob", "X-Request-Id", "r1", "End-User", "bob")
	spanned, _ := startSpan(t, came)
	for name, ctx := range map[string]context.Context{
		"nil": nil, "nothing received": context.Background(), "received": came, "a local span": spanned, "baggage": setMember(t, came, "plan", "gold"),
		"withheld": p.ExtractHTTPTrust(context.Background(), carrier("Traceparent", callerW3C), propagation.Restart),
	} {
		for host, internal := range map[string]bool{"reviews": true, "https://evil.example/x": false, "": false, "::bad": false} {
			x := none.Explain(ctx, host)
			if x.Host != host || x.Internal != internal || x.Rule != "" {
				t.Errorf("%s, to %q: the explanation is %+v, want this host, no rule, and internal %v", name, host, x, internal)
			}
			for _, h := range x.Headers {
				if h.Fate.Sent() {
					t.Errorf("%s, to %q: for %s, Explain says %q, want a header that is not sent", name, host, h.Name, h.Fate)
				}
			}
			if x.String() == "" {
				t.Errorf("%s, to %q: the explanation prints as an empty text", name, host)
			}
		}
	}
	if x := none.Explain(came, "reviews"); len(x.Headers) != 4 || x.Remote.SpanID != callerContext.SpanID {
		t.Errorf("for the received headers, Explain returns %+v, want four headers and the caller's span", x)
	}
	expectCounts(t, p, map[string]uint64{"headers untrusted": 1}) // counted by Extract
}
