package propagation_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
)

// TestOddIDs: traceferry reads ids that Envoy reads, although they break the format's specification. It reads them as numbers,
// and sends them as received.
func TestOddIDs(t *testing.T) {
	const low = "48485a3953bb6124" // of callerTrace
	upper := strings.ToUpper
	for name, row := range map[string]struct {
		f               propagation.Format
		trace, span, up string // up is the parent
		in              []string
	}{
		"b3multi, a lost zero":      {propagation.B3Multi, "08485a3953bb6124", callerSpan, "", multi("8485a3953bb6124", callerSpan)},
		"b3multi, three lost zeros": {propagation.B3Multi, "0008485a3953bb61", callerSpan, "", multi("8485a3953bb61", callerSpan)},
		"b3multi, a zero too many":  {propagation.B3Multi, low, callerSpan, "", multi("0"+low, callerSpan)},
		"b3multi, many zeros":       {propagation.B3Multi, low, callerSpan, "", multi(strings.Repeat("0", 33)+low, callerSpan)},
		"b3multi, short span":       {propagation.B3Multi, callerTrace, "02fb4a1d1a96d312", "", multi(callerTrace, "2fb4a1d1a96d312")},
		"b3multi, long span":        {propagation.B3Multi, callerTrace, callerSpan, "", multi(callerTrace, "000"+callerSpan)},
		"b3multi, short parent":     {propagation.B3Multi, callerTrace, callerSpan, "05e3ac9a4f6e3b90", multi(callerTrace, callerSpan, "5e3ac9a4f6e3b90")},
		"b3multi, parent of 0":      {propagation.B3Multi, callerTrace, callerSpan, "", multi(callerTrace, callerSpan, "0")},
		"b3multi, upper case":       {propagation.B3Multi, callerTrace, callerSpan, "", multi(upper(callerTrace), upper(callerSpan))},
		"b3multi, all of it":        {propagation.B3Multi, "000a485a3953bb61", "0fb4a1d1a96d312a", "", multi("A485A3953BB61", "FB4A1D1A96D312A")},
		"b3multi, white space":      {propagation.B3Multi, callerTrace, callerSpan, "", multi(" "+callerTrace+"\t", "\t"+callerSpan+" ")},
		"b3, upper case":            {propagation.B3Single, callerTrace, callerSpan, "05e3ac9a4f6e3b90", []string{"B3", upper(callerTrace + "-" + callerSpan + "-1-05e3ac9a4f6e3b90")}},
		"b3, 64 bits, upper case":   {propagation.B3Single, low, callerSpan, "", []string{"B3", upper(low) + "-" + callerSpan + "-1"}},
		"xray, upper case":          {propagation.XRay, callerTrace, callerSpan, "", []string{"X-Amzn-Trace-Id", upper(callerRoot + ";Parent=" + callerSpan + ";Sampled=1")}},
		"xray, lower case":          {propagation.XRay, callerTrace, callerSpan, "", []string{"X-Amzn-Trace-Id", strings.ToLower(callerRoot + ";Parent=" + callerSpan + ";Sampled=1")}},
		"xray, short parent":        {propagation.XRay, callerTrace, "02fb4a1d1a96d312", "", []string{"X-Amzn-Trace-Id", callerRoot + ";Parent=2fb4a1d1a96d312;Sampled=1"}},
		"datadog, zeros":            {propagation.Datadog, low, callerSpan, "", []string{"X-Datadog-Trace-Id", "05208512171318403364", "X-Datadog-Parent-Id", "0" + callerDecimal, "X-Datadog-Sampling-Priority", "01"}},
		"datadog, tid upper case":   {propagation.Datadog, callerTrace, callerSpan, "", []string{"X-Datadog-Trace-Id", "5208512171318403364", "X-Datadog-Parent-Id", callerDecimal, "X-Datadog-Sampling-Priority", "1", "X-Datadog-Tags", "_dd.p.tid=463AC35C9F6413AD"}},
	} {
		t.Run(name, func(t *testing.T) {
			p := compile(t, propagation.Config{Formats: []propagation.Format{row.f}})
			in := carrier(row.in...)
			for kind, ctx := range map[string]context.Context{
				"HTTP": p.ExtractHTTP(context.Background(), in), "metadata": p.ExtractMetadata(context.Background(), lowered(in)),
			} {
				got, _ := propagation.RemoteFromContext(ctx)
				want := propagation.SpanContext{TraceID: traceID(strings.Repeat("0", 32-len(row.trace)) + row.trace), SpanID: spanID(row.span), Sampling: propagation.Accepted}
				if row.up != "" {
					want.ParentID = spanID(row.up)
				}
				if got != want {
					t.Errorf("%s: %q is read as %+v, want %+v", kind, row.in, got, want)
				}
			}
			expect(t, sent(p, p.ExtractHTTP(context.Background(), in)), in)
			if n := p.Stats().Total(propagation.Malformed); n > 0 {
				t.Errorf("counted %d times as malformed, want 0", n)
			}
		})
	}
}

// TestTooOddIDs: traceferry does not read ids that no proxy reads, and some ids that only Envoy reads. docs/meshes.md lists
// them. They are sent as received.
func TestTooOddIDs(t *testing.T) {
	for _, row := range []struct {
		f  propagation.Format
		in []string
	}{
		{propagation.B3Multi, multi("8485a3953bb6", callerSpan)},  // more than three digits are missing
		{propagation.B3Multi, multi(callerTrace[1:], callerSpan)}, // 31 digits
		{propagation.B3Multi, multi("1"+callerTrace, callerSpan)}, // 33
		{propagation.B3Multi, multi("0"+callerTrace, callerSpan)}, // 33, and zeros in front
		{propagation.B3Multi, multi(callerTrace, "1"+callerSpan)}, // 17
		{propagation.B3Multi, multi("0x485a3953bb6124", callerSpan)},
		{propagation.B3Multi, multi("-8485a3953bb6124", callerSpan)},
		{propagation.B3Multi, multi("8485a395 3bb6124", callerSpan)},
		{propagation.B3Multi, multi(`"`+callerTrace+`"`, callerSpan)},
		{propagation.B3Multi, multi(callerTrace+", "+callerTrace, callerSpan)},
		{propagation.B3Multi, multi(strings.Repeat("0", 32), callerSpan)},
		{propagation.B3Multi, multi(callerTrace, "0")},
		{propagation.B3Multi, multi(callerTrace, "a1d1a96d312")},
		{propagation.XRay, []string{"X-Amzn-Trace-Id", callerRoot + ";Parent=2"}},
		{propagation.B3Multi, multi(callerTrace, callerSpan, "None")},
		{propagation.B3Multi, multi(callerTrace, strings.ToUpper(callerSpan))},
		{propagation.B3Single, []string{"B3", callerTrace[17:] + "-" + callerSpan + "-1"}},
		{propagation.B3Single, []string{"B3", callerTrace + "-" + callerSpan[1:] + "-1"}},
		{propagation.B3Single, []string{"B3", callerTrace + "-0" + callerSpan + "-1"}},
		{propagation.W3C, []string{"Traceparent", strings.ToUpper(callerW3C)}},
		{propagation.XRay, []string{"X-Amzn-Trace-Id", "Root=1-63ac35c-9f6413ad48485a3953bb6124;Parent=" + callerSpan}},
	} {
		p := compile(t, propagation.Config{Formats: []propagation.Format{row.f}})
		in := carrier(row.in...)
		ctx := p.ExtractHTTP(context.Background(), in)
		if got, _ := propagation.RemoteFromContext(ctx); got.IsValid() {
			t.Errorf("%q is read as %+v, want no ids", row.in, got)
		}
		expect(t, sent(p, ctx), in)
	}
}

// multi returns x-b3-* headers of a sampled span. parentID is optional.
func multi(traceID, spanID string, parentID ...string) []string {
	pairs := []string{"X-B3-Traceid", traceID, "X-B3-Spanid", spanID, "X-B3-Sampled", "1"}
	if len(parentID) > 0 {
		pairs = append(pairs, "X-B3-Parentspanid", parentID[0])
	}
	return pairs
}
