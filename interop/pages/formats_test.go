package pages

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc/metadata"
)

// TestNamesOfYourOwn: an alias can name the parent. Headers can have another name on calls, or a default.
func TestNamesOfYourOwn(t *testing.T) {
	config := propagation.Config{}
	config.Aliases = []propagation.FormatAlias{{Format: propagation.W3C, Name: "original-traceparent"}}
	config.HeaderAliases = []propagation.HeaderAlias{
		{Received: "x-tenant", Sent: "x-acme-tenant"},
		{Received: "x-region", Default: "eu"},
	}

	p := propagation.MustNew(config)
	in := http.Header{}
	in.Set("Original-Traceparent", traceparent)
	in.Set("Traceparent", "00-"+traceID+"-00000000000000ff-00")
	in.Set("X-Tenant", "7")
	ctx := p.ExtractHTTP(context.Background(), in)
	if remote, _ := propagation.RemoteFromContext(ctx); remote.SpanID.String() != spanID {
		t.Errorf("the remote span is %v, want the span of the alias", remote.SpanID)
	}
	out := http.Header{}
	p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "reviews"}, out)
	for name, want := range map[string]string{"Original-Traceparent": traceparent, "Traceparent": in.Get("Traceparent"), "X-Acme-Tenant": "7", "X-Region": "eu", "X-Tenant": ""} {
		if got := out.Get(name); got != want {
			t.Errorf("%s: %q is sent, want %q", name, got, want)
		}
	}
}

// TestAliasTable checks the page's table of the headers that are sent under W3C's own name and under its alias.
func TestAliasTable(t *testing.T) {
	rewritten := "00-" + traceID + "-00000000000000ff-00"
	local := "00-" + traceID + "-00000000000000aa-01"
	const own, alias = "Traceparent", "Original-Traceparent"
	for _, test := range []struct {
		received map[string]string
		want     [4][2]string // own name and alias: received, with Emit, with a local span, with both
	}{
		{map[string]string{own: traceparent}, [4][2]string{{traceparent, ""}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{alias: traceparent}, [4][2]string{{"", traceparent}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{own: rewritten, alias: traceparent}, [4][2]string{{rewritten, traceparent}, {rewritten, traceparent}, {local, local}, {local, local}}},
		{map[string]string{own: "x", alias: traceparent}, [4][2]string{{"x", traceparent}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{own: traceparent, alias: "x"}, [4][2]string{{traceparent, "x"}, {traceparent, traceparent}, {local, local}, {local, local}}},
		{map[string]string{"B3": b3}, [4][2]string{{"", ""}, {traceparent, traceparent}, {"", ""}, {local, local}}},
		{nil, [4][2]string{{"", ""}, {"", ""}, {local, local}, {local, local}}},
	} {
		for i, want := range test.want {
			config := propagation.Config{Aliases: []propagation.FormatAlias{{Format: propagation.W3C, Name: alias}}}
			if i%2 == 1 {
				config.Emit = []propagation.Format{propagation.W3C}
			}
			if i >= 2 {
				config.LocalSpan = func(context.Context) (propagation.SpanContext, bool) {
					trusted := propagation.MustNew(propagation.Config{}).ExtractHTTP(context.Background(), http.Header{own: {local}})
					return propagation.RemoteFromContext(trusted)
				}
			}
			p, in, out := propagation.MustNew(config), http.Header{}, http.Header{}
			for name, value := range test.received {
				in.Set(name, value)
			}
			p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
			if got := [2]string{out.Get(own), out.Get(alias)}; got != want {
				t.Errorf("received %v, Emit %v, local span %v: sent %q, want %q", test.received, i%2 == 1, i >= 2, got, want)
			}
		}
	}
}

// TestNotSentAsReceived checks the page's table of headers that are dropped, and the outcomes that count them.
func TestNotSentAsReceived(t *testing.T) {
	multi := http.Header{"X-B3-Traceid": {traceID}, "X-B3-Spanid": {spanID}, "X-B3-Sampled": {"1"}}
	with := func(name, value string) http.Header {
		h := multi.Clone()
		h[name] = []string{value}
		return h
	}
	overHTTP := func(p *propagation.Propagator, ctx context.Context) http.Header {
		out := http.Header{}
		p.InjectHTTPTo(ctx, &url.URL{Scheme: "http", Host: "reviews"}, out)
		return out
	}
	overGRPC := func(p *propagation.Propagator, ctx context.Context) http.Header {
		md := metadata.MD{}
		p.InjectMetadata(ctx, md)
		return http.Header(md)
	}
	overText := func(p *propagation.Propagator, ctx context.Context) http.Header {
		m, out := otelprop.MapCarrier{}, http.Header{}
		p.Inject(ctx, m)
		for name, value := range m {
			out.Set(name, value)
		}
		return out
	}
	b3Only := []propagation.Format{propagation.B3Single, propagation.B3Multi}
	for name, test := range map[string]struct {
		config propagation.Config
		in     http.Header
		send   func(*propagation.Propagator, context.Context) http.Header
		left   string // the header that is dropped
		counts string // the text of Stats about it
	}{
		"older b3":        {propagation.Config{Formats: b3Only}, with("B3", traceID+"-00000000000000ff-1"), overHTTP, "B3", "b3 stale: 1"},
		"malformed b3":    {propagation.Config{Formats: b3Only}, with("B3", "x"), overHTTP, "B3", "b3 malformed: 1, b3 stale: 1"},
		"empty":           {propagation.Config{}, with("Baggage", ""), overHTTP, "Baggage", ""},
		"limits":          {propagation.Config{Limits: propagation.Limits{HeaderBytes: 64}}, with("Baggage", "a="+strings.Repeat("b", 64)), overHTTP, "Baggage", "baggage too large: 1"},
		"Connection":      {propagation.Config{}, with("Connection", "x-b3-spanid"), overHTTP, "X-B3-Traceid", "b3multi unsendable: 1"},
		"gRPC":            {propagation.Config{}, with("Baggage", "a=é"), overGRPC, "baggage", "baggage unsendable: 1"},
		"control":         {propagation.Config{}, with("Baggage", "a=\x01"), overHTTP, "Baggage", "baggage unsendable: 1"},
		"text carrier":    {propagation.Config{}, with("Grpc-Trace-Bin", "AABGOsNcn2QTrUhIWjlTu2EkAaL7Sh0altMSAgE="), overText, "Grpc-Trace-Bin", "grpctracebin unsendable: 1"},
		"-bin of pattern": {propagation.Config{Headers: []string{"x-c-*"}}, with("X-C-Bin", "AAA="), overGRPC, "x-c-bin", "headers unsendable: 1"},
		"read only":       {propagation.Config{Formats: []propagation.Format{propagation.W3C}, ReadOnly: b3Only}, multi, overHTTP, "X-B3-Traceid", ""},
		"DropMalformed":   {propagation.Config{DropMalformed: true}, http.Header{"Traceparent": {"x"}}, overHTTP, "Traceparent", "tracecontext malformed: 1"},
		"ASCIIOnly":       {propagation.Config{ASCIIOnly: true}, with("Baggage", "a=é"), overHTTP, "Baggage", "baggage unsendable: 1"},
	} {
		p := propagation.MustNew(test.config)
		out := test.send(p, p.ExtractHTTP(context.Background(), test.in))
		if _, sent := out[test.left]; sent {
			t.Errorf("%s: the call has %v, want the header dropped", name, out)
		}
		if got := p.Stats().String(); !strings.HasSuffix(got, test.counts) || test.counts == "" && strings.Contains(got, "unsendable") {
			t.Errorf("%s: counted %q, want %q", name, got, test.counts)
		}
	}
}
