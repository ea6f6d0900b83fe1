package plan_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/grpctrace"
	"github.com/traceferry/traceferry/httptrace"
	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/internal/plan"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
)

// callee is the destination of a gRPC call.
type callee string

func (c callee) Host() (string, uint16) { return string(c), 0 }

// TestDifferentialExplain: over every transport, a call sends the lines of its entries. For HTTP, Explain gives the
// same result and counts nothing. The call counts every fate that must be counted.
func TestDifferentialExplain(t *testing.T) {
	conns := map[string]*grpc.ClientConn{}
	for _, host := range hosts {
		conn, err := grpc.NewClient("passthrough:///"+host, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[host] = conn
	}
	differential(t, func(t *testing.T, w *world) {
		p := w.propagator("", nil)
		e := (*plan.Engine)(p)
		ctx := w.receive(asShipped(p))
		to := plan.ToURL(w.target)

		before := p.Stats()
		x := p.Explain(ctx, w.target.String())
		checkStats(t, "Explain counts", before, p.Stats())
		entries := e.Entries(ctx, to, plan.OverHTTP, false)
		want := sentBy(t, entries)
		checkExplanation(t, x, entries)

		h := http.Header{}
		p.InjectHTTPTo(ctx, w.target, h)
		compare(t, want, h, "InjectHTTPTo")
		checkCounts(t, entries, before, p.Stats())
		compare(t, want, w.roundTrip(ctx, p), "httptrace.Transport")
		h = http.Header{}
		p.InjectHTTP(ctx, h)
		compare(t, sentBy(t, e.Entries(ctx, nil, plan.OverHTTP, false)), h, "InjectHTTP")

		host := callee(w.target.Host)
		want = sentBy(t, e.Entries(ctx, host, plan.OverGRPC, false))
		md, _ := e.CloneMetadata(ctx, host, nil)
		compare(t, want, md, "CloneMetadata")
		for _, call := range []string{"first", "second"} { // the two calls may share metadata
			compare(t, want, outgoing(ctx, p, conns[w.target.Host]), "the %s gRPC call", call)
		}
		md = map[string][]string{}
		p.InjectMetadata(ctx, md)
		compare(t, sentBy(t, e.Entries(ctx, nil, plan.OverGRPC, false)), md, "InjectMetadata")

		text := otelprop.MapCarrier{}
		p.Inject(ctx, text)
		compare(t, sentBy(t, e.Entries(ctx, nil, plan.OverText, false)), headerdiff.Single(text), "Inject")
	})
}

// compare compares headers. The order of OpenTelemetry's baggage is random.
func compare(t *testing.T, want, got map[string][]string, what string, args ...any) {
	t.Helper()
	for name := range got {
		if _, wanted := want[name]; !wanted && strings.EqualFold(name, "x-others-format") { // Explain does not show this header
			got = maps.Clone(got)
			delete(got, name)
		}
	}
	if !maps.EqualFunc(want, got, slices.Equal) {
		headerdiff.Check(t, sortedBaggage(want), sortedBaggage(got), what, args...)
	}
}

func sortedBaggage(h map[string][]string) map[string][]string {
	sorted := maps.Clone(h)
	for name, lines := range h {
		if lower := strings.ToLower(name); lower == "baggage" || lower == "jaeger-baggage" {
			var all []string
			for _, line := range lines {
				members := strings.Split(line, ",")
				slices.Sort(members)
				all = append(all, strings.Join(members, ","))
			}
			sorted[name] = all
		}
	}
	return sorted
}

// sentBy returns the lines that the entries send. Their fates must agree with their lines. Equal lines become one for a
// carrier with one line for each name.
func sentBy(t *testing.T, entries []plan.Header) map[string][]string {
	t.Helper()
	sent := map[string][]string{}
	for _, e := range entries {
		if e.Fate.Sent() != (len(e.Sent) > 0) {
			t.Errorf("%s has the fate %v, which contradicts its sent lines %q", e.Name, e.Fate, e.Sent)
		}
		if unchanged := e.Fate == plan.Sent || e.Fate == plan.Renamed || e.Fate == plan.Generated || e.Fate == plan.Reported && !e.Field.Bin; unchanged && strings.Join(e.Sent, ",") != strings.Join(e.Received, ",") &&
			!(len(e.Sent) == 1 && len(slices.Compact(slices.Clone(e.Received))) == 1) {
			t.Errorf("%s has the fate %v: received %q and sent %q, want the same lines", e.Name, e.Fate, e.Received, e.Sent)
		}
		if len(e.Sent) == 0 {
			continue
		}
		if sent[e.Name] != nil {
			t.Errorf("two entries send %s: %q and %q", e.Name, sent[e.Name], e.Sent)
		}
		sent[e.Name] = e.Sent
	}
	return sent
}

// checkExplanation compares the text for users with the entries of the plan.
func checkExplanation(t *testing.T, x propagation.Explanation, entries []plan.Header) {
	t.Helper()
	at := 0
	for _, told := range x.Headers {
		if told.Fate == propagation.FateUntrusted {
			continue
		}
		if at == len(entries) {
			t.Errorf("Explain has %s with the fate %v, and no entry is left for it", told.Name, told.Fate)
			return
		}
		e := entries[at]
		at++
		var quoted []string
		size := 0
		for _, line := range e.Sent {
			quoted, size = append(quoted, strconv.QuoteToASCII(line)), size+len(line)
		}
		shown := strings.Join(quoted, ", ")
		if strings.HasPrefix(told.Sent, "(size ") {
			shown = fmt.Sprintf("(size %d)", size)
		}
		name := told.Name
		if told.SentAs != "" {
			name = told.SentAs
		}
		if name != strings.ToLower(e.Name) || plan.Fate(told.Fate) != e.Fate || told.Sent != shown {
			t.Errorf("Explain says that %s is %v: %s. The plan says that %s is %v: %s", told.Name, told.Fate, told.Sent, e.Name, e.Fate, shown)
		}
	}
	if at < len(entries) {
		t.Errorf("Explain does not have %s, want all entries", entries[at].Name)
	}
}

// countedFates are the fates that a call counts once for each format.
var countedFates = map[plan.Fate]propagation.Outcome{
	plan.Disallowed: propagation.Disallowed, plan.NotSampled: propagation.Disallowed, plan.PartlyDisallowed: propagation.Disallowed, plan.Reported: propagation.Disallowed,
	plan.Unsendable: propagation.Unsendable, plan.PartlyUnsendable: propagation.Unsendable, plan.OverBudget: propagation.TooLarge, plan.Reconciled: propagation.Reconciled,
}

// checkCounts compares the counts of one call with the fates of its headers.
func checkCounts(t *testing.T, entries []plan.Header, before, after propagation.Stats) {
	t.Helper()
	for _, e := range entries {
		o, counts := countedFates[e.Fate]
		f := propagation.Format(e.Field.Format.Base())
		n := after.Count(f, o) - before.Count(f, o)
		if counts && (n == 0 || n > 1 && o != propagation.Unsendable) {
			t.Errorf("%s has the fate %v, but %v of %v is counted %d times, want once", e.Name, e.Fate, o, f, n)
		}
	}
	for _, o := range []propagation.Outcome{propagation.Disallowed, propagation.Unsendable, propagation.TooLarge, propagation.Reconciled} {
		for _, f := range append(propagation.AllFormats(), 0) {
			if n := after.Count(f, o) - before.Count(f, o); n > 0 && !slices.ContainsFunc(entries, func(e plan.Header) bool { return propagation.Format(e.Field.Format.Base()) == f }) {
				t.Errorf("%v of %v is counted %d times, but no header has that format", o, f, n)
			}
		}
	}
}

// checkStats compares counts, except for malformed baggage. That is counted only when OpenTelemetry's baggage is read.
func checkStats(t *testing.T, what string, want, got propagation.Stats) {
	t.Helper()
	counts := func(s propagation.Stats) map[propagation.StatsKey]uint64 {
		all := maps.Collect(s.All())
		for _, f := range []propagation.Format{propagation.Baggage, propagation.Jaeger, propagation.OTTrace} {
			delete(all, propagation.StatsKey{Format: f, Outcome: propagation.Malformed})
		}
		return all
	}
	if w, g := counts(want), counts(got); !maps.Equal(w, g) {
		t.Errorf("%s: %v, want %v", what, g, w)
	}
}

type roundTripper func(*http.Request)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// roundTrip returns what httptrace.Transport sends to the target.
func (w *world) roundTrip(ctx context.Context, p *propagation.Propagator) (sent http.Header) {
	r := (&http.Request{Method: http.MethodGet, URL: w.target, Header: http.Header{}}).WithContext(ctx)
	httptrace.NewTransport(p, roundTripper(func(r *http.Request) { sent = r.Header })).RoundTrip(r)
	return sent
}

// outgoing returns the metadata that grpctrace's interceptor sends on a connection.
func outgoing(ctx context.Context, p *propagation.Propagator, conn *grpc.ClientConn) (sent map[string][]string) {
	invoke := func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
		md, _ := metadata.FromOutgoingContext(ctx)
		sent = md
		return nil
	}
	grpctrace.UnaryClientInterceptor(p)(ctx, "/service/Method", nil, nil, conn, invoke)
	return sent
}
