package main

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/traceferry/traceferry/propagation"
)

// disagreement says that two formats of one request differ.
type disagreement struct {
	Format string `json:"format"`
	With   string `json:"with"`
	In     string `json:"in"` // "trace", "span" or "decision"
}

// disagreements compares the formats that name a trace, or decide, with the format that wins.
func disagreements(formats []formatRead, winner propagation.Format) (out []disagreement) {
	i := slices.IndexFunc(formats, func(f formatRead) bool { return f.format == winner })
	if i < 0 {
		return nil
	}
	first := formats[i]
	for _, f := range formats {
		if !f.says || f.format == winner {
			continue
		}
		differ := func(in string) { out = append(out, disagreement{f.Format, first.Format, in}) }
		switch a, b := f.sc, first.sc; {
		case a.TraceID.IsValid() && b.TraceID.IsValid() && !sameTrace(a.TraceID, b.TraceID):
			differ("trace")
		case a.SpanID.IsValid() && b.SpanID.IsValid() && a.SpanID != b.SpanID && !advanced(f, first):
			differ("span")
		case a.Sampling.Decided() && b.Sampling.Decided() && a.Sampling.Sampled() != b.Sampling.Sampled():
			differ("decision")
		}
	}
	return out
}

// sameTrace reports whether two trace ids are equal, or one is the lower half of the other: some formats have 64 bits.
func sameTrace(a, b [16]byte) bool {
	short := func(id [16]byte) bool { return binary.BigEndian.Uint64(id[:8]) == 0 }
	return a == b || (short(a) || short(b)) && [8]byte(a[8:]) == [8]byte(b[8:])
}

// advanced reports whether a b3 names the child of the span in x-b3-*. Envoy writes it so since 1.40.
func advanced(a, b formatRead) bool {
	if b.format == propagation.B3Single {
		a, b = b, a
	}
	return a.format == propagation.B3Single && b.format == propagation.B3Multi && a.sc.ParentID == b.sc.SpanID
}

// madeAt returns the time that a trace id holds. X-Ray's ids begin with the seconds since 1970. Those of Datadog have
// them in the upper half, if its other 32 bits are zero
// (https://docs.datadoghq.com/tracing/guide/span_and_trace_id_format/). Other ids are random. madeAt returns nil for
// them, and for a time before 2010 or in the future.
func madeAt(f propagation.Format, id [16]byte) *time.Time {
	seconds := binary.BigEndian.Uint32(id[:4])
	made := time.Unix(int64(seconds), 0).UTC()
	clocked := f == propagation.XRay || f == propagation.Datadog && binary.BigEndian.Uint32(id[4:8]) == 0
	if !clocked || made.Year() < 2010 || made.After(now().Add(24*time.Hour)) {
		return nil
	}
	return &made
}

// now is the time; tests set it.
var now = time.Now
