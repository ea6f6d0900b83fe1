package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/getsentry/sentry-go"
	"github.com/traceferry/traceferry/propagation"
)

const (
	sentryTraceID = "771a43a4192642f0b136d5159a501700"
	sentrySpanID  = "7c51afd529da4a2a"
)

var sentrySample = header("sentry-trace", sentryTraceID+"-"+sentrySpanID+"-1")

// sentryGo is sentry-go's own parser and writer of sentry-trace.
var sentryGo = peer{
	name:   "sentry-go",
	format: propagation.Sentry,
	fields: []string{"Sentry-Trace"},
	sample: sentrySample,
	inject: func(sc propagation.SpanContext, h http.Header) {
		span := sentry.Span{TraceID: sentry.TraceID(sc.TraceID), SpanID: sentry.SpanID(sc.SpanID)}
		switch {
		case sc.Sampling.Sampled():
			span.Sampled = sentry.SampledTrue
		case sc.Sampling.Decided():
			span.Sampled = sentry.SampledFalse
		}
		h.Set(sentry.SentryTraceHeader, span.ToSentryTrace())
	},
	extract: func(h http.Header) (sc propagation.SpanContext) {
		parent, ok := sentry.ParseTraceParentContext([]byte(h.Get(sentry.SentryTraceHeader)))
		if !ok {
			return sc
		}
		sc.TraceID, sc.SpanID = [16]byte(parent.TraceID), [8]byte(parent.ParentSpanID)
		switch parent.Sampled {
		case sentry.SampledTrue:
			sc.Sampling = propagation.Accepted
		case sentry.SampledFalse:
			sc.Sampling = propagation.Denied
		}
		return sc
	},
	says: func(sc propagation.SpanContext) propagation.SpanContext {
		return propagation.SpanContext{TraceID: sc.TraceID, SpanID: sc.SpanID, Sampling: min(sc.Sampling, propagation.Accepted)} // Sentry has no debug decision
	},
	known: []difference{
		untrimmed("sentry-go", proof{onlyOurs: spoil(sentrySample, "Sentry-Trace", " "+sentryTraceID+"-"+sentrySpanID)}),
		takesFirst("sentry-go", proof{onlyOurs: spoil(sentrySample, "Sentry-Trace", "", sentryTraceID+"-"+sentrySpanID)}),
		{
			rule:  "Sentry says nothing of zeros. An id of zeros is invalid in every format here. sentry-go takes it.",
			shows: line("sentry-trace", `^0{32}-|-0{16}(-|$)`),
			makes: proof{onlyPeer: header("sentry-trace", sentryTraceID+"-0000000000000000-1")},
		},
	},
}

func FuzzSentry(f *testing.F) { fuzz(f, sentryGo) }

// TestSentryContinues: sentry-go continues a trace that a service without a tracer has forwarded. It keeps the
// decision, and the sampling context in the members sentry-* of baggage.
func TestSentryContinues(t *testing.T) {
	const members = "sentry-trace_id=" + sentryTraceID + ",sentry-public_key=key,sentry-sample_rand=0.5,sentry-sampled=true"
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.Sentry, propagation.Baggage}})
	for came, sampled := range map[string]sentry.Sampled{
		sentryTraceID + "-" + sentrySpanID:        sentry.SampledUndefined,
		sentryTraceID + "-" + sentrySpanID + "-0": sentry.SampledFalse,
		sentryTraceID + "-" + sentrySpanID + "-1": sentry.SampledTrue,
	} {
		r, err := http.NewRequest(http.MethodGet, "http://callee/", nil)
		if err != nil {
			t.Fatal(err)
		}
		p.InjectHTTP(p.ExtractHTTP(context.Background(), header("sentry-trace", came, "sentry-trace", "a later line", "baggage", members, "baggage", "user=7")), r.Header)
		sentry.StartTransaction(context.Background(), "callee", sentry.ContinueFromRequest(r), func(s *sentry.Span) { // runs before sentry-go's own sampler
			if s.TraceID.String() != sentryTraceID || s.ParentSpanID.String() != sentrySpanID || s.Sampled != sampled {
				t.Errorf("from %q sentry-go continues %v of %v, %v, want the caller's span and decision", r.Header, s.ParentSpanID, s.TraceID, s.Sampled)
			}
		})
		shared, err := sentry.DynamicSamplingContextFromHeader([]byte(r.Header.Get(sentry.SentryBaggageHeader)))
		if err != nil || shared.Entries["trace_id"] != sentryTraceID || shared.Entries["sample_rand"] != "0.5" || shared.Entries["user"] != "" {
			t.Errorf("from %q sentry-go reads %v, %v, want the caller's sampling context", r.Header, shared.Entries, err)
		}
		if lines := r.Header.Values("Baggage"); len(lines) != 2 || lines[1] != "user=7" {
			t.Errorf("the baggage is sent as %q, want Sentry's line and the received user=7", lines)
		}
	}
}
