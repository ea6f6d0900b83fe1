package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/propagation"
)

// stranger is what a user sends that no proxy here reads: a header of a trace format, or of none.
type stranger struct {
	format      propagation.Format // 0: of none, never to be forwarded
	name, value string             // %[1]d is the book, %016[1]x a span id of it
}

var allStrangers = []stranger{
	{propagation.W3C, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-%016[1]x-01"},
	{propagation.B3Single, "b3", "0af7651916cd43dd8448eb211c80319c-%016[1]x-1"},
	{propagation.Baggage, "baggage", "user=alice-%[1]d"},
	{propagation.CloudTrace, "x-cloud-trace-context", "0af7651916cd43dd8448eb211c80319c/%[1]d;o=1"},
	{propagation.GRPCTraceBin, "grpc-trace-bin", "AAAK92UZFs1D3YRI6yEcgDGcAbetaxcWkgMzAgE"},
	{propagation.OTSpanContext, "x-ot-span-context", "EhQJmhqz2OVY3YERMzMgaXFrrbcYAQ=="},
	{propagation.Datadog, "x-datadog-origin", "rum-%[1]d"},
	{propagation.Jaeger, "uber-trace-id", "0af7651916cd43dd8448eb211c80319c:%016[1]x:0:1"},
	{propagation.XRay, "x-amzn-trace-id", "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=%016[1]x;Sampled=1"},
	{propagation.OTTrace, "ot-tracer-traceid", "%016[1]x"},
	{propagation.SkyWalking, "sw8-correlation", "dXNlcg==:YWxpY2U="},
	{propagation.Linkerd1, "l5d-ctx-trace", "t61rcWkgMzG3rWtxaSAzMYRI6yEcgDGcAAAAAAAAAAY="},
	{propagation.AzureRequestID, "request-id", "|0af7651916cd43dd.%016[1]x."},
	{0, "authorization", "Bearer secret-%[1]d"},
	{0, "cookie", "session=secret-%[1]d"},
	{0, "x-customer", "alice-%[1]d"},
}

// strangers are the headers that the request for a book has besides: none that the tracer reads.
func (o options) strangers(book int) http.Header {
	h := http.Header{}
	maps.Copy(h, o.mesh.ask)
	for _, s := range allStrangers {
		if !slices.Contains(o.tracer.reads, s.format) {
			value := s.value
			if strings.Contains(value, "%") {
				value = fmt.Sprintf(value, book)
			}
			h.Set(s.name, value)
		}
	}
	return h
}

// own are the headers that a service gets whatever the application forwards, besides
// those of the mesh.
var own = []string{
	"x-book",                        // which the services set for each call
	"accept-encoding", "user-agent", // net/http
	":authority", "content-type", "grpc-accept-encoding", // grpc-go
}

// hops tell what was got and sent with each call; see app.Hops.
type hops interface {
	Got(app.Hop) app.Lines
	Sent(app.Hop) app.Lines
}

// judgeHeaders judges what the services got and sent for the books 1 to n, call by call. What the application carries
// goes on line by line as it came; nothing else that came does; and nothing else comes to be there.
func (o options) judgeHeaders(v *judge.Verdict, hops hops) {
	for i := range o.n {
		book := strconv.Itoa(i + 1)
		for _, c := range app.Calls {
			got := hops.Got(app.Hop{Call: c.Name, Book: book})
			if c.Cause == "" {
				o.judgeStrangers(v, i+1, got)
				continue
			}
			o.judgeForwarded(v, book, c, hops)
			for _, name := range slices.Sorted(maps.Keys(got)) {
				if !slices.Contains(own, name) && !slices.Contains(o.mesh.own, name) && !carries(o.tracer.reads, name) && !carries(o.tracerOf(c.To).reads, name) && !carries(o.config.Formats, name) {
					v.Find(judge.Headers, "book %s: %s got %s, which the application should not forward", book, c.To, name)
				}
			}
		}
	}
}

// judgeStrangers judges whether the first service got what the user sent.
func (o options) judgeStrangers(v *judge.Verdict, book int, got app.Lines) {
	for name, values := range o.strangers(book) {
		if name = strings.ToLower(name); carries(o.config.Formats, name) && !slices.Equal(got[name], values) {
			v.Find(judge.Headers, "book %d: %s reached the application as %q instead of %q", book, name, got[name], values)
		}
	}
}

// judgeForwarded judges whether a call was sent with what had come for it.
func (o options) judgeForwarded(v *judge.Verdict, book string, c app.Call, hops hops) {
	came, sent := hops.Got(app.Hop{Call: c.Cause, Book: book}), hops.Sent(app.Hop{Call: c.Name, Book: book})
	names := slices.Concat(slices.Collect(maps.Keys(came)), slices.Collect(maps.Keys(sent)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		switch {
		case name == "x-book":
		case !carries(o.config.Formats, name):
			if sent[name] != nil {
				v.Find(judge.Headers, "book %s: %s sent %s with %s, which it should not forward", book, c.From, name, c.Name)
			}
		case !slices.Equal(came[name], sent[name]):
			v.Find(judge.Headers, "book %s: %s got %s as %q and sent it with %s as %q", book, c.From, name, came[name], c.Name, sent[name])
		}
	}
}

// carries reports whether a header is one of the formats'.
func carries(formats []propagation.Format, name string) bool {
	return slices.ContainsFunc(formats, func(f propagation.Format) bool {
		return slices.Contains(f.Fields(), name) ||
			slices.ContainsFunc(f.Prefixes(), func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
}
