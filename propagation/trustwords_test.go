package propagation_test

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// word is one header that a caller sends, and the part of it that stays when one thing is distrusted.
type word struct {
	name, value                 string
	ids, sampling, baggage      string
	requestID, configuredHeader string
}

// all stands for a header that is trusted as received, and "" for one that is withheld.
const all = "="

// The callers' names, of each kind. The values of all formats name one span.
func tracing(name, value, ids, sampling string) word {
	return word{name, value, ids, sampling, all, all, all}
}
func carrying(name string) word { return word{name, "carried", "", "", all, all, all} }
func ordering(name, value string) word {
	return word{name, value, all, "", all, all, all}
}
func bagging(name string) word    { return word{name, "k=v", all, all, "", all, all} }
func configured(name string) word { return word{name, "configured", all, all, all, all, ""} }

var (
	highHalf, lowHalf = "463ac35c9f6413ad", "48485a3953bb6124"
	callerSpanNumber  = fmt.Sprint(uint64(0xa2fb4a1d1a96d312))
	callerIDs         = "Root=1-463ac35c-9f6413ad48485a3953bb6124;Parent=" + callerSpan
)

// vocabulary is all that a caller can say: every name and prefix of every format, and two of Config.
var vocabulary = func() (all []word) {
	for _, f := range facts {
		all = append(all, f.words...)
	}
	return append(all, configured("x-tenant"), configured("authorization"))
}()

// lightStep is the caller's span as an x-ot-span-context.
func lightStep(sampled, laden bool) string {
	span, _ := hex.DecodeString(lowHalf + callerSpan)
	basic := append([]byte{1<<3 | 1}, binary.LittleEndian.AppendUint64(nil, binary.BigEndian.Uint64(span))...)
	basic = append(basic, 2<<3|1)
	basic = binary.LittleEndian.AppendUint64(basic, binary.BigEndian.Uint64(span[8:]))
	if sampled {
		basic = append(basic, 3<<3, 1)
	}
	if laden {
		basic = append(basic, 4<<3|2, 6, 1<<3|2, 1, 'k', 2<<3|2, 1, 'v')
	}
	return base64.StdEncoding.EncodeToString(append([]byte{2<<3 | 2, byte(len(basic))}, basic...))
}

// distrusting carries all that there is.
func distrusting() propagation.Config {
	return propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, UnsafeHeaders: []string{"authorization"},
		Limits: propagation.Limits{MetadataBytes: 1 << 16},
	}
}

// few are the words of which there is room for in a context's own memory.
var few = []string{"traceparent", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-request-id", "baggage", "x-tenant"}

// trusted returns the headers of the words that go out, in HTTP's spelling.
func trusted(said []word, t propagation.Trust) http.Header {
	h := http.Header{}
	for _, w := range said {
		if value := w.trusted(t); value != "" {
			h.Set(w.name, value)
		}
	}
	return h
}

// trusted returns the value that goes out, or "".
func (w word) trusted(t propagation.Trust) string {
	named := func(parts propagation.Trust) bool { return t&parts == parts }
	ids, sampling := propagation.DistrustIDs, propagation.DistrustSampling
	switch {
	case w.name == "x-ot-span-context" && t&(ids|sampling|propagation.DistrustBaggage) == sampling|propagation.DistrustBaggage:
		return lightStep(false, false)
	case w.name != "x-request-id" && named(ids|sampling) && (w.ids != all || w.sampling != all):
		return "" // no part of a line could stand alone
	}
	value := w.value
	for part, left := range map[propagation.Trust]string{
		ids: w.ids, sampling: w.sampling, propagation.DistrustBaggage: w.baggage,
		propagation.DistrustRequestID: w.requestID, propagation.DistrustHeaders: w.configuredHeader,
	} {
		switch {
		case !named(part) || left == all:
		case left == "":
			return ""
		default:
			value = left
		}
	}
	return value
}

// format is the one that the name belongs to, zero for a name of Config.
func (w word) format() propagation.Format {
	for _, f := range propagation.AllFormats() {
		if slices.Contains(f.Fields(), w.name) || slices.ContainsFunc(f.Prefixes(), func(prefix string) bool { return strings.HasPrefix(w.name, prefix) }) {
			return f
		}
	}
	return 0
}

// said are the words with these names, all without any.
func said(names ...string) (some []word) {
	for _, w := range vocabulary {
		if len(names) == 0 || slices.Contains(names, w.name) {
			some = append(some, w)
		}
	}
	return some
}

// overMetadata is HTTP's headers as gRPC has them.
func overMetadata(h http.Header) map[string][]string {
	md := map[string][]string{}
	for name, vals := range h {
		name = strings.ToLower(name)
		md[name] = slices.Clone(vals)
		if name == "grpc-trace-bin" {
			raw, _ := base64.RawStdEncoding.DecodeString(vals[0])
			md[name] = []string{string(raw)}
		}
	}
	return md
}

// distrusts are all decisions.
func distrusts() (ts []propagation.Trust) {
	for t := propagation.Continue; t <= propagation.Restart; t++ {
		ts = append(ts, t)
	}
	return append(ts, propagation.Ignore)
}

// entrances are the ways to extract headers of an untrusted caller. OpenTelemetry's Extract has no
// argument for the trust, but uses that of an outer Extract.
var entrances = map[string]func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context{
	"HTTP": func(ctx context.Context, p *propagation.Propagator, h http.Header, t propagation.Trust) context.Context {
		return p.ExtractHTTPTrust(ctx, h, t)
	},
	"metadata": func(ctx context.Context, p *propagation.Propagator, h http.Header, t propagation.Trust) context.Context {
		return p.ExtractMetadataTrust(ctx, overMetadata(h), t)
	},
	"carrier": func(ctx context.Context, p *propagation.Propagator, h http.Header, t propagation.Trust) context.Context {
		lower := valuesCarrier{}
		for name, vals := range h {
			lower[strings.ToLower(name)] = vals
		}
		return p.Extract(p.ExtractHTTPTrust(ctx, nil, t), lower)
	},
}

// checkLeaves checks what leaves with a context, by every way out.
func checkLeaves(t *testing.T, p *propagation.Propagator, ctx context.Context, want http.Header) {
	t.Helper()
	expect(t, sent(p, ctx), want)
	expect(t, sentMetadata(p, ctx), overMetadata(want))
	cloned, _ := engine(p).CloneHTTP(ctx, nil)
	expect(t, cloned, want)
	type key struct{}
	outgoing, _ := engine(p).ContextWithMetadata(ctx, nil, key{}, func(md map[string][]string) any { return md })
	md, _ := outgoing.Value(key{}).(map[string][]string)
	expect(t, md, overMetadata(want))

	text, wanted := otelprop.MapCarrier{}, otelprop.MapCarrier{}
	p.Inject(ctx, text)
	for name, vals := range want {
		switch name {
		case "Grpc-Trace-Bin": // which such a carrier cannot hold
		case "X-Amzn-Trace-Id": // as AWS's own propagators look for it
			wanted[name] = vals[0]
		default:
			wanted[strings.ToLower(name)] = vals[0]
		}
	}
	expectText(t, text, wanted)
}

// TestWordsAreAll: every name and prefix of every format is in the vocabulary.
func TestWordsAreAll(t *testing.T) {
	for _, f := range propagation.AllFormats() {
		for _, name := range f.Fields() {
			if !slices.ContainsFunc(vocabulary, func(w word) bool { return w.name == name }) {
				t.Errorf("nobody says %s", name)
			}
		}
		for _, prefix := range f.Prefixes() {
			if !slices.ContainsFunc(vocabulary, func(w word) bool { return strings.HasPrefix(w.name, prefix) }) {
				t.Errorf("nobody says %s", prefix)
			}
		}
	}
}
