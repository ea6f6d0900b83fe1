package answer

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/traceferry/traceferry/internal/race"
	"github.com/traceferry/traceferry/internal/wire"
)

func TestValuesOf(t *testing.T) {
	const id, span = "00000000000000000000000000000001", "0000000000000002"
	ids := wire.SpanContext{TraceID: [16]byte{15: 1}, SpanID: [8]byte{7: 2}}
	value := func(flags string) string { return "00-" + id + "-" + span + "-" + flags }
	for name, c := range map[string]struct {
		change          func(*wire.SpanContext)
		response, timed string // the flags
	}{
		"open":                {func(*wire.SpanContext) {}, "00", "00"},
		"denied":              {func(sc *wire.SpanContext) { sc.Sampling = wire.Denied }, "00", "00"},
		"accepted":            {func(sc *wire.SpanContext) { sc.Sampling = wire.Accepted }, "01", "01"},
		"debug":               {func(sc *wire.SpanContext) { sc.Sampling = wire.Debug }, "01", "01"},
		"random":              {func(sc *wire.SpanContext) { sc.Random = true }, "02", "00"},
		"random and accepted": {func(sc *wire.SpanContext) { sc.Random, sc.Sampling = true, wire.Accepted }, "03", "01"},
	} {
		sc := ids
		c.change(&sc)
		want := Values{value(c.response), `traceparent;desc="` + value(c.timed) + `"`, id}
		if got := ValuesOf(sc); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if got, want := ValuesOf(wire.SpanContext{TraceID: ids.TraceID, Sampling: wire.Accepted}), (Values{TraceID: id}); got != want {
		t.Errorf("without a span id, the values are %+v, want only the trace id", got)
	}
	for _, sc := range []wire.SpanContext{{}, {SpanID: ids.SpanID}, {Sampling: wire.Accepted}} {
		if got := ValuesOf(sc); got != (Values{}) {
			t.Errorf("the values of %+v are %+v, want none", sc, got)
		}
	}
	if race.Enabled {
		return
	}
	var v Values
	if got := testing.AllocsPerRun(100, func() { v = ValuesOf(ids) }); got != 1 || v.TraceID != id {
		t.Errorf("ValuesOf costs %v allocations, want 1", got)
	}
}

func TestWithoutTraceparent(t *testing.T) {
	for _, c := range []struct{ lines, want []string }{
		{nil, nil},
		{[]string{"db;dur=5"}, []string{"db;dur=5"}},
		{[]string{"traceparent"}, nil},
		{[]string{`traceparent;desc="00-1"`}, nil},
		{[]string{` TraceParent ;desc=x`}, nil},
		{[]string{`a, traceparent;desc="x, y",,b;dur=1 `, "c , d"}, []string{"a, b;dur=1", "c , d"}},
		{[]string{"traceparent", "a,traceparent", " b "}, []string{"a", " b "}},
		{[]string{`a;desc="x, traceparent"`}, []string{`a;desc="x, traceparent"`}},
		{[]string{`a;desc="\", traceparent"`}, []string{`a;desc="\", traceparent"`}},
		{[]string{`a;desc="x, traceparent`}, []string{`a;desc="x`}},
		{[]string{`a;desc="x\", traceparent`}, []string{`a;desc="x\"`}},
		{[]string{"traceparents, a;traceparent, a=traceparent"}, []string{"traceparents, a;traceparent, a=traceparent"}},
		{[]string{""}, []string{""}},
	} {
		before := slices.Clone(c.lines)
		if got := WithoutTraceparent(c.lines); !slices.Equal(got, c.want) {
			t.Errorf("%q: %q, want %q", c.lines, got, c.want)
		}
		if !slices.Equal(c.lines, before) {
			t.Errorf("the lines %q were changed to %q", before, c.lines)
		}
	}
}

// The time is linear in the size, whatever another service sends.
func TestWithoutTraceparentIsLinear(t *testing.T) {
	for name, part := range map[string]string{"quotes": `"`, "escaped quotes": `"\`, "commas": ",", "entries": "traceparent,", "open strings": `a;desc="\"x\`} {
		begun := time.Now()
		WithoutTraceparent([]string{strings.Repeat(part, 1<<20/len(part))})
		if took := time.Since(begun); took > 2*time.Second {
			t.Errorf("%s: a mebibyte takes %v, want at most 2s", name, took)
		}
	}
}

func FuzzWithoutTraceparent(f *testing.F) {
	for _, s := range []string{"a, b", `a;desc="x,y", traceparent;desc="00-1"`, `"\"`, ",,", "traceparent"} {
		f.Add(s, "db;dur=5")
	}
	f.Fuzz(func(t *testing.T, one, two string) {
		got := WithoutTraceparent([]string{one, two})
		if slices.ContainsFunc(got, hasTraceparent) {
			t.Errorf("the lines %q and %q become %q, want no traceparent", one, two, got)
		}
		if !hasTraceparent(one) && (len(got) == 0 || got[0] != one) {
			t.Errorf("the lines %q and %q become %q, want the first line kept", one, two, got)
		}
	})
}
