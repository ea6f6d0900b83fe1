package grpctrace_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"
)

// everything carries all formats and two other headers. The values of one of them are bytes.
func everything() propagation.Config {
	return propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"end-user", "user-bin"}}
}

// written are the formats in which a span context can be written.
var written = slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool { return !wire.Format(f).Encodes() })

type spanKey struct{}

// withSpan and spanOf replace a tracer. Config.LocalSpan needs nothing else.
func withSpan(ctx context.Context, sc propagation.SpanContext) context.Context {
	return context.WithValue(ctx, spanKey{}, sc)
}

func spanOf(ctx context.Context) (propagation.SpanContext, bool) {
	sc, ok := ctx.Value(spanKey{}).(propagation.SpanContext)
	return sc, ok
}

var sidecar = propagation.MustNew(propagation.Config{Formats: []propagation.Format{}, Emit: written, LocalSpan: spanOf})

// callersSpan returns the span that inbound(n) names.
func callersSpan(n uint64) propagation.SpanContext {
	sc := propagation.SpanContext{TraceID: trace.TraceID{0: 0x46, 7: 1}, SpanID: trace.SpanID{0: 0x80}, Sampling: propagation.Accepted}
	binary.BigEndian.PutUint64(sc.TraceID[8:], n)
	binary.BigEndian.PutUint64(sc.SpanID[:], n|1<<63)
	return sc
}

// inbound returns the metadata of call n from a sidecar that uses every format. All formats name one span. Each value
// except the decisions contains n in some form.
func inbound(n uint64) metadata.MD {
	sc, mark := callersSpan(n), fmt.Sprintf("%016x", n)
	md := metadata.MD{
		"tracestate":          {"vendor=" + mark, "tenant@x=" + mark + ",0level2=" + mark},
		"x-request-id":        {"5f2f7d9c-7b1a-9d5e-" + mark[:4] + "-" + mark[4:]},
		"baggage":             {"user=" + mark + ";p=1", "tenant=" + mark},
		"uberctx-user":        {"u" + mark},
		"ot-baggage-user":     {"o" + mark},
		"sw8":                 {"1-" + mark + "-" + mark + "-3-c3Zj-aW5z-ZXA=-YWRkcg=="},
		"x-client-trace-id":   {"client-" + mark},
		"l5d-ctx-trace":       {"l5d-" + mark},
		"request-id":          {"|" + mark + "."},
		"correlation-context": {"k=" + mark},
		"end-user":            {"user-" + mark},
		"user-bin":            {"\x00\x01\xff" + mark, "\xfe" + mark},
	}
	sidecar.InjectMetadata(withSpan(context.Background(), sc), md)
	md["tracestate"] = []string{"vendor=" + mark, "tenant@x=" + mark + ",0level2=" + mark}
	return md
}

// overHTTP converts metadata to HTTP headers: names in canonical case, -bin values in base64.
func overHTTP(md metadata.MD) http.Header {
	h := http.Header{}
	for name, values := range md {
		for _, v := range values {
			if strings.HasSuffix(name, "-bin") {
				v = base64.RawStdEncoding.EncodeToString([]byte(v))
			}
			h.Add(name, v)
		}
	}
	return h
}

// carriedOf returns the names in metadata or HTTP headers that everything carries.
func carriedOf(m map[string][]string) map[string][]string {
	carried := map[string][]string{}
	for name, values := range m {
		lower := strings.ToLower(name)
		if lower == "end-user" || lower == "user-bin" || belongs(propagation.AllFormats(), lower) {
			carried[name] = values
		}
	}
	return carried
}

// belongs reports whether a lower-case name belongs to one of the formats.
func belongs(formats []propagation.Format, name string) bool {
	return slices.ContainsFunc(formats, func(f propagation.Format) bool {
		return slices.Contains(names[f].fixed, name) ||
			slices.ContainsFunc(names[f].prefixes, func(p string) bool { return strings.HasPrefix(name, p) })
	})
}

// names has the names of each format.
var names = func() map[propagation.Format]struct{ fixed, prefixes []string } {
	each := map[propagation.Format]struct{ fixed, prefixes []string }{}
	for _, f := range propagation.AllFormats() {
		each[f] = struct{ fixed, prefixes []string }{f.Fields(), f.Prefixes()}
	}
	return each
}()

// checkVerbatim checks that the carried names arrived exactly as in want, line by line.
func checkVerbatim(t testing.TB, arrived, want map[string][]string) {
	t.Helper()
	got := carriedOf(arrived)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !slices.Equal(got[name], want[name]) {
			t.Errorf("%s arrived as %q, want %q", name, got[name], want[name])
		}
	}
	for name, values := range got {
		if _, sent := want[name]; !sent {
			t.Errorf("%s arrived as %q, want it absent", name, values)
		}
	}
}

// spanless are the carried names that name no span. They arrive as received, whichever span runs in the service.
var spanless = []string{"x-request-id", "baggage", "uberctx-user", "ot-baggage-user", "sw8", "x-client-trace-id",
	"l5d-ctx-trace", "request-id", "correlation-context", "end-user", "user-bin"}

// checkSpan checks that every format names the span, and that the other names arrived as received.
func checkSpan(t testing.TB, got, came metadata.MD, want trace.SpanContext) {
	t.Helper()
	named := spansNamed(got)
	if len(named) != len(written) {
		t.Errorf("%d formats name a span, want %d: %v", len(named), len(written), named)
	}
	for f, sc := range named {
		if !sameSpan(f, sc, want) {
			t.Errorf("%s names %s of %s, %s; want %s of %s, sampled %v",
				f, sc.SpanID, sc.TraceID, sc.Sampling, want.SpanID(), want.TraceID(), want.IsSampled())
		}
	}
	for _, name := range spanless {
		if !slices.Equal(got[name], came[name]) {
			t.Errorf("%s arrived as %q, want %q", name, got[name], came[name])
		}
	}
}

// sameSpan reports whether a format names the span. Some formats hold only half a trace id.
func sameSpan(f propagation.Format, sc propagation.SpanContext, want trace.SpanContext) bool {
	id := want.TraceID()
	if wire.HalfFormats.Has(wire.Format(f)) {
		clear(id[:8])
	}
	return sc.TraceID == id && sc.SpanID == want.SpanID() && sc.Sampling.Sampled() == want.IsSampled()
}

// spansNamed returns the span that each format names. It reads each format alone.
func spansNamed(md metadata.MD) map[propagation.Format]propagation.SpanContext {
	named := map[propagation.Format]propagation.SpanContext{}
	for f, alone := range readers {
		if sc, ok := propagation.RemoteFromContext(alone.ExtractMetadata(context.Background(), md)); ok {
			named[f] = sc
		}
	}
	return named
}

var readers = func() map[propagation.Format]*propagation.Propagator {
	each := map[propagation.Format]*propagation.Propagator{}
	for _, f := range propagation.AllFormats() {
		each[f] = propagation.MustNew(propagation.Config{Formats: []propagation.Format{f}})
	}
	return each
}()
