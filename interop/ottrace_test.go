package interop

import (
	"context"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/propagators/ot"
	"go.opentelemetry.io/otel/baggage"
	otelpropagation "go.opentelemetry.io/otel/propagation"
)

var otSample = header("ot-tracer-traceid", "a3ce929d0e0e4736", "ot-tracer-spanid", "00f067aa0ba902b7", "ot-tracer-sampled", "true")

// otTrace is contrib's propagator for ot-tracer-*. It and this library write the low half of a trace id.
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

// TestOTBaggage: contrib's ot and this library make the same baggage from ot-baggage-*. Each reads the headers that the
// other writes.
func TestOTBaggage(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.OTTrace}})
	in := otSample.Clone()
	in.Set("ot-baggage-User-Id", "j=1+2")
	in.Set("ot-baggage-tenant", "acme")
	theirs := ot.OT{}.Extract(context.Background(), otelpropagation.HeaderCarrier(in))
	ours := p.ExtractHTTP(context.Background(), in)
	same := func(a, b context.Context) {
		t.Helper()
		left, right := baggage.FromContext(a), baggage.FromContext(b)
		if left.Len() != right.Len() || left.Len() == 0 {
			t.Fatalf("the baggage is %q and %q, want the same members", left, right)
		}
		for _, m := range left.Members() {
			if got := right.Member(m.Key()).Value(); got != m.Value() {
				t.Errorf("the member %s is %q and %q, want the same value", m.Key(), m.Value(), got)
			}
		}
	}
	same(theirs, ours)
	m, err := baggage.NewMemberRaw("added", "x:y")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.FromContext(ours).SetMember(m)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs = baggage.ContextWithBaggage(ours, bag), baggage.ContextWithBaggage(theirs, bag)
	out, outTheirs := http.Header{}, http.Header{}
	p.InjectHTTP(ours, out)
	ot.OT{}.Inject(theirs, otelpropagation.HeaderCarrier(outTheirs))
	same(ours, ot.OT{}.Extract(context.Background(), otelpropagation.HeaderCarrier(out)))
	same(theirs, p.ExtractHTTP(context.Background(), outTheirs))
}
