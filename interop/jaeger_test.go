package interop

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	contrib "go.opentelemetry.io/contrib/propagators/jaeger"
	otel "go.opentelemetry.io/otel/propagation"
)

const jaegerIDs = "a1ce929d0e0e4736a3ce929d0e0e4736:00f067aa0ba902b7"

var jaegerSample = header("uber-trace-id", jaegerIDs+":0:1")

// jaegerStates are contexts in which the propagator has recorded the debug flag.
func jaegerStates(s propagation.Sampling) context.Context {
	if s != propagation.Debug {
		return context.Background()
	}
	return contrib.Jaeger{}.Extract(context.Background(), otel.HeaderCarrier(header("uber-trace-id", jaegerIDs+":0:3")))
}

// extractJaeger finds out with the propagator's own Inject whether it read debug.
func extractJaeger(h http.Header) propagation.SpanContext {
	ctx := contrib.Jaeger{}.Extract(context.Background(), otel.HeaderCarrier(h))
	sc := fromOTel(ctx)
	out := http.Header{}
	contrib.Jaeger{}.Inject(ctx, otel.HeaderCarrier(out))
	if strings.HasSuffix(out.Get("uber-trace-id"), ":3") {
		sc.Sampling = propagation.Debug
	}
	return sc
}

// jaeger is contrib's propagator for uber-trace-id.
var jaeger = peer{
	name:    "contrib's jaeger",
	format:  propagation.Jaeger,
	fields:  []string{"Uber-Trace-Id"},
	sample:  jaegerSample,
	inject:  otelInject(contrib.Jaeger{}, jaegerStates),
	extract: extractJaeger,
	says: func(sc propagation.SpanContext) propagation.SpanContext {
		kept := propagation.SpanContext{TraceID: sc.TraceID, SpanID: sc.SpanID, Sampling: sc.Sampling}
		if sc.Sampling == propagation.Deferred {
			kept.Sampling = propagation.Denied
		}
		return kept
	},
	known: []difference{
		untrimmed("contrib's jaeger", proof{onlyOurs: spoil(jaegerSample, "Uber-Trace-Id", " "+jaegerIDs+":0:1")}),
		takesFirst("contrib's jaeger", proof{onlyOurs: spoil(jaegerSample, "Uber-Trace-Id", "", jaegerIDs+":0:1")}),
		{
			rule:  "Jaeger, Propagation Format: the value may be URL-encoded. contrib does not decode it.",
			shows: line("uber-trace-id", `%[0-9a-fA-F]{2}`),
			makes: proof{onlyOurs: header("uber-trace-id", strings.ReplaceAll(jaegerIDs+":0:1", ":", "%3A"))},
		},
		{
			rule: "Jaeger, Propagation Format: the value may be URL-encoded, so a percent sign has to begin an escape, also in the " +
				"parent, which is not used. contrib passes over the parent as it is.",
			shows: line("uber-trace-id", `^[^:]*:[^:]*:[^:]*%`),
			makes: proof{onlyPeer: header("uber-trace-id", jaegerIDs+":%zz:1")},
		},
		{
			rule:  "Jaeger, Propagation Format: flags are one or two hexadecimal digits. contrib takes no digit at all for none set.",
			shows: line("uber-trace-id", `:$`),
			makes: proof{onlyPeer: header("uber-trace-id", jaegerIDs+":0:")},
		},
		{
			rule:  "Jaeger, Propagation Format: flags are hexadecimal digits. contrib takes a sign before them.",
			shows: line("uber-trace-id", `:[+-][0-9a-fA-F]+$`),
			makes: proof{onlyPeer: header("uber-trace-id", jaegerIDs+":0:+B")},
		},
		{
			rule:  "Jaeger, Propagation Format: flags are one or two digits; as contrib, we take more. It stops at 63 bits.",
			shows: line("uber-trace-id", `:[0-9a-fA-F]{16,}$`),
			makes: proof{onlyOurs: header("uber-trace-id", jaegerIDs+":0:ffffffffffffffff")},
		},
	},
}

func FuzzJaeger(f *testing.F) { fuzz(f, jaeger) }
