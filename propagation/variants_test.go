package propagation_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// ids returns the caller's span with a decision, and optionally with a parent id.
func ids(sampling propagation.Sampling, parent ...byte) propagation.SpanContext {
	sc := callerContext
	sc.Sampling = sampling
	copy(sc.ParentID[:], parent)
	return sc
}

// low returns a span context with a trace id of 64 bits.
func low(sc propagation.SpanContext) propagation.SpanContext {
	clear(sc.TraceID[:8])
	return sc
}

// rawTraceBin returns a grpc-trace-bin in base64, for bytes in hexadecimal.
func rawTraceBin(digits string) string {
	raw, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	return base64.StdEncoding.EncodeToString(raw)
}

const (
	parentDigits = "0020000000000001"
	binTrace     = "00" + callerTrace
	binSpan      = "01" + callerSpan
)

var parentID = []byte{0, 0x20, 0, 0, 0, 0, 0, 1}

// TestVariants: the valid forms of a format besides its usual form are read, and are not counted as malformed.
func TestVariants(t *testing.T) {
	deferred, denied, accepted, debug := propagation.Deferred, propagation.Denied, propagation.Accepted, propagation.Debug
	xb3 := []string{"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan}
	b3Multi := func(more ...string) []string { return append(xb3[:4:4], more...) }
	dd := func(more ...string) []string {
		return append([]string{"x-datadog-trace-id", "5208512171318403364", "x-datadog-parent-id", "11744061942159299346"}, more...)
	}
	ot := func(more ...string) []string {
		return append([]string{"ot-tracer-traceid", callerTrace, "ot-tracer-spanid", callerSpan}, more...)
	}
	random := ids(accepted)
	random.Random = true
	noSpan := low(ids(accepted))
	noSpan.SpanID = [8]byte{}
	for _, test := range []struct {
		name   string
		format propagation.Format
		came   []string
		want   propagation.SpanContext
	}{
		{"a parent and no state", propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan + "-" + parentDigits}, ids(deferred, parentID...)},
		{"64 bits, a parent and no state", propagation.B3Single, []string{"b3", lowHalf + "-" + callerSpan + "-" + parentDigits}, low(ids(deferred, parentID...))},
		{"a parent of zeros and no state", propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan + "-0000000000000000"}, ids(deferred)},
		{"a parent of zeros", propagation.B3Single, []string{"b3", callerB3 + "-0000000000000000"}, ids(accepted)},
		{"all four", propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan + "-d-" + parentDigits}, ids(debug, parentID...)},
		{"no state", propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan}, ids(deferred)},
		{"denied", propagation.B3Single, []string{"b3", callerTrace + "-" + callerSpan + "-0"}, ids(denied)},
		{"a state alone", propagation.B3Single, []string{"b3", "0"}, propagation.SpanContext{Sampling: denied}},
		{"debug alone", propagation.B3Single, []string{"b3", "d"}, propagation.SpanContext{Sampling: debug}},
		{"white space", propagation.B3Single, []string{"b3", " " + callerB3 + "\t"}, ids(accepted)},

		{"false", propagation.B3Multi, b3Multi("x-b3-sampled", "false"), ids(denied)},
		{"true", propagation.B3Multi, b3Multi("x-b3-sampled", "true"), ids(accepted)},
		{"0", propagation.B3Multi, b3Multi("x-b3-sampled", "0"), ids(denied)},
		{"false alone", propagation.B3Multi, []string{"x-b3-sampled", "false"}, propagation.SpanContext{Sampling: denied}},
		{"true alone", propagation.B3Multi, []string{"x-b3-sampled", "true"}, propagation.SpanContext{Sampling: accepted}},
		{"flags alone", propagation.B3Multi, []string{"x-b3-flags", "1"}, propagation.SpanContext{Sampling: debug}},
		{"flags over false", propagation.B3Multi, b3Multi("x-b3-sampled", "false", "x-b3-flags", "1"), ids(debug)},
		{"flags of 0", propagation.B3Multi, b3Multi("x-b3-sampled", "0", "x-b3-flags", "0"), ids(denied)},
		{"a parent of zeros", propagation.B3Multi, b3Multi("x-b3-parentspanid", "0000000000000000"), ids(deferred)},
		{"white space", propagation.B3Multi, b3Multi("x-b3-sampled", " false\t"), ids(denied)},

		{"escaped", propagation.Jaeger, []string{"uber-trace-id", callerTrace + "%3A" + callerSpan + "%3A0%3A1"}, ids(accepted)},
		{"escaped in lower case", propagation.Jaeger, []string{"uber-trace-id", callerTrace + "%3a" + callerSpan + "%3a0%3a0"}, ids(denied)},
		{"escaped in part", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + "%3A" + parentDigits + ":1"}, ids(accepted, parentID...)},
		{"digits escaped", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:%31"}, ids(accepted)},
		{"debug", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:3"}, ids(debug)},
		{"debug without sampled", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:2"}, ids(denied)},
		{"firehose", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:9"}, ids(accepted)},
		{"two digits", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":0:01"}, ids(accepted)},
		{"any parent", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + ":what:1"}, ids(accepted)},
		{"no parent", propagation.Jaeger, []string{"uber-trace-id", callerTrace + ":" + callerSpan + "::1"}, ids(accepted)},
		{"zeros unsendable", propagation.Jaeger, []string{"uber-trace-id", strings.TrimLeft(lowHalf, "0") + ":" + callerSpan + ":20000000000001:1"}, low(ids(accepted, parentID...))},

		{"no option", propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerSpanNumber}, ids(deferred)},
		{"option 0", propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerSpanNumber + ";o=0"}, ids(denied)},
		{"option 3", propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/" + callerSpanNumber + ";o=3"}, ids(accepted)},
		{"zeros before the span", propagation.CloudTrace, []string{"x-cloud-trace-context", callerTrace + "/00" + callerSpanNumber + ";o=1"}, ids(accepted)},

		{"no options", propagation.GRPCTraceBin, []string{"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan)}, ids(deferred)},
		{"options before the ids", propagation.GRPCTraceBin, []string{"grpc-trace-bin", rawTraceBin("000201" + binSpan + binTrace)}, ids(accepted)},
		{"a later version's field", propagation.GRPCTraceBin, []string{"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan + "0200" + "03")}, ids(denied)},
		{"and its value", propagation.GRPCTraceBin, []string{"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan + "0201" + "ff0102")}, ids(accepted)},
		{"other options", propagation.GRPCTraceBin, []string{"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan + "02fe")}, ids(denied)},
		{"two joined", propagation.GRPCTraceBin, []string{"grpc-trace-bin", callerBin + ", " + rawTraceBin("00"+binTrace+binSpan)}, ids(accepted)},

		{"no priority", propagation.Datadog, dd(), low(ids(deferred))},
		{"user reject", propagation.Datadog, dd("x-datadog-sampling-priority", "-1"), low(ids(denied))},
		{"user keep", propagation.Datadog, dd("x-datadog-sampling-priority", "2"), low(ids(accepted))},
		{"the high half among tags", propagation.Datadog, dd("x-datadog-tags", "_dd.p.dm=-1, _dd.p.tid="+highHalf+",_dd.p.x="), ids(deferred)},
		{"a high half that is too long", propagation.Datadog, dd("x-datadog-tags", "_dd.p.tid="+highHalf+"0"), low(ids(deferred))},
		{"a high half in upper case", propagation.Datadog, dd("x-datadog-tags", "_dd.p.tid="+strings.ToUpper(highHalf)), ids(deferred)},
		{"negative", propagation.Datadog, []string{"x-datadog-trace-id", "5208512171318403364", "x-datadog-parent-id", "-6702682131550252270"}, low(ids(deferred))},
		{"synthetics", propagation.Datadog, []string{"x-datadog-trace-id", "5208512171318403364", "x-datadog-parent-id", "0", "x-datadog-origin", "synthetics", "x-datadog-sampling-priority", "1"}, noSpan},

		{"any order", propagation.XRay, []string{"x-amzn-trace-id", "Sampled=1;Parent=" + callerSpan + ";Self=1-2-3;" + callerIDs[:strings.IndexByte(callerIDs, ';')]}, ids(accepted)},
		{"white space", propagation.XRay, []string{"x-amzn-trace-id", strings.ReplaceAll(callerIDs+";Sampled=0", ";", " ; ")}, ids(denied)},
		{"a question mark", propagation.XRay, []string{"x-amzn-trace-id", callerIDs + ";Sampled=?"}, ids(deferred)},
		{"ends in ;", propagation.XRay, []string{"x-amzn-trace-id", callerIDs + ";Sampled=1;"}, ids(accepted)},
		{"a pair without a value", propagation.XRay, []string{"x-amzn-trace-id", callerIDs + ";Mine;Sampled=1"}, ids(accepted)},

		{"any case", propagation.OTTrace, ot("ot-tracer-sampled", "TRUE"), ids(accepted)},
		{"False", propagation.OTTrace, ot("ot-tracer-sampled", "False"), ids(denied)},
		{"1", propagation.OTTrace, ot("ot-tracer-sampled", "1"), ids(accepted)},
		{"0", propagation.OTTrace, ot("ot-tracer-sampled", "0"), ids(denied)},
		{"no decision", propagation.OTTrace, ot(), ids(deferred)},

		{"annotations", propagation.OTSpanContext, []string{"x-ot-span-context", lowHalf + ";" + callerSpan + ";" + parentDigits + ";cs;sr"}, low(ids(deferred, parentID...))},
		{"no annotations", propagation.OTSpanContext, []string{"x-ot-span-context", lowHalf + ";" + callerSpan + ";0000000000000000"}, low(ids(deferred))},
		{"baggage", propagation.OTSpanContext, []string{"x-ot-span-context", lightStep(true, true)}, low(ids(accepted))},
		{"not sampled", propagation.OTSpanContext, []string{"x-ot-span-context", lightStep(false, false)}, low(ids(denied))},

		{"more flags", propagation.W3C, []string{"traceparent", callerW3C[:53] + "fd"}, ids(accepted)},
		{"random", propagation.W3C, []string{"traceparent", callerW3C[:53] + "03"}, random},
		{"a later version", propagation.W3C, []string{"traceparent", "cc" + callerW3C[2:] + "-what"}, ids(accepted)},
		{"a later version ends in a dash", propagation.W3C, []string{"traceparent", "01" + callerW3C[2:] + "-"}, ids(accepted)},
	} {
		for way, extract := range extracts {
			t.Run(test.format.String()+"/"+test.name+"/"+way, func(t *testing.T) {
				p := compile(t, propagation.Config{Formats: []propagation.Format{test.format}})
				md := metadataOf(test.came...)
				ctx := extract(context.Background(), p, md)
				if sc, ok := propagation.RemoteFromContext(ctx); sc != test.want || !ok {
					t.Errorf("%q is read as %+v, %v, want %+v", md, sc, ok, test.want)
				}
				expectCounts(t, p, nil)
				if way == "http" {
					expect(t, lowered(sent(p, ctx)), md)
				}
			})
		}
	}
}

// TestMalformedVariants: headers that are malformed in various ways are counted once. They give neither ids nor a decision, and
// are sent as received.
func TestMalformedVariants(t *testing.T) {
	zeros := strings.Repeat("0", 32)
	for format, all := range map[propagation.Format][][]string{
		propagation.W3C: {
			{"traceparent", strings.Replace(callerW3C, callerTrace, zeros, 1)}, {"traceparent", strings.Replace(callerW3C, callerSpan, zeros[:16], 1)},
			{"traceparent", strings.Replace(callerW3C, callerSpan, "g"+callerSpan[1:], 1)}, {"traceparent", strings.Replace(callerW3C, callerTrace, callerTrace[:31]+"g", 1)},
			{"traceparent", callerW3C[:54] + "g"}, {"traceparent", "ff" + callerW3C[2:]}, {"traceparent", "0g" + callerW3C[2:]}, {"traceparent", callerW3C + "-"},
			{"traceparent", callerW3C + "-what"}, {"traceparent", "cc" + callerW3C[2:] + ".what"}, {"traceparent", callerW3C[:52] + "_01"}, {"traceparent", callerW3C[:35] + "_" + callerW3C[36:]},
			{"traceparent", callerW3C[:2] + "_" + callerW3C[3:]}, {"traceparent", callerW3C[:54]}, {"traceparent", callerW3C, "traceparent", callerW3C},
		},
		propagation.B3Single: {
			{"b3", "x"}, {"b3", zeros + "-" + callerSpan + "-1"}, {"b3", callerTrace + "-" + zeros[:16] + "-1"}, {"b3", callerTrace + "-" + callerSpan[:15] + "g-1"},
			{"b3", callerB3 + "-" + parentDigits[:15] + "g"}, {"b3", callerTrace + "-" + callerSpan + "-" + parentDigits[:15] + "g"}, {"b3", callerTrace},
			{"b3", callerTrace + "-" + callerSpan + "-" + parentDigits + "-1"}, {"b3", callerB3 + "-" + parentDigits + "-1"},
		},
		propagation.B3Multi: {
			{"x-b3-traceid", callerTrace}, {"x-b3-spanid", callerSpan}, {"x-b3-parentspanid", parentDigits},
			{"x-b3-traceid", zeros, "x-b3-spanid", callerSpan}, {"x-b3-traceid", callerTrace, "x-b3-spanid", zeros[:16]},
			{"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan[:15] + "g"}, {"x-b3-traceid", callerTrace[:31] + "g", "x-b3-spanid", callerSpan, "x-b3-sampled", "1"},
			{"x-b3-traceid", callerTrace, "x-b3-spanid", callerSpan, "x-b3-parentspanid", parentDigits[:15] + "g", "x-b3-flags", "1"},
		},
		propagation.GRPCTraceBin: {
			{"grpc-trace-bin", rawTraceBin("01" + binTrace + binSpan + "0201")}, {"grpc-trace-bin", rawTraceBin("00")}, {"grpc-trace-bin", rawTraceBin("000201")}, {"grpc-trace-bin", rawTraceBin("00" + binTrace)},
			{"grpc-trace-bin", rawTraceBin("00" + binTrace + "0201")}, {"grpc-trace-bin", rawTraceBin("00" + binSpan + "0201")},
			{"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan[:16])}, {"grpc-trace-bin", rawTraceBin("00" + binTrace[:32])},
			{"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan + "0201" + "00")}, {"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan + "0201" + "01")},
			{"grpc-trace-bin", rawTraceBin("00" + binTrace + binSpan + "0201" + binTrace[:32])},
			{"grpc-trace-bin", rawTraceBin("00" + "00" + zeros + binSpan + "0201")}, {"grpc-trace-bin", rawTraceBin("00" + binTrace + "01" + zeros[:16] + "0201")},
			{"grpc-trace-bin", rawTraceBin("00" + "03" + binTrace + binSpan)}, {"grpc-trace-bin", callerBin + "A="}, {"grpc-trace-bin", callerBin + "=="}, {"grpc-trace-bin", callerBin[:20] + "!" + callerBin[21:]},
		},
		propagation.CloudTrace: {
			{"x-cloud-trace-context", callerTrace + "/x"}, {"x-cloud-trace-context", callerTrace + "/18446744073709551616"}, {"x-cloud-trace-context", callerTrace + "/-1"},
			{"x-cloud-trace-context", zeros + "/1;o=1"}, {"x-cloud-trace-context", callerTrace[:31] + "g/1;o=1"},
		},
		propagation.OTSpanContext: {
			{"x-ot-span-context", "EgA="}, {"x-ot-span-context", "EhQJ"}, {"x-ot-span-context", "AAAA"}, {"x-ot-span-context", base64.StdEncoding.EncodeToString([]byte("\x12\x09\x09\x01\x02\x03\x04\x05\x06\x07\x08"))},
			{"x-ot-span-context", lowHalf + ";" + callerSpan}, {"x-ot-span-context", lowHalf + ";" + callerSpan[:15] + "g;" + parentDigits}, {"x-ot-span-context", lowHalf + ";" + zeros[:16] + ";" + parentDigits},
			{"x-ot-span-context", zeros[:16] + ";" + callerSpan + ";" + parentDigits}, {"x-ot-span-context", lowHalf + ";" + callerSpan + ";x"},
		},
		propagation.Datadog: {
			{"x-datadog-trace-id", "1"}, {"x-datadog-parent-id", "1"}, {"x-datadog-trace-id", "1", "x-datadog-parent-id", "x"}, {"x-datadog-trace-id", "0", "x-datadog-parent-id", "1"},
			{"x-datadog-trace-id", "1", "x-datadog-parent-id", "0"}, {"x-datadog-trace-id", "1", "x-datadog-parent-id", "18446744073709551616"},
			{"x-datadog-trace-id", "1", "x-datadog-parent-id", "-9223372036854775809"}, {"x-datadog-trace-id", "+1", "x-datadog-parent-id", "1"},
			{"x-datadog-trace-id", "1", "x-datadog-parent-id", "0", "x-datadog-origin", "rum"},
		},
		propagation.Jaeger: {
			{"uber-trace-id", "x"}, {"uber-trace-id", zeros + ":1:0:1"}, {"uber-trace-id", "1:0:0:1"}, {"uber-trace-id", "1:g:0:1"}, {"uber-trace-id", ":1:0:1"}, {"uber-trace-id", "1::0:1"},
			{"uber-trace-id", "1" + zeros + ":1:0:1"}, {"uber-trace-id", "1:1" + zeros[:16] + ":0:1"}, {"uber-trace-id", "1%253A1%253A0%253A1"}, {"uber-trace-id", "1%3A1%3A0%3"},
		},
		propagation.XRay: {
			{"x-amzn-trace-id", "Root=1-463ac35c-9f6413ad48485a3953bb6124;Parent=x"}, {"x-amzn-trace-id", "Root=x;Parent=" + callerSpan},
			{"x-amzn-trace-id", "Root=1-463ac35c-9f6413ad48485a3953bb6124;Parent=" + zeros[:16]}, {"x-amzn-trace-id", "Root=1-00000000-000000000000000000000000;Parent=" + callerSpan},
			{"x-amzn-trace-id", "Root=2-463ac35c-9f6413ad48485a3953bb6124;Parent=" + callerSpan}, {"x-amzn-trace-id", "Root=1-463ac35c_9f6413ad48485a3953bb6124;Parent=" + callerSpan},
			{"x-amzn-trace-id", "Root=1-463ac35c-9f6413ad48485a3953bb612g;Parent=" + callerSpan}, {"x-amzn-trace-id", "Root=1-463ac35g-9f6413ad48485a3953bb6124;Parent=" + callerSpan},
		},
		propagation.OTTrace: {
			{"ot-tracer-traceid", callerTrace}, {"ot-tracer-spanid", callerSpan}, {"ot-tracer-traceid", callerTrace, "ot-tracer-spanid", callerSpan[:15] + "g"},
			{"ot-tracer-traceid", zeros, "ot-tracer-spanid", callerSpan}, {"ot-tracer-traceid", callerTrace, "ot-tracer-spanid", zeros[:16], "ot-tracer-sampled", "true"},
		},
	} {
		for _, came := range all {
			p := compile(t, propagation.Config{Formats: []propagation.Format{format}})
			md := metadataOf(came...)
			for way, extract := range extracts {
				before := p.Stats().Total(propagation.Malformed)
				ctx := extract(context.Background(), p, md)
				if sc, ok := propagation.RemoteFromContext(ctx); ok {
					t.Errorf("%s: %q is read as %+v, want nothing", way, came, sc)
				}
				if n := p.Stats().Count(format, propagation.Malformed); n != before+1 {
					t.Errorf("%s: %q is counted as malformed %d times, want once", way, came, n-before)
				}
				if got := lowered(sent(p, ctx)); way == "http" {
					expect(t, got, md)
				}
			}
		}
	}
}

// TestMalformedDecision: a malformed decision is counted, and is read as open.
func TestMalformedDecision(t *testing.T) {
	for format, all := range map[propagation.Format][]http.Header{
		propagation.B3Single: {carrier("B3", callerTrace+"-"+callerSpan+"-x"), carrier("B3", callerTrace+"-"+callerSpan+"-2")},
		propagation.B3Multi:  {carrier("X-B3-Traceid", callerTrace, "X-B3-Spanid", callerSpan, "X-B3-Sampled", "maybe"), carrier("X-B3-Sampled", "2")},
		propagation.CloudTrace: {
			carrier("X-Cloud-Trace-Context", callerTrace+"/"+callerSpanNumber+";o=x"), carrier("X-Cloud-Trace-Context", callerTrace+"/"+callerSpanNumber+";o=:"),
			carrier("X-Cloud-Trace-Context", callerTrace+"/"+callerSpanNumber+";o=/"),
		},
		propagation.GRPCTraceBin: {carrier("Grpc-Trace-Bin", rawTraceBin("00"+binTrace+binSpan+"02"))}, // an option without its byte
		propagation.Datadog:      {carrier("X-Datadog-Trace-Id", "1", "X-Datadog-Parent-Id", "1", "X-Datadog-Sampling-Priority", "x")},
		propagation.Jaeger:       {carrier("Uber-Trace-Id", "1:1:0:g"), carrier("Uber-Trace-Id", "1:1:0:0g"), carrier("Uber-Trace-Id", "1:1:0:g1")},
		propagation.OTTrace:      {carrier("Ot-Tracer-Traceid", callerTrace, "Ot-Tracer-Spanid", callerSpan, "Ot-Tracer-Sampled", "maybe")},
	} {
		for _, in := range all {
			p := compile(t, propagation.Config{Formats: []propagation.Format{format}})
			ctx := p.ExtractHTTP(context.Background(), in)
			if sc, _ := propagation.RemoteFromContext(ctx); sc.Sampling != propagation.Deferred {
				t.Errorf("the decision in %q is read as %v, want an open one", in, sc.Sampling)
			}
			if n := p.Stats().Count(format, propagation.Malformed); n != 1 {
				t.Errorf("%q is counted as malformed %d times, want once", in, n)
			}
			expect(t, sent(p, ctx), in)
		}
	}
}
