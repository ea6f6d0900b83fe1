package slogtrace_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/slogtrace"
	"go.opentelemetry.io/otel/baggage"
)

// FuzzHandler compares each line with the output of the JSON handler alone. Our line has the same bytes, followed by
// those fields of the context that the application does not log itself.
func FuzzHandler(f *testing.F) {
	const traceparent = "00-" + callerTrace + "-" + callerSpan + "-01"
	f.Add(traceparent, callerID, "tenant=acme", []byte("abcdefgh"), false)
	f.Add(traceparent, "a\nb", "tenant=a%0Ab;p=1", []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 60, 61, 62, 63, 64, 65}, false)
	f.Add(traceparent, "..", "tenant=%ff", []byte{5, 15, 25, 5, 15, 25, 35, 45}, true)
	f.Fuzz(compare)
}

// TestRandomChains runs the comparison of FuzzHandler on random programs.
func TestRandomChains(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		program := make([]byte, random.IntN(12))
		for i := range program {
			program[i] = byte(random.Uint32())
		}
		compare(t, "00-"+callerTrace+"-"+callerSpan+"-01", callerID, "tenant=acme", program, random.IntN(4) == 0)
	}
}

func compare(t *testing.T, traceparent, requestID, bag string, program []byte, untrusted bool) {
	trust := propagation.Continue
	if untrusted {
		trust = propagation.Restart
	}
	in := carrier("Traceparent", traceparent, "X-Request-Id", requestID, "Baggage", bag)
	ctx := propagation.MustNew(propagation.Config{}).ExtractHTTPTrust(context.Background(), in, trust)
	var bare, ours output
	run(slog.New(bare.handler()), ctx, program)
	run(ours.logger(t, slogtrace.WithBaggage("tenant")), ctx, program)
	want := strings.TrimSuffix(bare.String(), "}\n") + expected(ctx, topLevel(t, bare.Bytes())) + "}\n"
	if ours.String() != want {
		t.Errorf("program %q:\ngot  %s\nwant %s", program, ours.String(), want)
	}
	if untrusted && ours.String() != bare.String() {
		t.Errorf("for an untrusted caller it logs %s, want no ids", ours.String())
	}
}

// run logs one record. Each byte of the program gives an attribute or opens a group.
func run(l *slog.Logger, ctx context.Context, program []byte) {
	keys := []string{"a", "b", "trace_id", "span_id", "sampled", "request_id", "baggage.tenant", ""}
	var attrs []any
	for i, b := range program {
		key, own := keys[b&7], slog.Int("n", i)
		a := slog.Int(key, i)
		switch b >> 3 & 3 {
		case 1:
			a = slog.Group(key, slog.Group("", own))
		case 2:
			a = slog.Group(key)
		case 3:
			a = slog.Any(key, valuer{})
		}
		switch b >> 5 {
		case 0:
			l = l.WithGroup("g" + key)
		case 1, 2:
			l = l.With(a)
		case 3:
			l = l.With(a, own)
		default:
			attrs = append(attrs, a)
		}
	}
	l.InfoContext(ctx, "m", attrs...)
}

// topLevel returns the keys of a line.
func topLevel(t *testing.T, line []byte) (keys []string) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal(line, &members); err != nil {
		t.Fatal(err)
	}
	for key := range members {
		keys = append(keys, key)
	}
	return keys
}

// expected returns the fields of ctx as JSON, found by the functions that applications use.
func expected(ctx context.Context, own []string) string {
	logs := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(own, name) })
	}
	var attrs []any
	if sc, ok := propagation.RemoteFromContext(ctx); ok && sc.IsValid() && !logs("trace_id", "span_id", "sampled") {
		attrs = append(attrs, "trace_id", sc.TraceID.String(), "span_id", sc.SpanID.String(), "sampled", sc.Sampling.Sampled())
	}
	if id := propagation.RequestIDFromContext(ctx); id != "" && !logs("request_id") {
		attrs = append(attrs, "request_id", id)
	}
	if v := baggage.FromContext(ctx).Member("tenant").Value(); v != "" && len(v) <= 256 && onOneLine(v) && !logs("baggage.tenant") {
		attrs = append(attrs, "baggage.tenant", v)
	}
	var o output
	slog.New(o.handler()).Info("m", attrs...)
	return strings.TrimSuffix(strings.TrimPrefix(o.String(), `{"level":"INFO","msg":"m"`), "}\n")
}

// onOneLine reports whether Go quotes a value without escapes other than for quotes and backslashes.
func onOneLine(v string) bool {
	return strconv.Quote(v) == `"`+strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v)+`"`
}
