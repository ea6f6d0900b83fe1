package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
)

// TestCopiedBlankLines: CloneHTTP and CloneMetadata remove an untrusted caller's lines that a reverse proxy has copied, also
// among blank lines. They keep the application's own lines.
func TestCopiedBlankLines(t *testing.T) {
	p := compile(t, carryTestHeaders())
	for _, name := range []string{"Baggage", "Uberctx-User", "X-Request-Id", "Sw8", "X-Tenant", "Correlation-Context"} {
		for _, lines := range [][]string{{"k=v"}, {"k=v", ""}, {"", "k=v"}, {" ", "k=v", "\t", "k=w"}} {
			in := http.Header{name: lines}
			for way, ctx := range map[string]context.Context{
				"restarted": p.ExtractHTTPTrust(context.Background(), in, propagation.Restart),
				"demoted":   propagation.Demote(p.ExtractHTTP(context.Background(), in)),
			} {
				if out, _ := engine(p).CloneHTTP(ctx, in); len(out) > 0 {
					t.Errorf("%s: for the copied %q, CloneHTTP sends %q, want nothing", way, in, out)
				}
				if out, _ := engine(p).CloneMetadata(ctx, nil, overMetadata(in)); len(out) > 0 {
					t.Errorf("%s: for the copied %q, CloneMetadata sends %q, want nothing", way, in, out)
				}
				mine := http.Header{name: {"mine=1"}}
				out, _ := engine(p).CloneHTTP(ctx, mine)
				expect(t, out, mine)
			}
		}
	}
}

// TestStripPrefixAlone: StripHTTP removes a name that is a prefix without a key, because some readers take it for baggage
// with an empty key.
func TestStripPrefixAlone(t *testing.T) {
	p := compile(t, propagation.Config{})
	copied := func() http.Header {
		return carrier("Uberctx-", "v", "Ot-Baggage-", "v", "L5d-Ctx-", "v", "Uberct", "v")
	}
	for trust, left := range map[propagation.Trust]http.Header{
		propagation.Continue:          copied(),
		propagation.DistrustBaggage:   carrier("L5d-Ctx-", "v", "Uberct", "v"),
		propagation.DistrustIDs:       carrier("Uberctx-", "v", "Ot-Baggage-", "v", "Uberct", "v"),
		propagation.DistrustRequestID: copied(),
		propagation.Restart:           carrier("Uberct", "v"),
		propagation.Ignore:            carrier("Uberct", "v"),
	} {
		h := copied()
		engine(p).StripHTTP(p.ExtractHTTPTrust(context.Background(), h, trust), h)
		headerdiff.Check(t, left, h, "%v: what StripHTTP keeps", trust)
	}
}

// TestStripOthersHeaders: StripHTTP also removes an untrusted caller's headers that only the outer Propagator lists in
// Config.Headers.
func TestStripOthersHeaders(t *testing.T) {
	outer := compile(t, propagation.Config{Headers: []string{"x-user"}, UnsafeHeaders: []string{"authorization"}})
	inner := compile(t, propagation.Config{Headers: []string{"x-tenant"}})
	in := carrier("X-User", "u", "Authorization", "a", "X-Tenant", "t", "Accept", "*/*")
	h := in.Clone()
	engine(inner).StripHTTP(inner.ExtractHTTPTrust(outer.ExtractHTTPTrust(context.Background(), in, propagation.Restart), in, propagation.Restart), h)
	expect(t, h, carrier("Accept", "*/*"))

	h = in.Clone() // now Config.Headers are trusted
	trust := propagation.Restart &^ propagation.DistrustHeaders
	engine(inner).StripHTTP(inner.ExtractHTTPTrust(outer.ExtractHTTPTrust(context.Background(), in, trust), in, trust), h)
	expect(t, h, without(in, "X-Tenant"))
}

// TestRequestIDSeveralLines: with DistrustSampling, only the first line of x-request-id is sent. A receiver that joins several
// lines could otherwise find Envoy's trace reason in them.
func TestRequestIDSeveralLines(t *testing.T) {
	p := compile(t, propagation.Config{})
	for _, lines := range [][]string{
		{"5f2f7d9c-7b1a", "9d5e-8f57-callersownid"}, // 36 characters, and Envoy's reason at the 14th
		{"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
		{"5f2f7d9c-7b1a-4d5e-8f57-1f8f0a2b3c4d", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
	} {
		ctx := p.ExtractHTTPTrust(context.Background(), http.Header{"X-Request-Id": lines}, propagation.DistrustSampling)
		for _, left := range [][]string{sent(p, ctx)["X-Request-Id"], sentMetadata(p, ctx)["x-request-id"]} {
			if len(left) != 1 || len(left[0]) != len(lines[0]) || propagation.TraceReasonOf(left[0]) != propagation.NotTraced {
				t.Errorf("%q is sent as %q, want one line without a trace reason", lines, left)
			}
		}
	}
}
