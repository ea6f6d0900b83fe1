package propagationtest

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/traceferry/traceferry/internal/samples"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// promise is what a propagator does with the headers of one format, said in words.
type promise struct {
	name, note string
	source     string
	unused     bool // run does not use the headers
	run        func(p otelprop.TextMapPropagator, in http.Header) (want, got string)
}

var promiseList = []promise{
	{
		name: "verbatim", note: "Without a local span, Inject writes the received headers unchanged.", source: "traceferry, promise 1",
		run: func(p otelprop.TextMapPropagator, in http.Header) (want, got string) {
			return text(in), text(pass(p, in))
		},
	},
	{
		name: "nothing invented", note: "If a request has no headers, Inject writes no headers.", source: "traceferry, promise 1",
		unused: true,
		run: func(p otelprop.TextMapPropagator, _ http.Header) (want, got string) {
			return nothing, text(pass(p, http.Header{}))
		},
	},
	{
		name: "replace", note: "Injecting twice equals injecting once.", source: "traceferry, promise 5; OpenTelemetry: Set replaces",
		run: func(p otelprop.TextMapPropagator, in http.Header) (want, got string) {
			ctx := p.Extract(context.Background(), otelprop.HeaderCarrier(in.Clone()))
			once, twice := http.Header{}, http.Header{}
			p.Inject(ctx, otelprop.HeaderCarrier(once))
			p.Inject(ctx, otelprop.HeaderCarrier(twice))
			p.Inject(ctx, otelprop.HeaderCarrier(twice))
			return text(once), text(twice)
		},
	},
	{
		name: "reuse", note: "Inject writes the headers of another request into a carrier that still has the lines of the input. None of the old lines may stay.", source: "traceferry, promise 5",
		run: func(p otelprop.TextMapPropagator, in http.Header) (want, got string) {
			used := pass(p, in)
			fresh := http.Header{}
			ctx := p.Extract(context.Background(), otelprop.HeaderCarrier(another(in)))
			p.Inject(ctx, otelprop.HeaderCarrier(used))
			p.Inject(ctx, otelprop.HeaderCarrier(fresh))
			return text(fresh), text(used)
		},
	},
	{
		name: "fields", note: "Fields names each written header, except headers with a key in their name, such as uberctx-user.", source: "OpenTelemetry specification, API propagators, Fields",
		run: func(p otelprop.TextMapPropagator, in http.Header) (want, got string) {
			var unnamed []string
			for _, name := range slices.Sorted(maps.Keys(pass(p, in))) {
				prefixed := strings.HasPrefix(name, "Uberctx-") || strings.HasPrefix(name, "Ot-Baggage-") || strings.HasPrefix(name, "L5d-Ctx-")
				if !prefixed && !slices.ContainsFunc(p.Fields(), func(f string) bool { return strings.EqualFold(f, name) }) {
					unnamed = append(unnamed, name)
				}
			}
			return "all", or(strings.Join(unnamed, ", "), "all")
		},
	},
	{
		name: "isolated", note: "Concurrent requests on one propagator do not get the headers of another request.", source: "traceferry, promise 4",
		run: func(p otelprop.TextMapPropagator, in http.Header) (want, got string) {
			want = text(pass(p, in))
			var wg sync.WaitGroup
			wrong := make([]string, 16)
			for i := range wrong {
				wg.Go(func() {
					wrong[i] = guard(func() string {
						if i%2 == 1 {
							pass(p, another(in))
							return want
						}
						return text(pass(p, in))
					})
				})
			}
			wg.Wait()
			for _, w := range wrong {
				if w != want {
					return want, w
				}
			}
			return want, want
		},
	},
	{
		name: "no panic", note: "Malformed values cause no panic.", source: "OpenTelemetry specification, API propagators, Extract: it must not throw",
		run: func(p otelprop.TextMapPropagator, in http.Header) (want, got string) {
			for name := range in {
				for _, value := range []string{"", " ", "-", ":", ";", ",", "=", "\x00", "%", "----", strings.Repeat("a", 36), strings.Repeat("-", 70), strings.Repeat("9", 400)} {
					h := in.Clone()
					h.Set(name, value)
					if panicked := guard(func() string { pass(p, h); return "" }); panicked != "" {
						return "no panic", fmt.Sprintf("%s: %.40q: %s", name, value, panicked)
					}
				}
			}
			return "no panic", "no panic"
		},
	},
}

// promises runs all for one format. A grpc-trace-bin may be base64 text, as in HTTP, or raw bytes, as in gRPC: the propagator
// that keeps a promise for one of them keeps it.
func promises(newPropagator func() otelprop.TextMapPropagator, f propagation.Format) (results []Result) {
	text := samples.Headers(samples.New(1), []propagation.Format{f})
	for _, p := range promiseList {
		r := p.result(newPropagator(), f, text)
		if raw := rawBin(text); raw != nil && !r.OK() {
			if other := p.result(newPropagator(), f, raw); other.OK() {
				r = other
			}
		}
		results = append(results, r)
	}
	return results
}

func (p promise) result(by otelprop.TextMapPropagator, f propagation.Format, in http.Header) Result {
	r := Result{ID: "promise: " + p.name + ", " + f.String(), Format: f, Basis: Promise, Input: in, Note: p.note, Source: p.source}
	if p.unused {
		r.Input = http.Header{}
	}
	panicked := guard(func() string { r.Want, r.Got = p.run(by, in.Clone()); return "" })
	if panicked != "" {
		r.Want, r.Got = "no panic", panicked
	}
	return r
}

// rawBin returns the header with the bytes of grpc-trace-bin, nil if it has none.
func rawBin(h http.Header) http.Header {
	raw, err := base64.StdEncoding.DecodeString(h.Get("Grpc-Trace-Bin"))
	if err != nil || len(raw) == 0 {
		return nil
	}
	h = h.Clone()
	h.Set("Grpc-Trace-Bin", string(raw))
	return h
}

// another returns the headers of another caller in the format of in, some headers fewer than all.
func another(in http.Header) http.Header {
	for name := range in {
		h := samples.Headers(samples.New(2), []propagation.Format{owner(name)})
		if raw := rawBin(h); raw != nil && strings.HasPrefix(in.Get(name), "\x00") {
			h = raw
		}
		for _, optional := range []string{"X-B3-Parentspanid", "Tracestate", "X-Datadog-Tags"} {
			h.Del(optional)
		}
		return h
	}
	return http.Header{}
}

// pass extracts and injects, as a service without a tracer does.
func pass(p otelprop.TextMapPropagator, in http.Header) http.Header {
	out := http.Header{}
	p.Inject(p.Extract(context.Background(), otelprop.HeaderCarrier(in.Clone())), otelprop.HeaderCarrier(out))
	return out
}

// text returns headers as lines, sorted by name. The members of baggage and of Datadog's tags are lines of their own, and
// sorted: the types of OpenTelemetry and of dd-trace-go keep no order.
func text(h http.Header) string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(h)) {
		values := h[name]
		if name == "Baggage" || name == "X-Datadog-Tags" {
			values = slices.Sorted(strings.SplitSeq(strings.Join(values, ","), ","))
		}
		for _, line := range values {
			lines = append(lines, fmt.Sprintf("%s: %s", strings.ToLower(name), line))
		}
	}
	return or(strings.Join(lines, "; "), nothing)
}
