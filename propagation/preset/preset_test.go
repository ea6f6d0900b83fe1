package preset_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/traceferry/traceferry/propagation"
	"github.com/traceferry/traceferry/propagation/preset"
)

// presets are all presets, with the format that the tracer advances which each assumes.
var presets = map[string]struct {
	config  func() propagation.Config
	assumes propagation.Format
}{
	"Istio":         {preset.Istio, propagation.W3C},
	"Linkerd":       {preset.Linkerd, propagation.W3C},
	"Consul":        {preset.Consul, propagation.B3Multi},
	"Ambassador":    {preset.Ambassador, propagation.B3Multi},
	"Envoy":         {preset.Envoy, propagation.W3C},
	"GoogleCloud":   {preset.GoogleCloud, propagation.W3C},
	"AWS":           {preset.AWS, propagation.XRay},
	"Datadog":       {preset.Datadog, propagation.Datadog},
	"SkyWalking":    {preset.SkyWalking, propagation.SkyWalking},
	"OpenTelemetry": {preset.OpenTelemetry, propagation.W3C},
}

func TestPresets(t *testing.T) {
	for name, p := range presets {
		c := p.config()
		if _, err := propagation.New(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.Formats[0] != p.assumes {
			t.Errorf("%s prefers %v, its documentation says %v", name, c.Formats[0], p.assumes)
		}
		c.Formats[0] = propagation.Jaeger
		if p.config().Formats[0] == propagation.Jaeger {
			t.Errorf("%s gives the same slice twice", name)
		}
	}
}

// TestPresetsCarryNoMore sends every format through every preset.
func TestPresetsCarryNoMore(t *testing.T) {
	in := http.Header{"Authorization": {"secret"}, "X-Forwarded-For": {"10.0.0.1"}}
	for _, f := range propagation.AllFormats() {
		for _, field := range f.Fields() {
			in.Set(field, "v")
		}
	}
	for name, preset := range presets {
		p := propagation.MustNew(preset.config())
		out := http.Header{}
		p.InjectHTTP(p.ExtractHTTP(context.Background(), in), out)
		if len(out) != len(p.Fields()) {
			t.Errorf("%s carries %v, want %v", name, out, p.Fields())
		}
		for _, field := range p.Fields() {
			if out.Get(field) != "v" {
				t.Errorf("%s loses %s", name, field)
			}
		}
	}
}

func Example() {
	c := preset.Istio()
	c.Formats = append(c.Formats, propagation.Baggage)
	p, err := propagation.New(c)
	fmt.Println(len(p.Fields()), err)
	// Output: 21 <nil>
}
