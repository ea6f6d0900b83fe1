package interop

import (
	"encoding/binary"
	"net/http"
	"testing"

	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/propagation/b3"
	"github.com/traceferry/traceferry/propagation"
)

// zipkinSays returns the part of B3 that zipkin-go keeps: everything.
func zipkinSays(sc propagation.SpanContext) propagation.SpanContext {
	sc.Random, sc.TraceState = false, ""
	return sc
}

// parentNeedsState removes the parent if there is no decision; see TestZipkinParentWithoutState.
func parentNeedsState(sc propagation.SpanContext) propagation.SpanContext {
	if sc.Sampling == propagation.Deferred {
		clear(sc.ParentID[:])
	}
	return sc
}

func zipkinInject(opts ...b3.InjectOption) func(propagation.SpanContext, http.Header) {
	return func(sc propagation.SpanContext, h http.Header) {
		z := model.SpanContext{
			TraceID: model.TraceID{High: binary.BigEndian.Uint64(sc.TraceID[:8]), Low: binary.BigEndian.Uint64(sc.TraceID[8:])},
			ID:      model.ID(binary.BigEndian.Uint64(sc.SpanID[:])),
			Debug:   sc.Sampling == propagation.Debug,
		}
		if sc.ParentID.IsValid() {
			parent := model.ID(binary.BigEndian.Uint64(sc.ParentID[:]))
			z.ParentID = &parent
		}
		if sampled := sc.Sampling.Sampled(); sc.Sampling.Decided() && !z.Debug {
			z.Sampled = &sampled
		}
		_ = b3.InjectHTTP(&http.Request{Header: h}, opts...)(z) // an error only for the empty context
	}
}

func zipkinExtract(h http.Header) (sc propagation.SpanContext) {
	z, err := b3.ExtractHTTP(&http.Request{Header: h})()
	if err != nil {
		return sc
	}
	binary.BigEndian.PutUint64(sc.TraceID[:8], z.TraceID.High)
	binary.BigEndian.PutUint64(sc.TraceID[8:], z.TraceID.Low)
	binary.BigEndian.PutUint64(sc.SpanID[:], uint64(z.ID))
	if z.ParentID != nil {
		binary.BigEndian.PutUint64(sc.ParentID[:], uint64(*z.ParentID))
	}
	switch {
	case z.Debug:
		sc.Sampling = propagation.Debug
	case z.Sampled != nil:
		sc.Sampling = propagation.Denied
		if *z.Sampled {
			sc.Sampling = propagation.Accepted
		}
	}
	return sc
}

// zipkinSingle is zipkin-go's B3 propagator with the header b3.
var zipkinSingle = peer{
	name:   "zipkin-go",
	format: propagation.B3Single,
	fields: []string{"B3"},
	sample: b3SingleSample,
	inject: func(sc propagation.SpanContext, h http.Header) {
		zipkinInject(b3.WithSingleHeaderOnly())(parentNeedsState(sc), h)
	},
	extract: zipkinExtract,
	says:    zipkinSays,
	writes:  parentNeedsState,
	known: []difference{
		untrimmed("zipkin-go", proof{onlyOurs: spoil(b3SingleSample, "B3", " "+b3Value)}),
		takesFirst("zipkin-go", proof{onlyOurs: spoil(b3SingleSample, "B3", "", b3Value)}),
		unreadable("zipkin-go", line("b3", `^[ \t]*([^01d]|[0-9a-fA-F]+-[0-9a-fA-F]{16}-[^01d-](-[0-9a-fA-F]{16})?)[ \t]*$`), header("b3", b3Trace+"-"+b3Span+"-D")),
		{
			rule:  "B3, Identifiers: lower-case hexadecimal. We read upper case where the trace id is in it; zipkin-go always.",
			shows: line("b3", `[A-F]`),
			makes: proof{onlyPeer: header("b3", b3Trace+"-E457B5A2E4D86BD1-1")},
		},
		{
			rule:  "B3 says nothing of zeros; Brave and OpenTelemetry refuse them. zipkin-go takes ids of zeros.",
			shows: line("b3", `^0{16}|-0{16}`),
			makes: proof{onlyPeer: header("b3", b3Trace+"-0000000000000000-1")},
		},
		{
			rule:  "B3, Single Header: the last two fields are optional. zipkin-go refuses a parent without a state, though it writes such.",
			shows: line("b3", `(?i)^[0-9a-f]+-[0-9a-f]{16}-[0-9a-f]{16}$`),
			makes: proof{onlyOurs: header("b3", b3Trace+"-"+b3Span+"-05e3ac9a4f6e3b90")},
		},
		{
			rule:  "B3, Single Header: fields are separated by dashes. zipkin-go takes any character in their places.",
			shows: line("b3", `^[0-9a-f]{32}[^-]|^([0-9a-f]{16}){1,2}.[0-9a-f]{16}([^-]|-.[^-])`),
			makes: proof{onlyPeer: header("b3", b3Trace+"_"+b3Span+"-1")},
		},
		{
			rule:  "B3, Single Header: a trace id has 16 or 32 digits. At 33 to 48 characters without a dash after 16, zipkin-go reads beyond the end.",
			shows: line("b3", `^[0-9a-fA-F]{16}[^-].{16,31}$`),
			makes: proof{peerPanic: header("b3", b3Trace+"-e45")},
		},
	},
}

// zipkinMulti is zipkin-go's B3 propagator with five headers.
var zipkinMulti = peer{
	name:    "zipkin-go, multiple headers",
	format:  propagation.B3Multi,
	fields:  b3Fields,
	sample:  b3MultiSample,
	inject:  zipkinInject(),
	extract: zipkinExtract,
	says:    zipkinSays,
	known: []difference{
		untrimmed("zipkin-go, multiple headers", proof{
			onlyOurs: spoil(b3MultiSample, "X-B3-Spanid", " "+b3Span),
			decision: spoil(b3MultiSample, "X-B3-Flags", "1 "),
		}),
		takesFirst("zipkin-go, multiple headers", proof{
			onlyOurs: spoil(b3MultiSample, "X-B3-Spanid", "", b3Span),
			onlyPeer: spoil(b3MultiSample, "X-B3-Parentspanid", "", "x"),
			decision: spoil(b3MultiSample, "X-B3-Sampled", "", "1"),
			otherIDs: header("x-b3-sampled", "1", "x-b3-traceid", "", "x-b3-traceid", b3Trace, "x-b3-spanid", "", "x-b3-spanid", b3Span),
			details:  spoil(b3MultiSample, "X-B3-Parentspanid", "", b3Span),
		}),
		{
			rule:  "B3, Identifiers: lower-case hexadecimal. We read upper case where the trace id is in it; zipkin-go always.",
			shows: zipkinMultiIDs(`[A-F]`),
			makes: proof{onlyPeer: spoil(b3MultiSample, "X-B3-Spanid", "E457B5A2E4D86BD1")},
		},
		{
			rule: "B3, Identifiers: an id has 16 digits, a trace id 16 or 32. We read 13 and more of 16, as Envoy does, and none of 17 to 31, as Envoy does not. " +
				"zipkin-go takes any number up to 16 or 32, and any number of zeros in front.",
			shows: func(h http.Header) bool {
				return anyLine(`^(.{1,12}|.{17,31}|.{33,})$`, "X-B3-Traceid")(h) || anyLine(`^.{1,12}$`, "X-B3-Spanid")(h)
			},
			makes: proof{onlyPeer: spoil(b3MultiSample, "X-B3-Traceid", b3Trace[1:])},
		},
		{
			rule:  "B3 says nothing of zeros; Brave and OpenTelemetry refuse them. zipkin-go takes ids of zeros.",
			shows: zipkinMultiIDs(`^0+$`),
			makes: proof{onlyPeer: spoil(b3MultiSample, "X-B3-Traceid", "0000000000000000")},
		},
		unreadable("zipkin-go, multiple headers", notLine("x-b3-sampled", `^(?i:0|1|true|false)$`), spoil(b3MultiSample, "X-B3-Sampled", "10")),
	},
}

// zipkinMultiIDs reports whether one of the three ids matches.
func zipkinMultiIDs(pattern string) func(http.Header) bool {
	return anyLine(pattern, b3Fields[:3]...)
}

func FuzzZipkinB3Single(f *testing.F) { fuzz(f, zipkinSingle) }
func FuzzZipkinB3Multi(f *testing.F)  { fuzz(f, zipkinMulti) }

// TestZipkinParentWithoutState shows a header that zipkin-go writes but does not read: the parent is in the place of
// the state. We read it, and never write it.
func TestZipkinParentWithoutState(t *testing.T) {
	sc := read(propagation.B3Single, b3SingleSample)
	sc.Sampling = propagation.Deferred
	h := http.Header{}
	zipkinInject(b3.WithSingleHeaderOnly())(sc, h)
	if got := zipkinExtract(h); got != (propagation.SpanContext{}) {
		t.Errorf("zipkin-go read %+v from its own %q, want that it reads nothing", got, h)
	}
	if got := read(propagation.B3Single, h); got != sc {
		t.Errorf("from %q we read    %+v\nzipkin-go meant %+v", h, got, sc)
	}
	if got, want := write(propagation.B3Single, sc).Get("b3"), b3Trace+"-"+b3Span; got != want {
		t.Errorf("we wrote %q; want %q", got, want)
	}
}
