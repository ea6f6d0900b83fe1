package otelstats_test

import (
	"errors"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/stats/otelstats"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
)

// provider has one meter. The tests with a real SDK are in interop.
type provider struct {
	noop.MeterProvider
	meter metric.Meter
}

func (p provider) Meter(string, ...metric.MeterOption) metric.Meter { return p.meter }

// refusing is a meter that refuses to make counters, or to register callbacks.
type refusing struct {
	noop.Meter
	counter, callback error
}

func (r refusing) Int64ObservableCounter(string, ...metric.Int64ObservableCounterOption) (metric.Int64ObservableCounter, error) {
	return noop.Int64ObservableCounter{}, r.counter
}

func (r refusing) RegisterCallback(metric.Callback, ...metric.Observable) (metric.Registration, error) {
	return noop.Registration{}, r.callback
}

func TestErrors(t *testing.T) {
	p := propagation.MustNew(propagation.Config{})
	refused := errors.New("refused")
	for name, meter := range map[string]refusing{"counter": {counter: refused}, "callback": {callback: refused}} {
		if _, err := otelstats.Register(p, provider{meter: meter}); !errors.Is(err, refused) {
			t.Errorf("if the meter refuses a %s, Register returns %v, want the meter's error", name, err)
		}
	}
	if _, err := otelstats.Register(p, provider{meter: refusing{}}); err != nil {
		t.Error(err)
	}
}
