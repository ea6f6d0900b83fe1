package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// httpWriters are the functions that write headers to an HTTP request.
var httpWriters = map[string]func(*testing.T, *propagation.Propagator, context.Context) http.Header{
	"InjectHTTP": func(_ *testing.T, p *propagation.Propagator, ctx context.Context) http.Header { return sent(p, ctx) },
	"Inject": func(_ *testing.T, p *propagation.Propagator, ctx context.Context) http.Header {
		h := http.Header{}
		p.Inject(ctx, otelprop.HeaderCarrier(h))
		return h
	},
	"CloneHTTP": func(_ *testing.T, p *propagation.Propagator, ctx context.Context) http.Header {
		h, _ := engine(p).CloneHTTP(ctx, http.Header{})
		return h
	},
	"CloneRequest": func(t *testing.T, p *propagation.Propagator, ctx context.Context) http.Header {
		return sentTo(t, p, ctx, "http://reviews:9080/")
	},
	"InjectHTTP over an old header": func(_ *testing.T, p *propagation.Propagator, ctx context.Context) http.Header {
		h := carrier("Traceparent", "staleé")
		p.InjectHTTP(ctx, h)
		return h
	},
}

// TestASCIIOnly: without ASCIIOnly, HTTP requests carry values that are not printable ASCII. With ASCIIOnly, such a value
// is left out and counted.
func TestASCIIOnly(t *testing.T) {
	good := []string{"B3", callerB3, "X-Request-Id", "r1", "End-User", "bob"}
	for _, row := range []struct {
		format      propagation.Format
		name, value string
	}{
		{propagation.W3C, "Traceparent", "00-é"}, {propagation.W3C, "Tracestate", "a=é"}, {propagation.Baggage, "Baggage", "user=jos\u00e9"},
		{propagation.Baggage, "Baggage", "user=\xff"}, {propagation.Jaeger, "Uberctx-User", "josé"}, {propagation.OTTrace, "Ot-Baggage-User", "\x80"},
		{propagation.RequestID, "X-Request-Id", "ünïcode"}, {propagation.SkyWalking, "Sw8", "1-é"}, {propagation.CloudTrace, "X-Cloud-Trace-Context", "é"},
		{propagation.Datadog, "X-Datadog-Origin", "é"}, {propagation.XRay, "X-Amzn-Trace-Id", "Self=é"}, {propagation.AzureRequestID, "Correlation-Context", "a=é"},
		{propagation.Linkerd1, "L5d-Ctx-Trace", "é"}, {propagation.ClientTrace, "X-Client-Trace-Id", "a\tb"}, {0, "End-User", "ユーザー"},
	} {
		for writer, inject := range httpWriters {
			for _, only := range []bool{false, true} {
				p := compile(t, propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user"}, ASCIIOnly: only})
				in := carrier(good...)
				in.Set(row.name, row.value)
				want := in.Clone()
				if only {
					want.Del(row.name)
				}
				expect(t, inject(t, p, p.ExtractHTTP(context.Background(), in)), want)
				if n := p.Stats().Count(row.format, propagation.Unsendable); only != (n == 1) || !only && n != 0 {
					t.Errorf("%s, %s, ASCIIOnly %v: counted %d times, want once if ASCIIOnly is true, else never", writer, row.name, only, n)
				}
			}
		}
	}
}

// TestASCIIOnlyByHand: ASCIIOnly applies to a line that the application copies from the request by hand. It does not apply
// to a line of the application's own.
func TestASCIIOnlyByHand(t *testing.T) {
	p := compile(t, propagation.Config{ASCIIOnly: true, Headers: []string{"end-user"}})
	in := carrier("Baggage", "a=é", "End-User", "josé", "X-Request-Id", "ü", "B3", callerB3)
	out, _ := engine(p).CloneHTTP(p.ExtractHTTP(context.Background(), in), in)
	expect(t, out, carrier("B3", callerB3))
	out, _ = engine(p).CloneHTTP(p.ExtractHTTP(context.Background(), in), carrier("End-User", "ænna"))
	expect(t, out, carrier("B3", callerB3, "End-User", "ænna"))
}

// TestASCIIOnlyLines: if a header has several lines, only the lines that are not printable ASCII are left out.
func TestASCIIOnlyLines(t *testing.T) {
	p := compile(t, propagation.Config{ASCIIOnly: true, Headers: []string{"end-user"}})
	ctx := received(p, "Baggage", "a=1", "Baggage", "b=é", "Baggage", "c=3", "End-User", "bob", "End-User", "josé", "B3", callerB3)
	expect(t, sent(p, ctx), carrier("Baggage", "a=1", "Baggage", "c=3", "End-User", "bob", "B3", callerB3))
}

// TestASCIIOnlyOfBaggage: ASCIIOnly applies to baggage that the application sets, too.
func TestASCIIOnlyOfBaggage(t *testing.T) {
	for _, only := range []bool{false, true} {
		p := compile(t, propagation.Config{ASCIIOnly: only})
		for name, ctx := range map[string]context.Context{
			"added to received baggage": setMember(t, received(p, "Baggage", "a=1", "Baggage", "raw=é"), "b", "2"),
			"alone":                     baggage.ContextWithBaggage(context.Background(), withProperty(t)),
		} {
			out := sent(p, ctx)
			for _, line := range out["Baggage"] {
				if only && !printable(line) {
					t.Errorf("%s: sent %q, want printable ASCII only", name, out)
				}
			}
			for _, line := range sentMetadata(p, ctx)["baggage"] {
				if !printable(line) {
					t.Errorf("%s, over gRPC: sent %q, want printable ASCII only", name, line)
				}
			}
		}
	}
}

// withProperty returns baggage with non-ASCII text in a value and in a property, which OpenTelemetry accepts.
func withProperty(t *testing.T) baggage.Baggage {
	property, err := baggage.NewKeyValuePropertyRaw("ключ", "é")
	if err != nil {
		t.Fatal(err)
	}
	member, err := baggage.NewMemberRaw("user", "josé", property)
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	return bag
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7E {
			return false
		}
	}
	return true
}

// TestASCIIOnlyCosts: ASCIIOnly adds no allocation to an ordinary request.
func TestASCIIOnlyCosts(t *testing.T) {
	p := compile(t, propagation.Config{ASCIIOnly: true, DropMalformed: true})
	ctx := received(p, "Traceparent", callerW3C, "X-Request-Id", "r1")
	out := http.Header{}
	p.InjectHTTP(ctx, out)
	if n := testing.AllocsPerRun(100, func() { p.InjectHTTP(ctx, out) }); n > 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
