package propagation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/baggage"
)

// groups are the lines of a request. Over the limit of metadata, the last group is left out first.
var groups = [][]string{
	{"b3", callerB3},
	{"traceparent", callerW3C, "tracestate", "a=1", "tracestate", "b=2"},
	{"x-request-id", "r1", "sw8", "opaque"},
	{"x-tenant", "acme", "end-user", "jason"},
	{"uberctx-a", "1", "ot-baggage-k", "2"},
	{"baggage", "k=v"},
}

// allowing returns a Propagator that carries these lines and has a limit for metadata.
func allowing(t *testing.T, bytes int) *propagation.Propagator {
	return compile(t, propagation.Config{
		Formats: []propagation.Format{propagation.B3Single, propagation.Baggage, propagation.W3C, propagation.RequestID,
			propagation.Jaeger, propagation.OTTrace, propagation.SkyWalking},
		Headers: []string{"x-tenant", "end-user"},
		Limits:  propagation.Limits{MetadataBytes: bytes},
	})
}

// metadataSize returns the size of lines as HTTP/2 counts it: for each line, its name, its value and 32 bytes.
func metadataSize(pairs []string) (n int) {
	return len(strings.Join(pairs, "")) + 32*len(pairs)/2
}

// TestMetadataBytes: over the limit, InjectMetadata leaves out baggage first, then names under prefixes, then
// Config.Headers, then formats that name no span, and last the trace formats from the end of Config.Formats.
func TestMetadataBytes(t *testing.T) {
	all := slices.Concat(groups...)
	for keep := 1; keep <= len(groups); keep++ {
		t.Run(fmt.Sprintf("%d groups", keep), func(t *testing.T) {
			want := slices.Concat(groups[:keep]...)
			fits := allowing(t, metadataSize(want))
			expect(t, sentMetadata(fits, received(fits, all...)), metadataOf(want...))
			expect(t, sent(fits, received(fits, all...)), carrier(all...)) // the limit applies to gRPC only

			short := allowing(t, metadataSize(want)-1)
			expect(t, sentMetadata(short, received(short, all...)), metadataOf(slices.Concat(groups[:keep-1]...)...))
		})
	}
}

// TestMetadataBytesCounted: each format that is left out is counted, and no other format.
func TestMetadataBytesCounted(t *testing.T) {
	counts := []map[string]uint64{
		{"b3 too large": 1},
		{"tracecontext too large": 1},
		{"requestid too large": 1, "sw8 too large": 1},
		{"headers too large": 1},
		{"jaeger too large": 1, "ottrace too large": 1},
		{"baggage too large": 1},
	}
	for i, group := range groups {
		t.Run(group[0], func(t *testing.T) {
			p := allowing(t, 1)
			expect(t, sentMetadata(p, received(p, group...)), nil)
			expectCounts(t, p, counts[i])
		})
	}
	t.Run("changed baggage", func(t *testing.T) {
		p := allowing(t, 60)
		ctx := received(p, "X-Request-Id", "r1", "Baggage", "k=v")
		bag, err := baggage.Parse("k=w,l=" + strings.Repeat("x", 60))
		if err != nil {
			t.Fatal(err)
		}
		ctx = baggage.ContextWithBaggage(ctx, bag)
		expect(t, sentMetadata(p, ctx), metadataOf("x-request-id", "r1"))
		expectCounts(t, p, map[string]uint64{"baggage too large": 1})
	})
}

// TestMetadataBytesDefault: the default limit is 4 KiB. Many servers accept 8 KiB, so half of it is for the application's own
// metadata.
func TestMetadataBytesDefault(t *testing.T) {
	p := compile(t, propagation.Config{})
	const most = 4096 - len("baggage") - 32
	fits, exceeds := strings.Repeat("x", most), strings.Repeat("x", most+1)
	expect(t, sentMetadata(p, received(p, "Baggage", fits)), metadataOf("baggage", fits))
	expect(t, sentMetadata(p, received(p, "Baggage", exceeds)), nil)
}

// TestMetadataBytesEncoded: the limit applies to lines that are written for a local span, as it does to received lines.
func TestMetadataBytesEncoded(t *testing.T) {
	want := []string{"traceparent", otherW3C}
	config := propagation.Config{
		Formats:   []propagation.Format{propagation.W3C, propagation.B3Single},
		LocalSpan: running(otherSpan),
	}
	for bytes, want := range map[int][]string{metadataSize(want): want, metadataSize(want) - 1: nil} {
		config.Limits.MetadataBytes = bytes
		p := compile(t, config)
		md := metadataOf("b3", "stale", "traceparent", "stale")
		p.InjectMetadata(received(p, "Traceparent", callerW3C, "B3", callerB3), md)
		expect(t, md, metadataOf(want...))
	}
	p := compile(t, propagation.Config{Limits: propagation.Limits{MetadataBytes: metadataSize([]string{"grpc-trace-bin", callerBin})}})
	ctx := p.ExtractMetadata(context.Background(), metadataOf("grpc-trace-bin", callerBinRaw)) // on the wire it is base64
	expect(t, sentMetadata(p, ctx), metadataOf("grpc-trace-bin", callerBinRaw))
	p = compile(t, propagation.Config{Limits: propagation.Limits{MetadataBytes: metadataSize([]string{"grpc-trace-bin", callerBin}) - 1}})
	expect(t, sentMetadata(p, p.ExtractMetadata(context.Background(), metadataOf("grpc-trace-bin", callerBinRaw))), nil)
}

// TestMetadataBytesOfLocalSpan: if no format of a local span is within the limit, the metadata has no format of another span
// either.
func TestMetadataBytesOfLocalSpan(t *testing.T) {
	for name, row := range map[string]struct {
		c    propagation.Config
		came []string
		want map[string]uint64
	}{
		"received":      {propagation.Config{}, []string{"Traceparent", callerW3C, "B3", callerB3, "Grpc-Trace-Bin", callerBin}, map[string]uint64{"tracecontext too large": 1, "b3 too large": 1, "grpctracebin too large": 1}},
		"the fallback":  {propagation.Config{}, []string{"X-Request-Id", "r1"}, map[string]uint64{"tracecontext too large": 1, "requestid too large": 1}},
		"none received": {propagation.Config{}, nil, map[string]uint64{"tracecontext too large": 1}},
		"Emit": {propagation.Config{Formats: []propagation.Format{propagation.B3Single}, Emit: []propagation.Format{propagation.XRay, propagation.B3Multi}},
			[]string{"B3", callerB3}, map[string]uint64{"b3 too large": 1, "b3multi too large": 1, "xray too large": 1}},
		"Emit alone": {propagation.Config{Formats: []propagation.Format{}, Emit: []propagation.Format{propagation.W3C, propagation.Datadog}},
			nil, map[string]uint64{"tracecontext too large": 1, "datadog too large": 1}},
		"not carried names": {propagation.Config{Formats: propagation.AllFormats()}, []string{"Uber-Trace-Id", "1:1:0:1", "Uberctx-A", "1", "Jaeger-Baggage", "a=1"}, map[string]uint64{"jaeger too large": 1}},
	} {
		row.c.LocalSpan, row.c.Limits.MetadataBytes = running(otherSpan), 1
		for _, way := range []string{"InjectMetadata", "CloneMetadata", "ContextWithMetadata"} {
			p := compile(t, row.c)
			ctx := received(p, row.came...)
			md := metadataOf("other", "stays")
			switch own := metadataOf("traceparent", "stale", "b3", "stale", "other", "stays"); way {
			case "InjectMetadata":
				if p.InjectMetadata(ctx, own); row.c.Formats != nil { // this Propagator does not write all of these names
					delete(own, "b3")
					delete(own, "traceparent")
				}
				md = own
			case "CloneMetadata":
				md, _ = engine(p).CloneMetadata(ctx, nil, md)
			default:
				made := 0
				if _, ok := withMetadata(p, ctx, &made); ok || made != 0 {
					t.Errorf("%s: ContextWithMetadata made metadata, want none", name)
				}
			}
			expect(t, md, metadataOf("other", "stays"))
			expectCounts(t, p, row.want)
			if t.Failed() {
				t.Fatalf("failed for %s, %s", name, way)
			}
		}
	}
}
