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

// testHeader is a header that a caller sends. For each part of a Trust, it has the value that is sent if only that part is
// distrusted.
type testHeader struct {
	name, value                 string
	ids, sampling, baggage      string
	requestID, configuredHeader string
}

// all means that the header is sent as received. An empty value means that it is withheld.
const all = "="

// These functions return headers of each kind. The values of all formats name the same span.
func traceHeader(name, value, ids, sampling string) testHeader {
	return testHeader{name, value, ids, sampling, all, all, all}
}
func opaqueHeader(name string) testHeader { return testHeader{name, "carried", "", "", all, all, all} }
func decisionHeader(name, value string) testHeader {
	return testHeader{name, value, all, "", all, all, all}
}
func baggageHeader(name string) testHeader { return testHeader{name, "k=v", all, all, "", all, all} }
func configHeader(name string) testHeader {
	return testHeader{name, "configured", all, all, all, all, ""}
}

var (
	highHalf, lowHalf = "463ac35c9f6413ad", "48485a3953bb6124"
	callerSpanNumber  = fmt.Sprint(uint64(0xa2fb4a1d1a96d312))
	callerIDs         = "Root=1-463ac35c-9f6413ad48485a3953bb6124;Parent=" + callerSpan
)

// allTestHeaders has every name and a name under every prefix of every format, and two names of a Config.
var allTestHeaders = func() (all []testHeader) {
	for _, f := range facts {
		all = append(all, f.headers...)
	}
	return append(all, configHeader("x-tenant"), configHeader("authorization"))
}()

// lightStep returns the caller's span as an x-ot-span-context, with or without an item of baggage.
func lightStep(sampled, item bool) string {
	span, _ := hex.DecodeString(lowHalf + callerSpan)
	basic := append([]byte{1<<3 | 1}, binary.LittleEndian.AppendUint64(nil, binary.BigEndian.Uint64(span))...)
	basic = append(basic, 2<<3|1)
	basic = binary.LittleEndian.AppendUint64(basic, binary.BigEndian.Uint64(span[8:]))
	if sampled {
		basic = append(basic, 3<<3, 1)
	}
	if item {
		basic = append(basic, 4<<3|2, 6, 1<<3|2, 1, 'k', 2<<3|2, 1, 'v')
	}
	return base64.StdEncoding.EncodeToString(append([]byte{2<<3 | 2, byte(len(basic))}, basic...))
}

// carryTestHeaders returns a Config that carries every header of allTestHeaders.
func carryTestHeaders() propagation.Config {
	return propagation.Config{
		Formats: propagation.AllFormats(), Headers: []string{"x-tenant"}, UnsafeHeaders: []string{"authorization"},
		Limits: propagation.Limits{MetadataBytes: 1 << 16},
	}
}

// fewNames are the names of so few headers that the context's node holds all of them.
var fewNames = []string{"traceparent", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-sampled", "x-request-id", "baggage", "x-tenant"}

// trusted returns the headers that are sent with a Trust, in the spelling of http.Header.
func trusted(said []testHeader, t propagation.Trust) http.Header {
	h := http.Header{}
	for _, w := range said {
		if value := w.trusted(t); value != "" {
			h.Set(w.name, value)
		}
	}
	return h
}

// trusted returns the value that is sent with a Trust, or "" if the header is withheld.
func (w testHeader) trusted(t propagation.Trust) string {
	named := func(parts propagation.Trust) bool { return t&parts == parts }
	ids, sampling := propagation.DistrustIDs, propagation.DistrustSampling
	switch {
	case w.name == "x-ot-span-context" && t&(ids|sampling|propagation.DistrustBaggage) == sampling|propagation.DistrustBaggage:
		return lightStep(false, false)
	case w.name != "x-request-id" && named(ids|sampling) && (w.ids != all || w.sampling != all):
		return "" // no part of such a line is trusted
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

// format returns the format of the header, or zero for a header of a Config.
func (w testHeader) format() propagation.Format {
	for _, f := range propagation.AllFormats() {
		if slices.Contains(f.Fields(), w.name) || slices.ContainsFunc(f.Prefixes(), func(prefix string) bool { return strings.HasPrefix(w.name, prefix) }) {
			return f
		}
	}
	return 0
}

// headersNamed returns the headers with these names, or all headers if there are no names.
func headersNamed(names ...string) (some []testHeader) {
	for _, w := range allTestHeaders {
		if len(names) == 0 || slices.Contains(names, w.name) {
			some = append(some, w)
		}
	}
	return some
}

// overMetadata returns HTTP headers as gRPC metadata.
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

// allTrusts returns every Trust.
func allTrusts() (ts []propagation.Trust) {
	for t := propagation.Continue; t <= propagation.Restart; t++ {
		ts = append(ts, t)
	}
	return append(ts, propagation.Ignore)
}

// trustExtracts are the functions that extract headers with a Trust. Extract has no parameter for a Trust, so "carrier" uses the
// Trust of an outer Extract.
var trustExtracts = map[string]func(context.Context, *propagation.Propagator, http.Header, propagation.Trust) context.Context{
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

// checkSent checks the headers that every Inject and Clone function sends with a context.
func checkSent(t *testing.T, p *propagation.Propagator, ctx context.Context, want http.Header) {
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
		case "Grpc-Trace-Bin": // Inject does not write it to a map
		case "X-Amzn-Trace-Id": // the spelling that AWS's own propagators read
			wanted[name] = vals[0]
		default:
			wanted[strings.ToLower(name)] = vals[0]
		}
	}
	expectText(t, text, wanted)
}

// TestAllTestHeadersAreComplete: every name and prefix of every format is in allTestHeaders.
func TestAllTestHeadersAreComplete(t *testing.T) {
	for _, f := range propagation.AllFormats() {
		for _, name := range f.Fields() {
			if !slices.ContainsFunc(allTestHeaders, func(w testHeader) bool { return w.name == name }) {
				t.Errorf("allTestHeaders does not have the name %s", name)
			}
		}
		for _, prefix := range f.Prefixes() {
			if !slices.ContainsFunc(allTestHeaders, func(w testHeader) bool { return strings.HasPrefix(w.name, prefix) }) {
				t.Errorf("allTestHeaders does not have a name under the prefix %s", prefix)
			}
		}
	}
}
