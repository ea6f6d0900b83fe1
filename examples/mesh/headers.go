package main

import (
	"net/http"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/propagation"
)

// stranger is what a user sends that no proxy here reads: a header of a trace format, or of none.
type stranger struct {
	format      propagation.Format // 0: of none, never to be forwarded
	name, value string
}

var allStrangers = []stranger{
	{propagation.W3C, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
	{propagation.B3Single, "b3", "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1"},
	{propagation.Baggage, "baggage", "user=alice"},
	{propagation.CloudTrace, "x-cloud-trace-context", "0af7651916cd43dd8448eb211c80319c/7;o=1"},
	{propagation.GRPCTraceBin, "grpc-trace-bin", "AAAK92UZFs1D3YRI6yEcgDGcAbetaxcWkgMzAgE"},
	{propagation.OTSpanContext, "x-ot-span-context", "EhQJmhqz2OVY3YERMzMgaXFrrbcYAQ=="},
	{propagation.Datadog, "x-datadog-origin", "rum"},
	{propagation.Jaeger, "uber-trace-id", "0af7651916cd43dd8448eb211c80319c:b7ad6b7169203331:0:1"},
	{propagation.XRay, "x-amzn-trace-id", "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1"},
	{propagation.OTTrace, "ot-tracer-traceid", "8448eb211c80319c"},
	{propagation.SkyWalking, "sw8-correlation", "dXNlcg==:YWxpY2U="},
	{propagation.Linkerd1, "l5d-ctx-trace", "t61rcWkgMzG3rWtxaSAzMYRI6yEcgDGcAAAAAAAAAAY="},
	{propagation.AzureRequestID, "request-id", "|0af7651916cd43dd.b7ad6b71."},
	{0, "authorization", "Bearer secret"},
	{0, "cookie", "session=secret"},
	{0, "x-customer", "alice"},
}

// strangers are the headers that every request has besides: none that the tracer reads.
func (o options) strangers() http.Header {
	h := http.Header{}
	for _, s := range allStrangers {
		if !slices.Contains(o.tracer.reads, s.format) {
			h.Set(s.name, s.value)
		}
	}
	return h
}

// own are the headers that a service gets whatever the application forwards.
var own = []string{
	"x-book",                        // which the services set for each call
	"accept-encoding", "user-agent", // net/http
	"x-forwarded-proto", "x-request-id", // Envoy
	"x-envoy-expected-rq-timeout-ms",
}

// judgeHeaders compares what the last service got with what the application's configuration
// carries: nothing else may have come, and what users sent of it must have.
func (o options) judgeHeaders(v *judge.Verdict, got []string) {
	carries := func(formats []propagation.Format, name string) bool {
		return slices.ContainsFunc(formats, func(f propagation.Format) bool { return owns(f, name) })
	}
	for _, name := range got {
		if !slices.Contains(own, name) && !carries(o.tracer.reads, name) && !carries(o.config.Formats, name) {
			v.Find(judge.Headers, "users got %s, which the application should not forward", name)
		}
	}
	for name := range o.strangers() {
		name = strings.ToLower(name)
		if carries(o.config.Formats, name) && !slices.Contains(got, name) {
			v.Find(judge.Headers, "users did not get %s, which the application should forward", name)
		}
	}
}

// owns reports whether a header is a format's. A field that ends in * stands for a prefix.
func owns(f propagation.Format, name string) bool {
	return slices.ContainsFunc(f.Fields(), func(field string) bool {
		prefix, isPrefix := strings.CutSuffix(field, "*")
		return field == name || isPrefix && strings.HasPrefix(name, prefix)
	})
}
