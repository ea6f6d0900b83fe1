package propagation_test

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// staleSpan is an old span of callerTrace, which a proxy did not replace.
const (
	staleSpan = "00000000000000aa"
	staleW3C  = "00-" + callerTrace + "-" + staleSpan + "-01"
)

// reconciling returns a Config with some formats and with Reconcile.
func reconciling(formats ...propagation.Format) propagation.Config {
	return propagation.Config{Formats: formats, Reconcile: true}
}

// TestReconcile: if received formats of one trace name different spans, all are sent with the span of the first format.
func TestReconcile(t *testing.T) {
	multi := func(span string) []string {
		return []string{"X-B3-Traceid", callerTrace, "X-B3-Spanid", span, "X-B3-Sampled", "1"}
	}
	join := func(lists ...[]string) (all []string) {
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	single := func(rest string) []string { return []string{"B3", callerTrace + "-" + rest} }
	w3c := func(value string) []string { return []string{"Traceparent", value, "Tracestate", "a=1"} }
	bin := []string{"Grpc-Trace-Bin", callerBin}
	b3, b3multi, tracecontext, grpcbin := propagation.B3Single, propagation.B3Multi, propagation.W3C, propagation.GRPCTraceBin
	for _, row := range []struct {
		name     string
		config   propagation.Config
		in, want []string
		counts   map[string]uint64
	}{
		{"Dapr: grpc-trace-bin is advanced, traceparent is not", reconciling(grpcbin, tracecontext),
			join(bin, w3c(staleW3C)), join(bin, w3c(callerW3C)), map[string]uint64{"tracecontext reconciled": 1}},
		{"two Envoys: x-b3-* are advanced, traceparent is not", reconciling(b3multi, tracecontext),
			join(multi(callerSpan), w3c(staleW3C)), join(multi(callerSpan), w3c(callerW3C)), map[string]uint64{"tracecontext reconciled": 1}},
		{"two Envoys: traceparent is advanced, x-b3-* are not", reconciling(tracecontext, b3multi),
			join(multi(staleSpan), w3c(callerW3C)), join(multi(callerSpan), w3c(callerW3C)), map[string]uint64{"b3multi reconciled": 1}},
		{"a b3 with an older span than x-b3-*", reconciling(b3, b3multi),
			join(single(staleSpan+"-1"), multi(callerSpan)), join(single(callerSpan+"-1"), multi(callerSpan)), map[string]uint64{"b3 stale": 1, "b3 reconciled": 1}},
		{"a b3 that names the child of the span in x-b3-*", reconciling(b3multi, b3),
			join(single(callerSpan+"-1-"+staleSpan), multi(staleSpan)),
			join(single(callerSpan+"-1-"+staleSpan), multi(callerSpan), []string{"X-B3-Parentspanid", staleSpan}), map[string]uint64{"b3multi reconciled": 1}},
		{"the decision of the first", reconciling(tracecontext, b3multi),
			join(w3c(strings.TrimSuffix(callerW3C, "1")+"0"), multi(staleSpan)),
			join(w3c(strings.TrimSuffix(callerW3C, "1")+"0"), multi(callerSpan)[:4], []string{"X-B3-Sampled", "0"}), map[string]uint64{"b3multi reconciled": 1}},
		{"the first is only read", propagation.Config{Formats: []propagation.Format{tracecontext}, ReadOnly: []propagation.Format{b3multi}, Reconcile: true},
			join(w3c(staleW3C), multi(callerSpan)), w3c(staleW3C), nil},
		{"the same span, in another spelling", reconciling(tracecontext, b3multi),
			join(w3c(callerW3C), []string{"X-B3-Traceid", strings.ToUpper(callerTrace), "X-B3-Spanid", strings.ToUpper(callerSpan)}),
			join(w3c(callerW3C), []string{"X-B3-Traceid", strings.ToUpper(callerTrace), "X-B3-Spanid", strings.ToUpper(callerSpan)}), nil},
		{"another trace", reconciling(tracecontext, b3multi),
			join(w3c(otherW3C), multi(callerSpan)), join(w3c(otherW3C), multi(callerSpan)), map[string]uint64{"b3multi conflict": 1}},
		{"a malformed format", reconciling(tracecontext, b3multi),
			join(w3c("garbage"), multi(callerSpan)), join(w3c("garbage"), multi(callerSpan)), map[string]uint64{"tracecontext malformed": 1}},
		{"a decision alone", reconciling(tracecontext, b3), join(w3c(callerW3C), []string{"B3", "1"}), join(w3c(callerW3C), []string{"B3", "1"}), nil},
		{"off", propagation.Config{Formats: []propagation.Format{grpcbin, tracecontext}}, join(bin, w3c(staleW3C)), join(bin, w3c(staleW3C)), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := compile(t, row.config)
			ctx := received(p, row.in...)
			expect(t, sent(p, ctx), carrier(row.want...))
			if row.counts == nil {
				row.counts = map[string]uint64{}
			}
			expectCounts(t, p, row.counts)
		})
	}
}

// writtenAlone returns the HTTP headers of one format with a span context, as a tracer writes them.
func writtenAlone(t *testing.T, f propagation.Format, sc propagation.SpanContext) http.Header {
	t.Helper()
	p := compile(t, propagation.Config{Formats: []propagation.Format{f}, LocalSpan: running(sc)})
	return sent(p, context.Background())
}

// encodes lists the formats that can be written.
func encodes(t *testing.T) (fs []propagation.Format) {
	t.Helper()
	for _, f := range propagation.AllFormats() {
		if len(writtenAlone(t, f, callerContext)) > 0 {
			fs = append(fs, f)
		}
	}
	if len(fs) < 10 {
		t.Fatalf("the formats that can be written are %v, want at least ten", fs)
	}
	return fs
}

// TestReconcileEveryPair: for any two formats with two spans of one trace, both are sent with the span of the first. The test
// checks HTTP, gRPC, and a clone of the header. Without Reconcile, both are sent as received.
func TestReconcileEveryPair(t *testing.T) {
	stale := callerContext
	stale.SpanID = [8]byte{7: 0xAA}
	formats := encodes(t)
	for _, first := range formats {
		for _, second := range formats {
			if first == second || first == propagation.B3Single && second == propagation.B3Multi {
				continue // x-b3-* have precedence over b3 in any order; TestReconcile tests this pair
			}
			in := writtenAlone(t, first, callerContext)
			maps.Copy(in, writtenAlone(t, second, stale))
			spanIn := func(carried map[string][]string, read func(*propagation.Propagator) context.Context) {
				t.Helper()
				for _, f := range []propagation.Format{first, second} {
					alone := compile(t, propagation.Config{Formats: []propagation.Format{f}})
					sc, ok := propagation.RemoteFromContext(read(alone))
					if !ok || sc.SpanID != callerContext.SpanID {
						t.Errorf("%v before %v: %v has the span %x, want %s, in\n%q\nreceived\n%q", first, second, f, sc.SpanID, callerSpan, carried, in)
					}
				}
			}
			p := compile(t, reconciling(first, second))
			ctx := p.ExtractHTTP(context.Background(), in)
			h := sent(p, ctx)
			spanIn(h, func(q *propagation.Propagator) context.Context { return q.ExtractHTTP(context.Background(), h) })
			md := sentMetadata(p, ctx)
			spanIn(md, func(q *propagation.Propagator) context.Context { return q.ExtractMetadata(context.Background(), md) })
			clone, _ := engine(p).CloneHTTP(ctx, nil)
			expect(t, clone, h)
			if n := p.Stats().Count(second, propagation.Reconciled); n != 3 {
				t.Errorf("%v before %v: the second is counted %d times in three calls, want 3", first, second, n)
			}
			if n := p.Stats().Count(first, propagation.Reconciled); n != 0 {
				t.Errorf("%v before %v: the first is counted %d times, want 0", first, second, n)
			}
			if second != propagation.B3Single || first != propagation.B3Multi { // for that pair, b3 is stale
				off := compile(t, propagation.Config{Formats: []propagation.Format{first, second}})
				expect(t, sent(off, off.ExtractHTTP(context.Background(), in)), in)
			}
		}
	}
}

// TestReconcileLeavesLocalSpans: a local span is written in each format, and nothing is counted.
func TestReconcileLeavesLocalSpans(t *testing.T) {
	c := reconciling(propagation.W3C, propagation.B3Single)
	c.LocalSpan = running(otherSpan)
	p := compile(t, c)
	got := sent(p, received(p, "Traceparent", callerW3C, "B3", callerTrace+"-"+staleSpan+"-1"))
	if got.Get("Traceparent") != otherW3C || !strings.HasPrefix(got.Get("B3"), otherTrace) {
		t.Errorf("sent %q, want the local span in both formats", got)
	}
	expectCounts(t, p, map[string]uint64{})
}

// TestReconcileExplained: Explain says which format is corrected, and which format has the correct span.
func TestReconcileExplained(t *testing.T) {
	p := compile(t, reconciling(propagation.GRPCTraceBin, propagation.W3C))
	ctx := p.ExtractMetadata(context.Background(), metadataOf("grpc-trace-bin", callerBinRaw, "traceparent", staleW3C))
	x := p.Explain(ctx, "reviews")
	for _, h := range x.Headers {
		if want := h.Name == "traceparent"; want != (h.Fate == propagation.FateReconciled) {
			t.Errorf("the fate of %s is %v, want reconciled: %v", h.Name, h.Fate, want)
		}
	}
	if want := "sent with the span of grpctracebin, because of Config.Reconcile"; !strings.Contains(x.String(), want) {
		t.Errorf("want %q in the explanation\n%s", want, x)
	}
}

// TestReconcileEdges: special cases of Reconcile: decisions without ids, ids of 64 bits, b3 beside x-b3-*, and lists.
func TestReconcileEdges(t *testing.T) {
	w3c, single, multi := propagation.W3C, propagation.B3Single, propagation.B3Multi
	b3multi := func(traceID, spanID string, more ...string) []string {
		return append([]string{"X-B3-Traceid", traceID, "X-B3-Spanid", spanID, "X-B3-Sampled", "1"}, more...)
	}
	b3, low := callerTrace+"-"+callerSpan, callerTrace[16:]
	for _, row := range []struct {
		name         string
		config       propagation.Config
		in           []string
		header, want string
	}{
		{"x-b3-* with only a decision give no ids to Emit", propagation.Config{Formats: []propagation.Format{single, multi}, Emit: []propagation.Format{w3c}, Deferred: propagation.Accepted},
			[]string{"B3", b3 + "-x", "X-B3-Sampled", "1"}, "Traceparent", callerW3C},
		{"a trace id of 64 bits comes first", reconciling(multi, w3c), b3multi(low, callerSpan, "Traceparent", staleW3C), "Traceparent", callerW3C},
		{"a b3 of the same span does not decide", reconciling(multi, single, w3c), b3multi(callerTrace, callerSpan, "B3", b3+"-0", "Traceparent", staleW3C), "Traceparent", callerW3C},
		{"a b3 that is right beside stale x-b3-*", reconciling(w3c, single, multi), b3multi(callerTrace, staleSpan, "B3", b3+"-1", "Traceparent", callerW3C), "B3", b3 + "-1"},
	} {
		p := compile(t, row.config)
		if got := sent(p, received(p, row.in...)).Get(row.header); got != row.want {
			t.Errorf("%s: sent %q, want %q", row.name, got, row.want)
		}
	}

	p := compile(t, reconciling(multi, w3c)) // a tracestate with a malformed member
	in := b3multi(callerTrace, callerSpan, "Traceparent", staleW3C, "Tracestate", "a=1", "Tracestate", "b=\xff")
	if got := sent(p, received(p, in...))["Tracestate"]; len(got) != 2 || got[0] != "a=1" || got[1] != "b=\xff" {
		t.Errorf("tracestate is sent as %q, want both received lines", got)
	}
	if got := sentMetadata(p, received(p, in...))["tracestate"]; len(got) != 1 || got[0] != "a=1" {
		t.Errorf("over gRPC, tracestate is sent as %q, want only the valid line", got)
	}

	p = compile(t, reconciling(w3c, single, multi)) // b3 is stale beside x-b3-* of another trace
	sent(p, received(p, b3multi(otherTrace, staleSpan, "B3", callerTrace+"-"+staleSpan+"-1", "Traceparent", callerW3C)...))
	expectCounts(t, p, map[string]uint64{"b3 stale": 1, "b3multi conflict": 1})
}

// TestReconcileKeepsDestinations: a corrected tracestate has no content of a format that the host may not get.
func TestReconcileKeepsDestinations(t *testing.T) {
	c := reconciling(propagation.B3Multi, propagation.W3C, propagation.Datadog)
	c.Destinations = []propagation.Destination{{Hosts: []string{"*.example.com"}, Formats: []propagation.Format{propagation.W3C}}}
	p := compile(t, c)
	ctx := received(p, "X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "1", "Traceparent", staleW3C, "Tracestate", "a=1",
		"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", "170", "X-Datadog-Origin", "secret")
	h := http.Header{}
	p.InjectHTTPTo(ctx, &url.URL{Scheme: "https", Host: "a.example.com"}, h)
	expect(t, h, carrier("Traceparent", callerW3C, "Tracestate", "a=1"))
}

// TestInjectHTTPToSigned: InjectHTTPTo writes nothing to a signed request to an external host, like httptrace.Transport.
func TestInjectHTTPToSigned(t *testing.T) {
	p := compile(t, propagation.Config{})
	ctx := received(p, "Traceparent", callerW3C)
	external := &url.URL{Scheme: "https", Host: "bucket.example.com", RawQuery: "X-Amz-Signature=1"}
	h := http.Header{}
	p.InjectHTTPTo(ctx, external, h)
	expect(t, h, http.Header{})
	external.RawQuery = ""
	p.InjectHTTPTo(ctx, external, h)
	expect(t, h, carrier("Traceparent", callerW3C))
}
