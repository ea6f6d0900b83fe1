package interop

import (
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/propagators/ot"
)

var otSample = header("ot-tracer-traceid", "a3ce929d0e0e4736", "ot-tracer-spanid", "00f067aa0ba902b7", "ot-tracer-sampled", "true")

// otTrace is contrib's propagator of ot-tracer-*. Both write the low half of a trace id.
var otTrace = peer{
	name:    "contrib's ot",
	format:  propagation.OTTrace,
	fields:  []string{"Ot-Tracer-Traceid", "Ot-Tracer-Spanid", "Ot-Tracer-Sampled"},
	sample:  otSample,
	inject:  otelInject(ot.OT{}, nil),
	extract: otelExtract(ot.OT{}),
	says:    idsAndFlag,
	writes: func(sc propagation.SpanContext) propagation.SpanContext {
		clear(sc.TraceID[:8])
		return sc
	},
	known: []difference{
		untrimmed("contrib's ot", proof{onlyOurs: spoil(otSample, "Ot-Tracer-Spanid", " "+"00f067aa0ba902b7")}),
		takesFirst("contrib's ot", proof{
			onlyOurs: spoil(otSample, "Ot-Tracer-Spanid", "", "00f067aa0ba902b7"),
			decision: spoil(otSample, "Ot-Tracer-Sampled", "", "1"),
		}),
		unreadable("contrib's ot", notLine("ot-tracer-sampled", `^(?i:0|1|true|false)$`), spoil(otSample, "Ot-Tracer-Sampled", "maybe")),
	},
}

func FuzzOTTrace(f *testing.F) { fuzz(f, otTrace) }
