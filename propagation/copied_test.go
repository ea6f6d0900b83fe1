package propagation_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
)

// TestCopiedBlankLines: CloneHTTP and CloneMetadata recognize lines of an untrusted caller that a reverse proxy has
// copied, also among blank lines. Lines that are set by hand stay.
func TestCopiedBlankLines(t *testing.T) {
	p := compile(t, distrusting())
	for _, name := range []string{"Baggage", "Uberctx-User", "X-Request-Id", "Sw8", "X-Tenant", "Correlation-Context"} {
		for _, lines := range [][]string{{"k=v"}, {"k=v", ""}, {"", "k=v"}, {" ", "k=v", "\t", "k=w"}} {
			in := http.Header{name: lines}
			for way, ctx := range map[string]context.Context{
				"restarted": p.ExtractHTTPTrust(context.Background(), in, propagation.Restart),
				"demoted":   propagation.Demote(p.ExtractHTTP(context.Background(), in)),
			} {
				if out, _ := engine(p).CloneHTTP(ctx, in); len(out) > 0 {
					t.Errorf("%s: of %q leaves %q", way, in, out)
				}
				if out, _ := engine(p).CloneMetadata(ctx, nil, overMetadata(in)); len(out) > 0 {
					t.Errorf("%s: of %q leaves %q by gRPC", way, in, out)
				}
				mine := http.Header{name: {"mine=1"}}
				out, _ := engine(p).CloneHTTP(ctx, mine)
				expect(t, out, mine)
			}
		}
	}
}

// TestStripPrefixAlone: a prefix without a key is baggage with an empty one for some readers.
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
		headerdiff.Check(t, left, h, "%v leaves", trust)
	}
}

// TestStripOthersHeaders: StripHTTP also removes an untrusted caller's headers that only Config.Headers of an outer
// Propagator has.
func TestStripOthersHeaders(t *testing.T) {
	outer := compile(t, propagation.Config{Headers: []string{"x-user"}, UnsafeHeaders: []string{"authorization"}})
	inner := compile(t, propagation.Config{Headers: []string{"x-tenant"}})
	in := carrier("X-User", "u", "Authorization", "a", "X-Tenant", "t", "Accept", "*/*")
	h := in.Clone()
	engine(inner).StripHTTP(inner.ExtractHTTPTrust(outer.ExtractHTTPTrust(context.Background(), in, propagation.Restart), in, propagation.Restart), h)
	expect(t, h, carrier("Accept", "*/*"))

	h = in.Clone() // they are trusted
	trust := propagation.Restart &^ propagation.DistrustHeaders
	engine(inner).StripHTTP(inner.ExtractHTTPTrust(outer.ExtractHTTPTrust(context.Background(), in, trust), in, trust), h)
	expect(t, h, but(in, "X-Tenant"))
}

// TestRequestIDOverLines: who joins the lines of a request id finds no reason to trace in what they make together.
func TestRequestIDOverLines(t *testing.T) {
	p := compile(t, propagation.Config{})
	for _, lines := range [][]string{
		{"5f2f7d9c-7b1a", "9d5e-8f57-callersownid"}, // 36 characters, and Envoy's reason at the 14th
		{"5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
		{"5f2f7d9c-7b1a-4d5e-8f57-1f8f0a2b3c4d", "5f2f7d9c-7b1a-9d5e-8f57-1f8f0a2b3c4d"},
	} {
		ctx := p.ExtractHTTPTrust(context.Background(), http.Header{"X-Request-Id": lines}, propagation.DistrustSampling)
		for _, left := range [][]string{sent(p, ctx)["X-Request-Id"], sentMetadata(p, ctx)["x-request-id"]} {
			if len(left) != 1 || len(left[0]) != len(lines[0]) || propagation.TraceReasonOf(left[0]) != propagation.NotTraced {
				t.Errorf("%q leaves as %q", lines, left)
			}
		}
	}
}
