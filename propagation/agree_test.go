package propagation_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// ddContent is the content of Datadog's headers, or of the member dd, without the ids. It has the names and the escapes of
// the member.
type ddContent struct {
	priority, origin string
	tags             []string
}

// contentOfHeaders returns the content of Datadog's headers.
func contentOfHeaders(h http.Header) (s ddContent) {
	escape := strings.NewReplacer("=", "~", ",", "_", ";", "_", "~", "_")
	s.priority, s.origin = h.Get("X-Datadog-Sampling-Priority"), escape.Replace(h.Get("X-Datadog-Origin"))
	for tag := range strings.SplitSeq(h.Get("X-Datadog-Tags"), ",") {
		key, value, _ := strings.Cut(tag, "=")
		if name, ok := strings.CutPrefix(key, "_dd.p."); ok && name != "tid" {
			s.tags = append(s.tags, name+":"+escape.Replace(value))
		}
	}
	slices.Sort(s.tags)
	return s
}

// contentOfMember returns the content of the member dd.
func contentOfMember(h http.Header) (s ddContent) {
	s.priority = strings.TrimPrefix(h.Get("Traceparent")[54:], "0") // without s in dd, the flags hold the decision
	if s.priority == "" {
		s.priority = "0"
	}
	for part := range strings.SplitSeq(outFacts{lowered(h)}.member(), ";") {
		switch key, value, _ := strings.Cut(part, ":"); {
		case key == "s":
			s.priority = value
		case key == "o":
			s.origin = value
		case strings.HasPrefix(key, "t.") && key != "t.tid":
			s.tags = append(s.tags, key[2:]+":"+value)
		}
	}
	slices.Sort(s.tags)
	return s
}

// TestDatadogAgrees: the x-datadog-* headers and the tracestate member dd of a local span agree, for any received headers
// and any order of Config.Formats. The other members of tracestate keep their order.
func TestDatadogAgrees(t *testing.T) {
	low := "x-datadog-trace-id: " + callerLowDecimal + "\nx-datadog-parent-id: " + callerDecimal + "\n"
	var datadogs = []string{""}
	for _, trace := range []string{low, dd1} {
		for _, priority := range []string{"", "2", "1", "0", "-1"} {
			for _, more := range []string{"", "x-datadog-origin: a~;=b\n", "x-datadog-tags: _dd.p.tid=463ac35c9f6413ad\n", "x-datadog-tags: _dd.p.dm=-4,_dd.p.x=y~;==,other=1\n"} {
				in := trace + more
				if priority != "" {
					in += "x-datadog-sampling-priority: " + priority + "\n"
				}
				datadogs = append(datadogs, in)
			}
		}
	}
	var w3cs = []string{""}
	for _, flags := range []string{"00", "01"} {
		for _, state := range []string{"", "foo=1", "dd=s:2", "foo=1,dd=s:-1;o:rum;t.dm:-3,bar=2", "dd=o:rum;t.tid:ffffffffffffffff;t.u:v~,foo=1", "foo=1,dd=s:1;o:a__~b,bar=2", "dd=s:x,foo@=1"} {
			w3cs = append(w3cs, "traceparent: "+strings.TrimSuffix(callerW3C, "01")+flags+"\ntracestate: "+state+"\n")
		}
	}
	for _, styles := range []string{"W", "D"} {
		p := compile(t, propagation.Config{Formats: ddStyles[styles], Emit: ddStyles[styles]})
		for name, sampler := range map[string]sdktrace.Sampler{"as the caller": sdktrace.ParentBased(sdktrace.AlwaysSample()), "kept": sdktrace.AlwaysSample(), "dropped": sdktrace.NeverSample()} {
			tracer := tracer(t, sampler)
			for _, dd := range datadogs {
				for _, w3c := range w3cs {
					ctx, span := tracer.Start(received(p, headerLines(w3c+dd)...), "server")
					out := sent(p, ctx)
					headers, member := contentOfHeaders(out), contentOfMember(out)
					if fmt.Sprint(headers) != fmt.Sprint(member) || span.SpanContext().IsSampled() == (headers.priority == "0" || headers.priority[0] == '-') {
						t.Fatalf("%s %s: for %q, the headers have %q and the member dd has %q, want the same: sent %q", styles, name, w3c+dd, headers, member, out)
					}
					if w3c != "" && span.SpanContext().TraceID().String() == callerTrace {
						if got, want := withoutDatadog(out.Get("Tracestate")), withoutDatadog(headerValue(w3c, "tracestate")); got != want {
							t.Fatalf("%s %s: for %q, the other members are %q, want %q", styles, name, w3c+dd, got, want)
						}
					}
				}
			}
		}
	}
}

// headerLines splits a text of header lines into names and values.
func headerLines(s string) (lines []string) {
	for line := range strings.Lines(s) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		lines = append(lines, name, value)
	}
	return lines
}

// headerValue returns the first value of a name in a text of header lines.
func headerValue(s, name string) string {
	for line := range strings.Lines(s) {
		if value, ok := strings.CutPrefix(line, name+": "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// withoutDatadog returns a tracestate without Datadog's member.
func withoutDatadog(list string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(list, ","), func(m string) bool { return strings.HasPrefix(m, "dd=") }), ",")
}

// TestDatadogUnchanged: Inject does not rewrite a member dd or an x-datadog-tags that needs no change. The member may have
// unknown parts. The tags may include some that the member cannot hold.
func TestDatadogUnchanged(t *testing.T) {
	const member = "dd=t.x:y;s:2;p:0000000000000001;new:part"
	p := compile(t, propagation.Config{Formats: []propagation.Format{propagation.W3C, propagation.Datadog}})
	in := []string{"Traceparent", callerW3C, "Tracestate", "a=1," + member,
		"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "2",
		"X-Datadog-Tags", "other=1,_dd.p.tid=463ac35c9f6413ad,_dd.p.x=y"}
	ctx, _ := tracer(t, sdktrace.AlwaysSample()).Start(received(p, in...), "server")
	out := sent(p, ctx)
	if got := out.Get("Tracestate"); got != "a=1,"+member {
		t.Errorf("tracestate is sent as %q, want it unchanged", got)
	}
	if got := out.Get("X-Datadog-Tags"); got != in[len(in)-1] {
		t.Errorf("x-datadog-tags is sent as %q, want it unchanged", got)
	}

	expect(t, sent(p, received(p, "Traceparent", callerW3C, "Tracestate", "dd=s:0", "X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal)),
		carrier("Traceparent", callerW3C, "Tracestate", "dd=s:0", "X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal)) // no local span

	plain := compile(t, propagation.Config{}) // without Datadog's headers, dd is an ordinary member
	ctx, _ = tracer(t, sdktrace.NeverSample()).Start(received(plain, in[:4]...), "server")
	if got := sent(plain, ctx).Get("Tracestate"); got != "a=1,"+member {
		t.Errorf("without Datadog's headers, tracestate is sent as %q, want it unchanged", got)
	}
}

// TestDatadogMemberChangedBySpan: if a local span changes the member dd, Datadog's headers get the change, too. If the span deletes
// the member, Inject does not restore it.
func TestDatadogMemberChangedBySpan(t *testing.T) {
	in := []string{"Traceparent", callerW3C, "Tracestate", "a=1,dd=s:1;o:rum",
		"X-Datadog-Trace-Id", callerLowDecimal, "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "1", "X-Datadog-Origin", "rum"}
	local := otherSpan
	local.TraceID = callerContext.TraceID
	local.Sampling, local.TraceState = propagation.Accepted, "dd=s:2;o:mine"
	p := compile(t, propagation.Config{Formats: propagation.AllFormats(), LocalSpan: running(local)})
	out := sent(p, received(p, in...))
	if got := out.Get("Tracestate"); got != "dd=s:2;o:mine,a=1" || out.Get("X-Datadog-Sampling-Priority") != "2" || out.Get("X-Datadog-Origin") != "mine" {
		t.Errorf("sent %q, want the content of the local span's member dd", out)
	}

	p = compile(t, propagation.Config{Formats: propagation.AllFormats()})
	ctx := received(p, in...)
	trace.SpanContextFromContext(ctx)
	ctx, _ = tracer(t, editing{sdktrace.AlwaysSample(), func(s trace.TraceState) trace.TraceState { return s.Delete("dd") }}).Start(ctx, "server")
	if got := sent(p, ctx).Get("Tracestate"); got != "a=1" {
		t.Errorf("tracestate is sent as %q, want it without dd", got)
	}
}

// TestDatadogAgreesEverywhere: InjectHTTP, InjectMetadata and Inject write the same.
func TestDatadogAgreesEverywhere(t *testing.T) {
	p := compile(t, propagation.Config{Formats: ddStyles["W"], Emit: ddStyles["W"]})
	ctx, _ := tracer(t, sdktrace.ParentBased(sdktrace.AlwaysSample())).Start(received(p, headerLines(both(1, "foo=1,dd=s:1;o:rum", 1, 2))...), "server")
	text := otelprop.MapCarrier{}
	p.Inject(ctx, text)
	md := sentMetadata(p, ctx)
	for _, name := range []string{"tracestate", "x-datadog-sampling-priority", "x-datadog-origin", "x-datadog-tags"} {
		if got := strings.Join(md[name], "|"); text[name] != got || got != sent(p, ctx).Get(name) {
			t.Errorf("%s: metadata has %q, the map has %q and HTTP has %q, want the same", name, got, text[name], sent(p, ctx).Get(name))
		}
	}
	if md["tracestate"][0] != "foo=1,dd=s:1;o:rum" || text["x-datadog-sampling-priority"] != "1" {
		t.Errorf("the metadata is %q and the map is %q, want the received content of dd in both", md, text)
	}
}
