package samples_test

import (
	"context"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
)

func TestSamplesHaveEveryHeaderOfTheirFormat(t *testing.T) {
	for _, f := range propagation.AllFormats() {
		h := samples.Headers(samples.New(1), []propagation.Format{f})
		for _, name := range f.Fields() {
			if h.Get(name) == "" {
				t.Errorf("the sample of %v has no %s", f, name)
			}
		}
		for _, prefix := range f.Prefixes() {
			found := false
			for name := range h {
				found = found || strings.HasPrefix(strings.ToLower(name), prefix)
			}
			if !found {
				t.Errorf("the sample of %v has no header with the prefix %s", f, prefix)
			}
		}
	}
}

// TestSamplesNameTheirSpan: each format that names a span has a reader that finds the caller's span in the sample.
func TestSamplesNameTheirSpan(t *testing.T) {
	c := samples.New(1)
	for _, f := range propagation.AllFormats() {
		h := samples.Headers(c, []propagation.Format{f})
		trace, span, parent, ok := samples.Span(f.String(), h.Get)
		if names := wire.Format(f).Decodes(); ok != names || names != (samples.SpanHeader(f.String()) != "") {
			t.Errorf("%v: found a span: %v, want %v", f, ok, names)
			continue
		}
		if ok && (!strings.HasSuffix(c.TraceID(), trace) || span != c.SpanID() || parent != "" && parent != c.ParentID() && parent != strings.Repeat("0", len(parent))) {
			t.Errorf("%v: read span %s of trace %s with parent %s, want the caller's span", f, span, trace, parent)
		}
	}
}

// The library must be able to read each sample, because a test with an unreadable sample proves little.
func TestSamplesAreValid(t *testing.T) {
	for _, f := range propagation.AllFormats() {
		p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
		c := samples.New(1)
		ctx := p.ExtractHTTP(context.Background(), samples.Headers(c, []propagation.Format{f}))
		remote, _ := propagation.RemoteFromContext(ctx)
		switch f {
		case propagation.RequestID:
			if reason := propagation.TraceReasonOf(propagation.RequestIDFromContext(ctx)); reason != propagation.SampledByEnvoy {
				t.Errorf("x-request-id has the reason %v, want sampled by Envoy", reason)
			}
		case propagation.Baggage, propagation.SkyWalking, propagation.ClientTrace, propagation.Linkerd1, propagation.AzureRequestID:
		default:
			if !remote.IsValid() || !remote.Sampling.Sampled() {
				t.Errorf("%v: read %+v, want a sampled span with both ids", f, remote)
			}
		}
	}
}
