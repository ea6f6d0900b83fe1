package propagation_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/testdata"
	"go.opentelemetry.io/otel/baggage"
	otelprop "go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// vector is a golden vector: headers, and their content by the specification.
type vector struct {
	ID, Format, Transport, Direction, Basis, Note string
	Headers                                       map[string][]string
	Encoding                                      string // latin1: each code point is a byte
	Valid                                         bool
	TraceID                                       string `json:"trace_id"`
	SpanID                                        string `json:"span_id"`
	ParentID                                      string `json:"parent_id"`
	Sampled, Tracestate, Flags                    string
	TraceReason                                   string `json:"trace_reason"`
	ExpectPriority                                string `json:"expect_priority"`
	Baggage                                       []struct{ Key, Value string }

	notSent string // a name in the spelling of http.Header that is not sent
}

// ourChoices are vectors of the basis "choice" for which traceferry makes another choice. The functions change the expectation.
var ourChoices = map[string]func(*vector){
	"b3-multi-028": func(v *vector) { // with a malformed decision, the ids are still read
		v.Valid, v.TraceID, v.SpanID = true, "ab000000000000000000000000000000", "cd00000000000000"
	},
	"b3-single-021": func(v *vector) { v.notSent = "B3" }, // Envoy makes no span for a malformed b3 beside x-b3-*
	"xray-014":      func(v *vector) { v.Valid, v.TraceID, v.Sampled = true, "5759e988bd862e3fe1be46a994272793", "yes" },
	"xray-022":      func(v *vector) { v.Valid, v.TraceID, v.Sampled = true, "abcdef121234567890abcdef12345678", "yes" },
}

func (v vector) context() propagation.SpanContext {
	sc := propagation.SpanContext{Sampling: samplings[v.Sampled]}
	decode := func(dst []byte, s string) {
		if b, err := hex.DecodeString(s); err == nil {
			copy(dst, b)
		}
	}
	decode(sc.TraceID[:], v.TraceID)
	decode(sc.SpanID[:], v.SpanID)
	decode(sc.ParentID[:], v.ParentID)
	return sc
}

var samplings = map[string]propagation.Sampling{
	"defer": propagation.Deferred, "no": propagation.Denied, "yes": propagation.Accepted, "debug": propagation.Debug,
}

// vectorFormats returns the formats that carry the headers of vectors with a format name, in their precedence.
func vectorFormats(name string) (fs []propagation.Format) {
	for _, name := range testdata.FormatNames(name) {
		if f, err := propagation.ParseFormat(name); err == nil {
			fs = append(fs, f)
		}
	}
	return fs
}

// opaque are the formats of vectors whose ids traceferry does not read.
var opaque = []string{"sw8", "request-id", "x-request-id", "l5d-ctx-trace", "baggage"}

func readVectors(t testing.TB) []vector {
	t.Helper()
	var vs []vector
	if err := json.Unmarshal(testdata.Vectors, &vs); err != nil {
		t.Fatal(err)
	}
	for i := range vs {
		if decide := ourChoices[vs[i].ID]; decide != nil {
			decide(&vs[i])
		}
	}
	for _, v := range vs {
		if vectorFormats(v.Format) == nil {
			t.Fatalf("%s: the format %q is unknown", v.ID, v.Format)
		}
		if v.Encoding == "latin1" {
			for _, lines := range v.Headers {
				for i := range lines {
					lines[i] = latin1(lines[i])
				}
			}
		}
	}
	return vs
}

func latin1(s string) string {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// header returns the headers of the vector as net/http would, with canonical names and without white space around values.
func (v vector) header() http.Header {
	h := http.Header{}
	names := make([]string, 0, len(v.Headers))
	for name := range v.Headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, line := range v.Headers[name] {
			h.Add(name, strings.Trim(line, " \t"))
		}
	}
	return h
}

// metadata returns the headers of the vector as grpc-go would, but with the original case of names.
func (v vector) metadata() map[string][]string {
	md := map[string][]string{}
	for name, lines := range v.Headers {
		md[name] = slices.Clone(lines)
	}
	return md
}

// TestVectors runs every golden vector through the public functions.
func TestVectors(t *testing.T) {
	ran := map[string]int{}
	for _, v := range readVectors(t) {
		ran[v.Basis]++
		t.Run(v.ID, func(t *testing.T) {
			switch v.Direction {
			case "extract":
				v.extract(t)
			case "inject":
				v.inject(t)
			case "translate":
				v.translate(t)
			default:
				t.Fatalf("the direction %q is unknown, want extract, inject or translate", v.Direction)
			}
			if t.Failed() {
				t.Logf("%s: %s", v.Basis, v.Note)
			}
		})
	}
	t.Logf("ran %d vectors of basis spec, %d of reference-implementation, %d of choice",
		ran["spec"], ran["reference-implementation"], ran["choice"])
	if total := ran["spec"] + ran["reference-implementation"] + ran["choice"]; total < 284 {
		t.Errorf("%d vectors ran, want at least 284", total)
	}
}

func (v vector) extract(t *testing.T) {
	p := propagation.MustNew(propagation.Config{Formats: vectorFormats(v.Format)})
	carriers := map[string]context.Context{}
	if v.Transport == "grpc" {
		carriers["metadata"] = p.ExtractMetadata(context.Background(), v.metadata())
	} else {
		carriers["http"] = p.ExtractHTTP(context.Background(), v.header())
		carriers["header carrier"] = p.Extract(context.Background(), otelprop.HeaderCarrier(v.header()))
		if v.Format != "grpc-trace-bin" { // in metadata, this value is not base64
			carriers["metadata"] = p.ExtractMetadata(context.Background(), v.metadata())
		}
		if m, ok := v.mapCarrier(); ok {
			carriers["map"] = p.Extract(context.Background(), m)
		}
	}
	for carrier, ctx := range carriers {
		v.checkRead(t, carrier, ctx)
		v.checkVerbatim(t, carrier, p, ctx)
	}
}

// mapCarrier returns the headers of the vector as a map with names in lower case. It returns false if a name has several
// lines.
func (v vector) mapCarrier() (otelprop.MapCarrier, bool) {
	m := otelprop.MapCarrier{}
	for name, lines := range v.Headers {
		if len(lines) != 1 {
			return nil, false
		}
		m[strings.ToLower(name)] = lines[0]
	}
	return m, true
}

func (v vector) checkRead(t *testing.T, carrier string, ctx context.Context) {
	if v.Format == "x-request-id" {
		want := map[string]propagation.TraceReason{
			"9": propagation.SampledByEnvoy, "a": propagation.ForcedByService, "b": propagation.ForcedByClient,
		}[v.TraceReason] // any other character means NotTraced
		if got := propagation.TraceReasonOf(v.header().Get("x-request-id")); got != want {
			t.Errorf("the trace reason is %v, want %v", got, want)
		}
	}
	if v.Format == "baggage" {
		bag := baggage.FromContext(ctx)
		for _, m := range v.Baggage {
			if got := bag.Member(m.Key).Value(); got != m.Value {
				t.Errorf("%s: the baggage member %q is %q, want %q", carrier, m.Key, got, m.Value)
			}
		}
		if !v.Valid && bag.Len() > 0 {
			t.Errorf("%s: the baggage is %v, want nothing", carrier, bag)
		}
	}
	if slices.Contains(opaque, v.Format) {
		return
	}
	want := v.context()
	got, ok := propagation.RemoteFromContext(ctx)
	if ids := want.TraceID.IsValid(); !ids && got.TraceID.IsValid() || ok != (v.Valid || ids) {
		t.Errorf("%s: the remote span is %+v, %v, want valid: %v", carrier, got, ok, v.Valid)
	}
	if !v.Valid && v.Format != "tracestate" {
		return
	}
	if got.TraceID != want.TraceID || got.SpanID != want.SpanID || got.Sampling != want.Sampling {
		t.Errorf("%s: the remote span is %+v, want %+v", carrier, got, want)
	}
	if v.ParentID != "" && got.ParentID != want.ParentID {
		t.Errorf("%s: the parent id is %v, want %v", carrier, got.ParentID, want.ParentID)
	}
	if v.Flags != "" && got.Random != (v.Flags == "02" || v.Flags == "03") {
		t.Errorf("%s: the random flag is %v, want it as in the flags %s", carrier, got.Random, v.Flags)
	}
	if v.Format == "tracestate" && got.TraceState != v.Tracestate {
		t.Errorf("%s: tracestate is read as %q, want %q", carrier, got.TraceState, v.Tracestate)
	}
}

// checkVerbatim compares the outgoing headers with the received headers, byte for byte.
func (v vector) checkVerbatim(t *testing.T, carrier string, p *propagation.Propagator, ctx context.Context) {
	if carrier == "map" {
		return // a map can hold less than was received
	}
	out, came := map[string][]string{}, map[string][]string(v.header())
	if carrier == "metadata" {
		p.InjectMetadata(ctx, out)
		came = map[string][]string{}
		for name, lines := range v.metadata() {
			came[strings.ToLower(name)] = lines
		}
	} else {
		p.InjectHTTP(ctx, out)
	}
	for name, lines := range out {
		if _, ok := came[name]; !ok {
			t.Errorf("%s: sent %s: %q, which was not received", carrier, name, lines)
		}
	}
	for name, lines := range came {
		var want []string
		for _, line := range lines {
			if strings.Trim(line, " \t") != "" {
				want = append(want, line)
			}
		}
		if !carries(p, vectorFormats(v.Format), strings.ToLower(name)) || v.notSent != "" && strings.EqualFold(name, v.notSent) {
			want = nil
		}
		if carrier == "metadata" {
			want = slices.DeleteFunc(want, unsendable)
		}
		if !slices.Equal(out[name], want) {
			t.Errorf("%s: %s is sent as %q, want %q", carrier, name, out[name], want)
		}
	}
}

// carries reports whether a name in lower case belongs to the formats.
func carries(p *propagation.Propagator, fs []propagation.Format, name string) bool {
	for _, f := range fs {
		for _, prefix := range f.Prefixes() {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return slices.Contains(p.Fields(), name)
}

// unsendable reports whether grpc-go refuses the value, if its name does not end in -bin.
func unsendable(v string) bool {
	return strings.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r > 0x7E }) && !strings.HasPrefix(v, "\x00")
}

func (v vector) inject(t *testing.T) {
	fs := vectorFormats(v.Format)[:1]
	c := propagation.Config{Formats: fs}
	in, ctx := http.Header{}, context.Background()
	switch v.Format {
	case "sw8", "request-id", "x-request-id", "l5d-ctx-trace": // these formats are only carried, so the headers must be received first
		in = v.header()
	case "baggage":
		var members []baggage.Member
		for _, m := range v.Baggage {
			member, err := baggage.NewMemberRaw(m.Key, m.Value)
			if err != nil {
				t.Fatal(err)
			}
			members = append(members, member)
		}
		bag, err := baggage.New(members...)
		if err != nil {
			t.Fatal(err)
		}
		ctx = baggage.ContextWithBaggage(ctx, bag)
	default:
		sc := v.context()
		if strings.Contains(v.Note, "aef5705a090040838f1359ebafa5c0c6") { // the vector has only the half that is sent
			sc.TraceID = trace.TraceID{0xae, 0xf5, 0x70, 0x5a, 0x09, 0x00, 0x40, 0x83, 0x8f, 0x13, 0x59, 0xeb, 0xaf, 0xa5, 0xc0, 0xc6}
		}
		sc.TraceState, _, _ = strings.Cut(v.Tracestate, ",")
		if v.Format == "tracestate" { // both members are received, and the span changes the first
			in.Set("Traceparent", "00-"+v.TraceID+"-00f067aa0ba902b7-01")
			in.Set("Tracestate", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE")
		}
		c.Emit = fs
		c.LocalSpan = func(context.Context) (propagation.SpanContext, bool) { return sc, true }
	}
	p := propagation.MustNew(c)
	ctx = p.ExtractHTTP(ctx, in)
	out, want := map[string][]string{}, map[string][]string(v.header())
	if v.Transport == "grpc" {
		p.InjectMetadata(ctx, out)
		want = v.metadata()
	} else {
		p.InjectHTTP(ctx, out)
	}
	for name := range want {
		if strings.HasPrefix(name, "Ot-Baggage-") {
			delete(want, name) // baggage that the vector's caller also sends
		}
	}
	for name := range want {
		if !slices.Equal(out[name], want[name]) {
			t.Errorf("%s is sent as %q, want %q", name, out[name], want[name])
		}
	}
	for name := range out {
		if want[name] == nil {
			t.Errorf("sent %s: %q, want it absent", name, out[name])
		}
	}
}

// translate translates a vector's Datadog headers to W3C.
func (v vector) translate(t *testing.T) {
	in := v.header()
	want := in.Get("Traceparent")
	in.Del("Traceparent")
	p := propagation.MustNew(propagation.Config{Formats: vectorFormats(v.Format), Emit: []propagation.Format{propagation.W3C}})
	out := http.Header{}
	p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
	if out.Get("Traceparent") != want || out.Get("Tracestate") != v.Tracestate {
		t.Errorf("sent traceparent %q and tracestate %q, want %q and %q", out["Traceparent"], out["Tracestate"], want, v.Tracestate)
	}
}

// TestVectorPriority translates W3C headers with Datadog's member to Datadog's headers.
func TestVectorPriority(t *testing.T) {
	ran := 0
	for _, v := range readVectors(t) {
		if v.ExpectPriority == "" {
			continue
		}
		ran++
		p := propagation.MustNew(propagation.Config{Formats: []propagation.Format{propagation.W3C}, Emit: []propagation.Format{propagation.Datadog}})
		out := http.Header{}
		p.InjectHTTP(p.ExtractHTTP(context.Background(), v.header()), out)
		if got := out.Get("X-Datadog-Sampling-Priority"); got != v.ExpectPriority {
			t.Errorf("%s: the priority is %q, want %q", v.ID, got, v.ExpectPriority)
		}
	}
	if ran == 0 {
		t.Error("no vector ran")
	}
}
