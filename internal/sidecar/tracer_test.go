package sidecar

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
)

const (
	trace  = "463ac35c9f6413ad48485a3953bb6124"
	parent = "a2fb4a1d1a96d312"
)

// header parses "name: value" lines.
func header(lines ...string) http.Header {
	h := http.Header{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		h.Add(name, value)
	}
	return h
}

func TestTracersWriteWhatTheRealOnesWrite(t *testing.T) {
	id := newID(trace, parent, "ratings")
	padded := func(span string, options byte) string {
		return "grpc-trace-bin: " + traceBin(trace, span, options, base64.StdEncoding)
	}
	bare := func(span string, options byte) string { return strings.TrimRight(padded(span, options), "=") }
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, tt := range map[string]struct {
		tracer  *Tracer
		in, out []string
	}{
		"OpenTelemetry: version 00, no flag but sampled, one tracestate": {
			tracer: EnvoyOpenTelemetry,
			in:     []string{"traceparent: cc-" + trace + "-" + parent + "-03", "tracestate: a=1,b=2", "tracestate: c=3", "b3: 0"},
			out:    []string{"traceparent: 00-" + trace + "-" + id + "-01", "tracestate: a=1,b=2,c=3", "b3: 0"},
		},
		"Zipkin: four of x-b3-*, the flags stay": {
			tracer: EnvoyZipkin,
			in:     []string{"x-b3-traceid: " + trace, "x-b3-spanid: " + parent, "x-b3-sampled: 0", "x-b3-flags: 1"},
			out: []string{"x-b3-traceid: " + trace, "x-b3-spanid: " + id, "x-b3-parentspanid: " + parent,
				"x-b3-sampled: 0", "x-b3-flags: 1"},
		},
		"Zipkin: a b3 wins, and stays stale": {
			tracer: EnvoyZipkin,
			in:     []string{"b3: " + trace + "-" + parent + "-d", "x-b3-traceid: 1", "x-b3-spanid: 2"},
			out: []string{"b3: " + trace + "-" + parent + "-d", "x-b3-traceid: " + trace, "x-b3-spanid: " + id,
				"x-b3-parentspanid: " + parent, "x-b3-sampled: 1"},
		},
		"Zipkin: an open decision stays open": {
			tracer: EnvoyZipkin,
			in:     []string{"b3: " + trace + "-" + parent},
			out: []string{"b3: " + trace + "-" + parent, "x-b3-traceid: " + trace, "x-b3-spanid: " + id,
				"x-b3-parentspanid: " + parent},
		},
		"X-Ray: three pairs, the rest is dropped": {
			tracer: EnvoyXRay,
			in:     []string{"x-amzn-trace-id: Self=1; ROOT=" + trace + ";Sampled=1;Parent=" + parent + ";Lineage=1:fe:0"},
			out:    []string{"x-amzn-trace-id: Root=" + trace + ";Parent=" + id + ";Sampled=1"},
		},
		"SkyWalking: sw8 alone, always sampled": {
			tracer: EnvoySkyWalking,
			in:     []string{"sw8: 0-" + b64(trace) + "-" + b64(parent) + "-3-YQ==-YQ==-YQ==-YQ==", "sw8-correlation: YQ==:YQ==", "sw8-x: 0"},
			out: []string{"sw8: 1-" + b64(trace) + "-" + b64(id) + "-1-" + b64("mesh") + "-" + b64("proxy of ratings") +
				"-" + b64("/ratings") + "-" + b64("127.0.0.1"), "sw8-correlation: YQ==:YQ==", "sw8-x: 0"},
		},
		"OpenCensus: reads padding": {
			tracer: EnvoyOpenCensus,
			in:     []string{padded(parent, 1), "traceparent: 0"},
			out:    []string{bare(id, 1), "traceparent: 0"},
		},
		"OpenCensus: needs none, and knows one option": {
			tracer: EnvoyOpenCensus,
			in:     []string{bare(parent, 3)},
			out:    []string{bare(id, 1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, want := header(tt.in...), header(tt.out...)
			span, ok := tt.tracer.advance(h, "ratings")
			if !ok || span != (Span{trace, id, parent}) {
				t.Errorf("the span is %+v, %v, want a child of the caller's span", span, ok)
			}
			headerdiff.Check(t, want, h, "wrote")
		})
	}
}

func TestDatadogTracerWritesTheSameSpanTwice(t *testing.T) {
	h := header("x-datadog-trace-id: 5208512171318403364", "x-datadog-parent-id: 11744061942159299346",
		"x-datadog-sampling-priority: 2", "x-datadog-origin: rum", "x-datadog-tags: _dd.p.dm=-4,_dd.p.tid=463ac35c9f6413ad",
		"tracestate: a=1,dd=s:0", "tracestate: b=2")
	span, ok := EnvoyDatadog.advance(h, "ratings")
	id, err := strconv.ParseUint(span.ID, 10, 64)
	if !ok || err != nil || span.Trace != "5208512171318403364" || span.Parent != "11744061942159299346" || span.ID == span.Parent {
		t.Errorf("the span is %+v, %v, %v, want decimal ids and a new span", span, ok, err)
	}
	hex := fmt.Sprintf("%016x", id)
	want := header("x-datadog-trace-id: 5208512171318403364", "x-datadog-parent-id: "+span.ID,
		"x-datadog-sampling-priority: 2", "x-datadog-origin: rum", "x-datadog-tags: _dd.p.dm=-4,_dd.p.tid=463ac35c9f6413ad",
		"traceparent: 00-"+trace+"-"+hex+"-01", "tracestate: dd=s:2;o:rum;p:"+hex+";t.dm:-4,a=1,b=2")
	headerdiff.Check(t, want, h, "wrote")
}

func TestCloudRunWritesTheSameSpanTwice(t *testing.T) {
	id := newID(trace, parent, "ratings")
	n, _ := strconv.ParseUint(id, 16, 64)
	for _, tt := range []struct {
		in      []string
		sampled int
	}{
		{[]string{"x-cloud-trace-context: " + trace + "/11744061942159299346;o=1"}, 1},
		{[]string{"x-cloud-trace-context: " + trace + "/11744061942159299346"}, 0},
		{[]string{"x-cloud-trace-context: stale/1;o=0", "traceparent: 00-" + trace + "-" + parent + "-01"}, 1},
	} {
		h := header(tt.in...)
		span, ok := CloudRun.advance(h, "ratings")
		want := header(fmt.Sprintf("traceparent: 00-%s-%s-0%d", trace, id, tt.sampled),
			fmt.Sprintf("x-cloud-trace-context: %s/%d;o=%d", trace, n, tt.sampled))
		if !ok || span != (Span{trace, id, parent}) {
			t.Errorf("%q: the span is %v, %v, want a child of the caller's span", tt.in, span, ok)
		}
		headerdiff.Check(t, want, h, "%q: wrote", tt.in)
	}
}

func TestTracersFindNoSpanInWhatTheyCannotRead(t *testing.T) {
	for _, tracer := range []*Tracer{EnvoyOpenTelemetry, EnvoyZipkin, EnvoyDatadog, EnvoyXRay, EnvoySkyWalking, EnvoyOpenCensus, Linkerd, CloudRun} {
		for _, h := range []http.Header{
			{},
			header("traceparent: 00-1-2-01", "b3: 0", "x-b3-sampled: 1", "x-datadog-trace-id: 1", "x-cloud-trace-context: 1/2", "x-amzn-trace-id: Root=1", "sw8: 1-2"),
			header("traceparent: 00-"+trace+"-"+parent+"-01-more", "grpc-trace-bin: AAAA", "sw8: 1-?-?-0-a-a-a-a",
				"x-cloud-trace-context: "+trace+"/"+parent, "x-datadog-trace-id: "+trace, "x-datadog-parent-id: 1"),
		} {
			before := h.Clone()
			if span, ok := tracer.advance(h, "ratings"); ok {
				t.Errorf("%s continues %+v from %q, want no span", tracer.Name, span, before)
			}
			headerdiff.Check(t, before, h, "%s wrote, where it found no span", tracer.Name)
		}
	}
}
