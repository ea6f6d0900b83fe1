package plan_test

import (
	"context"
	"maps"
	"net/url"
	"slices"

	"github.com/traceferry/traceferry/internal/requests"
	"github.com/traceferry/traceferry/internal/wire"
	"github.com/traceferry/traceferry/propagation"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// world is a case: a Config, and the steps in a service. The same steps can run with several Propagators.
type world struct {
	requests.Source
	*compiled
	steps   []step
	target  *url.URL
	ignored bool // a request was read with Ignore, whose lines are not always counted
}

// step is a change of a context in the service.
type step struct {
	says func() string
	do   func(ctx context.Context, by service) context.Context
}

// service is a Propagator with a way to read requests.
type service struct {
	*propagation.Propagator
	extract func(ctx context.Context, m map[string][]string, way wayIn, trust propagation.Trust) context.Context
}

// wayIn is a carrier of an inbound request.
type wayIn int

const (
	byHTTP wayIn = iota
	byMetadata
	byHeaderCarrier // OpenTelemetry's carrier, without trust
	byText          // any other carrier
	waysIn
)

func (w wayIn) String() string {
	return [...]string{"ExtractHTTPTrust", "ExtractMetadataTrust", "Extract of a HeaderCarrier", "Extract of a MapCarrier"}[w]
}

// asShipped reads requests with the public functions.
func asShipped(p *propagation.Propagator) service {
	return service{p, func(ctx context.Context, m map[string][]string, way wayIn, trust propagation.Trust) context.Context {
		switch way {
		case byMetadata:
			return p.ExtractMetadataTrust(ctx, m, trust)
		case byHeaderCarrier:
			return p.Extract(ctx, otelprop.HeaderCarrier(m))
		case byText:
			return p.Extract(ctx, textOf(m))
		}
		return p.ExtractHTTPTrust(ctx, m, trust)
	}}
}

// textOf returns the first line of each name.
func textOf(m map[string][]string) otelprop.MapCarrier {
	c := otelprop.MapCarrier{}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if len(m[name]) > 0 {
			c[name] = m[name][0]
		}
	}
	return c
}

// receive runs the steps.
func (w *world) receive(by service) context.Context {
	ctx := context.Background()
	for _, s := range w.steps {
		ctx = s.do(ctx, by)
	}
	return ctx
}

func newWorld(s requests.Source, by *compiled) *world {
	w := &world{Source: s, compiled: by}
	w.steps = append(w.steps, w.randomRequest())
	if s.OneIn(8) {
		w.steps = append(w.steps, w.randomRequest())
	}
	for range w.IntN(3) {
		w.steps = append(w.steps, w.randomStep())
	}
	w.target = &url.URL{Scheme: requests.Pick(s, []string{"http", "https", "http", "https", "ws", "custom"}), Host: requests.Pick(s, hosts), Path: "/"}
	return w
}

// encoded and decoded are the formats that can be written, and those that can be read.
var (
	encoded = slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool { return !wire.Format(f).Encodes() })
	decoded = slices.DeleteFunc(propagation.AllFormats(), func(f propagation.Format) bool { return !wire.Format(f).Decodes() })
)
