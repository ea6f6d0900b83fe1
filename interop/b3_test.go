package interop

import (
	"context"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/contrib/propagators/b3"
	otel "go.opentelemetry.io/otel/propagation"
)

const (
	b3Trace = "80f198ee56343ba864fe8b2a57d3eff7"
	b3Span  = "e457b5a2e4d86bd1"
	b3Value = b3Trace + "-" + b3Span + "-1"
)

var (
	b3Fields       = []string{"X-B3-Traceid", "X-B3-Spanid", "X-B3-Parentspanid", "X-B3-Sampled", "X-B3-Flags"}
	b3SingleSample = header("b3", b3Value+"-05e3ac9a4f6e3b90")
	b3MultiSample  = header("x-b3-traceid", b3Trace, "x-b3-spanid", b3Span, "x-b3-parentspanid", "05e3ac9a4f6e3b90", "x-b3-sampled", "1")
)

// b3Says returns the part of B3 that OpenTelemetry's propagator keeps: everything but the parent.
func b3Says(sc propagation.SpanContext) propagation.SpanContext {
	return propagation.SpanContext{TraceID: sc.TraceID, SpanID: sc.SpanID, Sampling: sc.Sampling}
}

// b3States are contexts in which the propagator has recorded a debug or an open decision. Its context keys are
// unexported, so the contexts come from its own Extract.
func b3States(s propagation.Sampling) context.Context {
	value := strings.TrimSuffix(b3Value, "-1")
	switch s {
	case propagation.Debug:
		value += "-d"
	case propagation.Deferred:
	default:
		return context.Background()
	}
	return b3.New().Extract(context.Background(), otel.HeaderCarrier(header("b3", value)))
}

// extractB3 reads the ids from the context. It reads the decision from the headers that the propagator writes for that
// context.
func extractB3(h http.Header) propagation.SpanContext {
	ctx := b3.New().Extract(context.Background(), otel.HeaderCarrier(h))
	sc := fromOTel(ctx)
	if !sc.IsValid() {
		return sc
	}
	out := http.Header{}
	b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader)).Inject(ctx, otel.HeaderCarrier(out))
	switch {
	case out.Get("x-b3-flags") == "1":
		sc.Sampling = propagation.Debug
	case out.Get("x-b3-sampled") == "":
		sc.Sampling = propagation.Deferred
	}
	return sc
}

// b3Single is contrib's B3 propagator with the header b3.
var b3Single = peer{
	name:    "contrib's b3",
	format:  propagation.B3Single,
	fields:  []string{"B3"},
	sample:  b3SingleSample,
	inject:  otelInject(b3.New(), b3States),
	extract: extractB3,
	says:    b3Says,
	known: []difference{
		untrimmed("contrib's b3", proof{onlyOurs: spoil(b3SingleSample, "B3", " "+b3Value)}),
		takesFirst("contrib's b3", proof{onlyOurs: spoil(b3SingleSample, "B3", "", b3Value)}),
		upperCaseB3(`^[0-9a-fA-F]*[A-F][0-9a-fA-F]*-`, header("b3", strings.ToUpper(b3Value))),
		unreadable("contrib's b3", line("b3", `^[ \t]*([^01d]|[0-9a-fA-F]+-[0-9a-fA-F]{16}-[^01d-](-[0-9a-fA-F]{16})?)[ \t]*$`), header("b3", b3Trace+"-"+b3Span+"-D")),
		{
			rule:  "B3, Single Header: the state may stand alone. OpenTelemetry has no place for it without ids.",
			shows: line("b3", `^[ \t]*[01d][ \t]*$`),
			makes: proof{onlyOurs: header("b3", "0")},
		},
		{
			rule:  "B3, Single Header: the last two fields are optional. contrib refuses a parent without a state.",
			shows: line("b3", `^[0-9a-f]+-[0-9a-f]{16}-[0-9a-f]{16}$`),
			makes: proof{onlyOurs: header("b3", b3Trace+"-"+b3Span+"-05e3ac9a4f6e3b90")},
		},
		{
			rule:  "B3 says nothing of zeros; as in Brave, a parent of zeros is none. contrib refuses the header.",
			shows: line("b3", `-0{16}$`),
			makes: proof{onlyOurs: header("b3", b3Value+"-0000000000000000")},
		},
		{
			rule:  "B3, Single Header: fields are separated by dashes. contrib takes any character after the span id and after the state.",
			shows: line("b3", `^([0-9a-f]{16}){1,2}-[0-9a-f]{16}([^-].|-.[^-].*|[^-].-.*|[^-].[^-].*)$`),
			makes: proof{onlyPeer: header("b3", b3Trace+"-"+b3Span+"_1")},
		},
	},
}

// b3Multi is contrib's B3 propagator with five headers.
var b3Multi = peer{
	name:    "contrib's b3, multiple headers",
	format:  propagation.B3Multi,
	fields:  b3Fields,
	sample:  b3MultiSample,
	inject:  otelInject(b3.New(b3.WithInjectEncoding(b3.B3MultipleHeader)), b3States),
	extract: extractB3,
	says:    b3Says,
	known: []difference{
		untrimmed("contrib's b3, multiple headers", proof{
			onlyOurs: spoil(b3MultiSample, "X-B3-Spanid", " "+b3Span),
			decision: spoil(b3MultiSample, "X-B3-Flags", "1 "),
		}),
		takesFirst("contrib's b3, multiple headers", proof{
			onlyOurs: spoil(b3MultiSample, "X-B3-Spanid", "", b3Span),
			onlyPeer: spoil(b3MultiSample, "X-B3-Parentspanid", "", "x"),
			decision: spoil(b3MultiSample, "X-B3-Sampled", "", "1"),
		}),
		upperCaseB3(`[A-F]`, spoil(b3MultiSample, "X-B3-Traceid", strings.ToUpper(b3Trace))),
		{
			rule: "B3, Identifiers: ids have 16 or 32 digits. Envoy reads them with zeros lost or added on the left, and so do we. contrib does not.",
			shows: func(h http.Header) bool {
				return anyLine(`^(.{13,15}|0.{16,})$`, "X-B3-Traceid")(h) || anyLine(`^(.{13,15}|0.{16,})$`, "X-B3-Spanid")(h) || anyLine(`^(.{1,15}|0.{16,})$`, "X-B3-Parentspanid")(h)
			},
			makes: proof{onlyOurs: spoil(b3MultiSample, "X-B3-Traceid", b3Trace[17:])},
		},
		{
			rule:  "B3, Sampling State: it may travel alone. OpenTelemetry has no place for it without ids.",
			shows: func(h http.Header) bool { return h.Get("x-b3-traceid") == "" && h.Get("x-b3-spanid") == "" },
			makes: proof{onlyOurs: header("x-b3-sampled", "0")},
		},
		unreadable("contrib's b3, multiple headers", notLine("x-b3-sampled", `^(?i:0|1|true|false)$`), spoil(b3MultiSample, "X-B3-Sampled", "10")),
		{
			rule:  "B3 says nothing of zeros; as in Brave, a parent of zeros is none. contrib refuses the headers.",
			shows: line("x-b3-parentspanid", `^0{16}$`),
			makes: proof{onlyOurs: spoil(b3MultiSample, "X-B3-Parentspanid", "0000000000000000")},
		},
	},
}

// upperCaseB3 is the difference for ids in upper case, which contrib treats differently.
func upperCaseB3(pattern string, h http.Header) difference {
	return difference{
		rule:  "B3, Identifiers: lower-case hexadecimal. Envoy reads upper case, and so do we where the trace id is in it. contrib does not.",
		shows: anyLine(pattern, "B3", "X-B3-Traceid"),
		makes: proof{onlyOurs: h},
	}
}

func FuzzB3Single(f *testing.F) { fuzz(f, b3Single) }
func FuzzB3Multi(f *testing.F)  { fuzz(f, b3Multi) }

// FuzzB3Both passes both forms of B3 to contrib and to us at once. If both read each form alike, they must also read
// the two together alike. There is one exception: a state without ids in b3. contrib then adds a debug or an open
// decision to the ids of x-b3-*.
func FuzzB3Both(f *testing.F) {
	both := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.B3Single, propagation.B3Multi}})
	for _, s := range b3Single.seeds(f) {
		f.Add(s.Get("b3"), b3Trace, b3Span, "1", "")
	}
	for _, m := range b3Multi.seeds(f) {
		f.Add(b3Value, m.Get("x-b3-traceid"), m.Get("x-b3-spanid"), m.Get("x-b3-sampled"), m.Get("x-b3-flags"))
	}
	f.Fuzz(func(t *testing.T, single, traceID, spanID, sampled, flags string) {
		s := present("b3", single)
		m := present("x-b3-traceid", traceID, "x-b3-spanid", spanID, "x-b3-sampled", sampled, "x-b3-flags", flags)
		if len(single) == 1 || b3Single.compare(s).outcome != same || b3Multi.compare(m).outcome != same {
			return
		}
		h := maps.Clone(m)
		maps.Copy(h, s)
		sc, _ := propagation.RemoteFromContext(both.ExtractHTTP(context.Background(), h))
		if ours, theirs := b3Says(sc), extractB3(h); ours != theirs {
			t.Errorf("header %q\nours   %+v\ntheirs %+v", h, ours, theirs)
		}
	})
}

// present returns the header without empty values.
func present(pairs ...string) http.Header {
	h := header(pairs...)
	maps.DeleteFunc(h, func(_ string, lines []string) bool { return lines[0] == "" })
	return h
}
