package propagation_test

import (
	"context"
	"reflect"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
	otelprop "go.opentelemetry.io/otel/propagation"
)

// filled returns a Config with a value in every field.
func filled() propagation.Config {
	return propagation.Config{
		Formats: []propagation.Format{propagation.W3C, propagation.RequestID}, Emit: []propagation.Format{propagation.W3C},
		ReadOnly: []propagation.Format{propagation.B3Single}, Headers: []string{"End-User"}, UnsafeHeaders: []string{"authorization"},
		Aliases:       []propagation.FormatAlias{{Format: propagation.W3C, Name: "original-traceparent"}},
		HeaderAliases: []propagation.HeaderAlias{{Received: "x-tenant", Sent: "x-acme-tenant", Default: "none"}},
		RoutingKeys:   []string{"sd-routing-key"}, TrustRoutingKeys: true,
		GenerateRequestID: true, Deferred: propagation.Accepted,
		LocalSpan: func(context.Context) (propagation.SpanContext, bool) { return propagation.SpanContext{}, false },
		Also:      []otelprop.TextMapPropagator{otelprop.Baggage{}}, DropMalformed: true, Reconcile: true, ASCIIOnly: true,
		Limits:        propagation.Limits{HeaderBytes: 1, TotalBytes: 2, Lines: 3, MetadataBytes: 4},
		Destinations:  []propagation.Destination{{Hosts: []string{"a"}, Formats: []propagation.Format{propagation.W3C}, Baggage: []string{"k"}, Headers: []string{"end-user"}}},
		InternalHosts: []string{"*.corp.example"}, DestinationsReportOnly: true,
		Observer: &propagation.Observer{Extracted: func(context.Context, []propagation.Format) {}},
	}
}

// comparable returns a Config without its functions, which reflect.DeepEqual cannot compare.
func comparable(c propagation.Config) propagation.Config {
	c.LocalSpan = nil
	if c.Observer != nil {
		c.Observer = &propagation.Observer{}
	}
	return c
}

// TestConfigOf: Propagator.Config returns the Config of New, with defaults. Changes of either Config do not change the
// Propagator.
func TestConfigOf(t *testing.T) {
	whole := filled()
	for v, i := reflect.ValueOf(whole), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Fatalf("the Config of this test has no value in %s", v.Type().Field(i).Name)
		}
	}
	p := compile(t, whole)
	got := p.Config()
	if !reflect.DeepEqual(comparable(got), comparable(filled())) || got.LocalSpan == nil || got.Observer.Extracted == nil {
		t.Errorf("Config returns %+v, want the Config of New", got)
	}
	for _, c := range []propagation.Config{whole, got} {
		spoil(reflect.ValueOf(&c).Elem())
	}
	if again := p.Config(); !reflect.DeepEqual(comparable(again), comparable(filled())) || again.Observer.Extracted == nil {
		t.Errorf("after changes of both Configs, Config returns %+v, want the Config of New", again)
	}
}

// spoil sets to zero the elements of all slices and the targets of all pointers.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			spoil(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Pointer:
		if !v.IsNil() {
			v.Elem().SetZero()
		}
	}
}

// TestConfigOfAgain: New makes an equal Propagator from the Config that a Propagator returns.
func TestConfigOfAgain(t *testing.T) {
	for name, c := range map[string]propagation.Config{
		"zero": {}, "nothing": {Formats: []propagation.Format{}, Emit: []propagation.Format{}}, "Istio": preset.Istio(), "Datadog": preset.Datadog(), "filled": filled(),
	} {
		first := compile(t, c)
		second := compile(t, first.Config())
		if !reflect.DeepEqual(comparable(first.Config()), comparable(second.Config())) || !reflect.DeepEqual(first.Fields(), second.Fields()) {
			t.Errorf("%s: the second Propagator has the Config %+v, want %+v", name, second.Config(), first.Config())
		}
	}
	if got := compile(t, propagation.Config{}).Config(); len(got.Formats) != 8 || got.Emit != nil || got.Limits.HeaderBytes != 8192 || got.Limits.Lines != 64 {
		t.Errorf("the defaults are %+v, want 8 formats, nil Emit, 8192 bytes for each header and 64 lines", got)
	}
	for name, p := range map[string]*propagation.Propagator{"nil": nil, "zero": {}} {
		if got := p.Config(); got.Formats == nil || len(compile(t, got).Fields()) != 0 {
			t.Errorf("the %s Propagator returns the Config %+v, want a Config that carries nothing", name, got)
		}
	}
}
