package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/DataDog/dd-trace-go/v2/ddtrace/tracer"
	"github.com/traceferry/traceferry/propagation"
)

// TestDatadogToTraceState compares two members dd for the same headers of Datadog: the one that this library makes, and
// the one that dd-trace-go makes.
func TestDatadogToTraceState(t *testing.T) {
	p := translator(propagation.Datadog, propagation.W3C)
	randomContexts(contexts, func(r *rand.Rand, sc propagation.SpanContext) {
		c := randomDatadog(r, sc)
		in, ours, theirs := http.Header{}, http.Header{}, http.Header{}
		ddWrite(t, ddHeaders, c, in)
		ddWrite(t, ddW3C, c, theirs)
		p.InjectHTTP(p.ExtractHTTP(context.Background(), in), ours)
		if got, want := ours.Get("traceparent"), theirs.Get("traceparent"); got != want {
			t.Fatalf("from %q\nwe made      %q\ndd-trace-go: %q", in, got, want)
		}
		if got, want := ddParts(ours.Get("tracestate")), ddParts(theirs.Get("tracestate")); !slices.Equal(got, want) {
			t.Fatalf("from %q\nwe made      %q\ndd-trace-go: %q", in, got, want)
		}
	})
}

// TestTraceStateToDatadog is the opposite direction: dd-trace-go's tracestate becomes Datadog's headers.
func TestTraceStateToDatadog(t *testing.T) {
	p := translator(propagation.W3C, propagation.Datadog)
	randomContexts(contexts, func(r *rand.Rand, sc propagation.SpanContext) {
		c := randomDatadog(r, sc)
		in, ours, theirs := http.Header{}, http.Header{}, http.Header{}
		ddWrite(t, ddW3C, c, in)
		read, err := ddW3C.Extract(tracer.HTTPHeadersCarrier(in))
		if err != nil {
			t.Fatal(err)
		}
		if err := ddHeaders.Inject(read, tracer.HTTPHeadersCarrier(theirs)); err != nil {
			t.Fatal(err)
		}
		p.InjectHTTP(p.ExtractHTTP(context.Background(), in), ours)
		sameDatadog(t, in, ours, theirs)
	})
}

// TestPriorityReconciled compares the results for a priority that agrees with the flags of traceparent, and for one
// that does not.
func TestPriorityReconciled(t *testing.T) {
	p := translator(propagation.W3C, propagation.Datadog)
	for _, flags := range []string{"00", "01"} {
		for priority := -2; priority <= 3; priority++ {
			in := header("traceparent", strings.TrimSuffix(w3cParent, "01")+flags, "tracestate", fmt.Sprintf("dd=s:%d", priority))
			out := http.Header{}
			p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
			read, err := ddW3C.Extract(tracer.HTTPHeadersCarrier(in))
			if err != nil {
				t.Fatal(err)
			}
			want, _ := read.SamplingPriority()
			if got := out.Get("x-datadog-sampling-priority"); got != fmt.Sprint(want) {
				t.Errorf("%q: we made the priority %q, dd-trace-go %d", in, got, want)
			}
		}
	}
}

// TestDatadogAroundLocalSpan runs a local span of ours between two services with dd-trace-go. The second service reads
// that span, and all other values as the first one sent them. If the decision has changed, the decision maker is
// dropped.
func TestDatadogAroundLocalSpan(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.Datadog}, LocalSpan: localSpan})
	randomContexts(contexts, func(r *rand.Rand, sc propagation.SpanContext) {
		c := randomDatadog(r, sc)
		in, ours, want := http.Header{}, http.Header{}, http.Header{}
		ddWrite(t, ddHeaders, c, in)
		ctx := p.ExtractHTTP(context.Background(), in)

		local, _ := propagation.RemoteFromContext(ctx)
		putID(r, local.SpanID[:])
		c.SpanContext = local
		if r.IntN(2) == 0 {
			changed := 1.0
			local.Sampling = propagation.Accepted
			if *c.priority > 0 {
				changed, local.Sampling = 0, propagation.Denied
			}
			c.priority = &changed
			delete(c.tags, "_dd.p.dm")
		}
		p.InjectHTTP(startSpan(ctx, local), ours)
		ddWrite(t, ddHeaders, c, want)
		sameDatadog(t, in, ours, want)
	})
}

// TestDatadogMemberSize fills the member dd to its maximum. dd-trace-go ignores a member of more than 256 bytes, which
// includes the key.
func TestDatadogMemberSize(t *testing.T) {
	p := translator(propagation.Datadog, propagation.W3C)
	userKeep := 2.0
	for size := range 300 {
		c := ddContext{
			SpanContext: read(propagation.W3C, w3cSample), priority: &userKeep,
			tags: map[string]string{"_dd.p.long": strings.Repeat("x", 1+size)},
		}
		in, out := http.Header{}, http.Header{}
		ddWrite(t, ddHeaders, c, in)
		p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
		read, err := ddW3C.Extract(tracer.HTTPHeadersCarrier(out))
		if err != nil {
			t.Fatal(err)
		}
		if priority, _ := read.SamplingPriority(); priority != int(userKeep) {
			t.Fatalf("from %d bytes, %q, dd-trace-go read priority %d; want user keep %v", len(out.Get("tracestate")), out, priority, userKeep)
		}
	}
}

// sameDatadog compares Datadog's headers. Tags have no order.
func sameDatadog(t *testing.T, in, ours, theirs http.Header) {
	t.Helper()
	for _, field := range datadog.fields {
		got, want := strings.Split(ours.Get(field), ","), strings.Split(theirs.Get(field), ",")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%s: from %q\nwe made %q\nwant    %q", field, in, got, want)
		}
	}
}

func ddWrite(t *testing.T, p tracer.Propagator, c ddContext, h http.Header) {
	t.Helper()
	if err := p.Inject(tracer.FromGenericCtx(c), tracer.HTTPHeadersCarrier(h)); err != nil {
		t.Fatal(err)
	}
}

// randomDatadog adds values to a context that only Datadog's headers have.
func randomDatadog(r *rand.Rand, sc propagation.SpanContext) ddContext {
	priority := float64(r.IntN(5) - 2)
	c := ddContext{SpanContext: sc, priority: &priority, tags: map[string]string{}}
	if r.IntN(2) == 0 {
		c.origin = strings.ReplaceAll(randomText(r, 12), " ", "") // see TestDatadogOrigin
	}
	for range r.IntN(4) {
		c.tags[fmt.Sprintf("_dd.p.k%d", r.IntN(100))] = "x" + strings.ReplaceAll(randomText(r, 12), ",", "") + "x" // white space at the ends does not belong to a tag
	}
	if r.IntN(2) == 0 {
		c.tags["_dd.p.dm"] = fmt.Sprintf("-%d", r.IntN(10))
	}
	return c
}

// randomText returns 1 to max printable characters. Many of them are from tracestate's grammar.
func randomText(r *rand.Rand, max int) string {
	b := make([]byte, 1+r.IntN(max))
	for i := range b {
		b[i] = byte('!' + r.IntN('~'-'!'+1))
		if r.IntN(3) == 0 {
			b[i] = ",;=~: "[r.IntN(6)]
		}
	}
	return string(b)
}

// TestDatadogOrigin shows which characters of an origin are escaped. dd-trace-go also replaces a space, and replaces a
// run of illegal characters with one underscore.
func TestDatadogOrigin(t *testing.T) {
	p := translator(propagation.Datadog, propagation.W3C)
	for _, test := range []struct{ origin, ours, theirs string }{
		{"synthetics~;=web,z", "o:synthetics__~web_z", "o:synthetics__~web_z"},
		{"two words", "o:two words", "o:two_words"},
		{"éè", "o:__", "o:_"},
	} {
		c := ddContext{SpanContext: read(propagation.W3C, w3cSample), origin: test.origin}
		in, ours, theirs := http.Header{}, http.Header{}, http.Header{}
		ddWrite(t, ddHeaders, c, in)
		ddWrite(t, ddW3C, c, theirs)
		p.InjectHTTP(p.ExtractHTTP(context.Background(), in), ours)
		if got := ddParts(ours.Get("tracestate")); !slices.Contains(got, test.ours) {
			t.Errorf("%q: we made %q; want %q", test.origin, got, test.ours)
		}
		if got := ddParts(theirs.Get("tracestate")); !slices.Contains(got, test.theirs) {
			t.Errorf("%q: dd-trace-go made %q; want %q", test.origin, got, test.theirs)
		}
	}
}

// ddParts returns the sorted parts of the member dd, because tags have no order.
func ddParts(list string) []string {
	for member := range strings.SplitSeq(list, ",") {
		if value, ok := strings.CutPrefix(member, "dd="); ok {
			parts := strings.Split(value, ";")
			slices.Sort(parts)
			return parts
		}
	}
	return nil
}
