package propagation_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/internal/headerdiff"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// fuzzCodec is the fuzz target of one codec. Golden vectors are its seeds. It compares the codec with the slow reader in
// facts. It also checks rules that apply to every codec. Its arguments are the lines of each field, separated by line feeds.
func fuzzCodec(f *testing.F, format propagation.Format) {
	names := format.Fields()
	for _, v := range readVectors(f) {
		var fields [5]string
		found := false
		for name, lines := range v.header() {
			for i := range names {
				if strings.EqualFold(name, names[i]) {
					fields[i], found = strings.Join(lines, "\n"), true
				}
			}
		}
		if found {
			f.Add(fields[0], fields[1], fields[2], fields[3], fields[4])
		}
	}
	local := propagation.SpanContext{}
	p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{format}, Emit: []propagation.Format{}})
	rewriter := propagation.MustNew(propagation.Config{Formats: []propagation.Format{format},
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return local, true }})
	f.Fuzz(func(t *testing.T, a, b, c, d, e string) {
		in := http.Header{}
		for i, lines := range []string{a, b, c, d, e} {
			if i < len(names) && lines != "" {
				in[http.CanonicalHeaderKey(names[i])] = strings.Split(lines, "\n")
			}
		}
		ctx := p.ExtractHTTP(context.Background(), in)
		got, ok := propagation.RemoteFromContext(ctx)
		if oracle := factOf(format).oracle; oracle != nil {
			if want := oracle(firstLines(in, names), in); want != got {
				t.Fatalf("%q\nis read as %+v\nthe oracle reads %+v", in, got, want)
			}
		}
		if !ok && got != (propagation.SpanContext{}) || ok && !got.TraceID.IsValid() && !got.Sampling.Decided() {
			t.Fatalf("%q is read as %+v, %v, want a zero span context if and only if ok is false", in, got, ok)
		}
		checkUntouched(t, p, ctx, in)
		if got.IsValid() {
			local = got
			checkRewritten(t, rewriter, format, in, got)
		}
		checkPolicies(t, in, len(a))
	})
}

// checkPolicies checks that the lines are not sent where a trust or a destination rule does not allow it. turn selects the
// policy of this call.
func checkPolicies(t *testing.T, in http.Header, turn int) {
	t.Helper()
	var came [][2]string
	for name, values := range in {
		for _, v := range values {
			came = append(came, [2]string{strings.ToLower(name), v})
		}
	}
	trusts := []propagation.Trust{propagation.Restart, propagation.DistrustSampling, propagation.DistrustBaggage}
	if turn %= 4; turn < len(trusts) {
		fuzzTrust(t, came, nil, trusts[turn], propagation.Continue, 0)
	} else {
		fuzzDestinations(t, came, "api.example.com", 0)
	}
}

// firstLines returns the first line of each name, without white space around it. Codecs whose fields must not repeat read
// only these lines.
func firstLines(in http.Header, names []string) []string {
	first := make([]string, 5)
	for i, name := range names {
		for _, line := range in[http.CanonicalHeaderKey(name)] {
			if line = strings.Trim(line, " \t"); line != "" {
				first[i] = line
				break
			}
		}
	}
	return first
}

// checkUntouched checks that a header is sent as received if HTTP accepts it, also if it is malformed.
func checkUntouched(t *testing.T, p *propagation.Propagator, ctx context.Context, in http.Header) {
	t.Helper()
	out := http.Header{}
	p.InjectHTTP(ctx, out)
	if p.Stats().Total(propagation.TooLarge) > 0 {
		return
	}
	whole := withoutRefused(in)
	for name, lines := range in {
		var want []string
		for _, line := range whole[name] {
			if strings.Trim(line, " \t") != "" && !strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }) {
				want = append(want, line)
			}
		}
		if strings.Join(out[name], "\n") != strings.Join(want, "\n") {
			t.Fatalf("%s was received as %q and sent as %q, want %q", name, lines, out[name], want)
		}
	}
}

// checkRewritten checks that the codec writes a span context over the received headers, and reads the same span context.
func checkRewritten(t *testing.T, p *propagation.Propagator, format propagation.Format, in http.Header, sc propagation.SpanContext) {
	t.Helper()
	out := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
	for name, lines := range out {
		if len(lines) != 1 && name != "Jaeger-Baggage" || lines[0] == "" {
			t.Fatalf("%s is written as %q, want one line that is not empty", name, lines)
		}
	}
	got := readAs(format, out)
	if !same64(got, sc) || got.SpanID != sc.SpanID {
		t.Fatalf("%+v is written as %q and read as %+v, want the same ids", sc, out, got)
	}
	old := format == propagation.OTSpanContext && strings.Contains(out.Get("X-Ot-Span-Context"), ";")
	if want := factOf(format).canWrite.decisionFor(sc.Sampling); got.Sampling != want && !old {
		t.Fatalf("the decision %v is written as %q and read as %v, want %v", sc.Sampling, out, got.Sampling, want)
	}
}

// FuzzPath sends any headers through every carrier, with and without a local span. It carries every format, and checks that
// the sent headers keep the promises.
func FuzzPath(f *testing.F) {
	for _, v := range readVectors(f) {
		var text strings.Builder
		for name, lines := range v.header() {
			for _, line := range lines {
				text.WriteString(strings.ToLower(name) + ": " + line + "\n")
			}
		}
		f.Add(text.String(), false)
		f.Add(text.String(), true)
	}
	local := propagation.SpanContext{TraceID: traceID("0102030405060708090a0b0c0d0e0f10"), SpanID: spanID("1112131415161718"), Sampling: propagation.Accepted}
	verbatim := propagation.Config{Formats: propagation.AllFormats(), Headers: []string{"x-user", "x-user-bin"}}
	spanning := verbatim
	spanning.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return local, true }
	pv, ps := propagation.MustNew(verbatim), propagation.MustNew(spanning)
	f.Fuzz(func(t *testing.T, text string, spans bool) {
		p := pv
		if spans {
			p = ps
		}
		in, lower, texts := http.Header{}, map[string][]string{}, otelprop.MapCarrier{}
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, ": ")
			if name != "" {
				in.Add(name, value)
				lower[name] = append(lower[name], value)
				texts[name] = value
			}
		}
		checkPolicies(t, in, len(text))
		for _, ctx := range []context.Context{
			p.ExtractHTTP(context.Background(), in), p.ExtractMetadata(context.Background(), lower), p.Extract(context.Background(), texts),
			p.ExtractHTTP(p.ExtractMetadata(context.Background(), lower), in),
		} {
			h, md, out := http.Header{}, map[string][]string{}, otelprop.MapCarrier{}
			p.InjectHTTP(ctx, h)
			p.InjectMetadata(ctx, md)
			p.Inject(ctx, out)
			checkSendable(t, h, md, out)
			if spans {
				checkConsistent(t, http.Header{}, h, local, nil)
			}
			if p.InjectHTTP(ctx, h); !spans {
				again := http.Header{}
				p.InjectHTTP(ctx, again)
				if diff := headerdiff.Diff(again, h); diff != "" {
					t.Fatalf("two Injects give another header than one (-once +twice):\n%s", diff)
				}
			}
		}
	})
}

// checkSendable checks that the transport accepts each sent value, and that no value is empty.
func checkSendable(t *testing.T, h http.Header, md map[string][]string, out otelprop.MapCarrier) {
	t.Helper()
	size := 0
	for name, lines := range h {
		for _, line := range lines {
			if line == "" || strings.ContainsFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7F }) {
				t.Fatalf("over HTTP %s is sent as %q, want a valid value that is not empty", name, line)
			}
		}
	}
	for name, lines := range md {
		if name != strings.ToLower(name) {
			t.Fatalf("metadata has the name %q, want lower case", name)
		}
		for _, line := range lines {
			size += len(name) + len(line) + 32
			if line == "" || !strings.HasSuffix(name, "-bin") && strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Fatalf("in metadata %s is sent as %q, want a valid value that is not empty", name, line)
			}
		}
	}
	if size > 4096 {
		t.Fatalf("the metadata has %d bytes, want at most 4096", size)
	}
	for name, value := range out {
		if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Fatalf("in the map %s is sent as %q, want printable ASCII", name, value)
		}
	}
}
