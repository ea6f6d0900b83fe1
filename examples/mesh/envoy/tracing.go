package envoy

import (
	"encoding/json"
	"fmt"
	"os"

	tracev3 "github.com/envoyproxy/go-control-plane/envoy/config/trace/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	tracingv3 "github.com/envoyproxy/go-control-plane/envoy/type/tracing/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// Tracing is the tracing block of an HTTP connection manager, or a part of it.
type Tracing = hcmv3.HttpConnectionManager_Tracing

// ReadTracing reads a tracing block from YAML or JSON. The block may be under the key tracing.
func ReadTracing(file string) (*Tracing, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	t, err := parseTracing(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

func parseTracing(text []byte) (*Tracing, error) {
	var block map[string]any
	if err := yaml.Unmarshal(text, &block); err != nil {
		return nil, err
	}
	if inner, ok := block["tracing"].(map[string]any); ok && len(block) == 1 {
		block = inner
	}
	typed, err := json.Marshal(block)
	if err != nil {
		return nil, err
	}
	t := &Tracing{}
	return t, protojson.Unmarshal(typed, t)
}

// tracing makes a listener report spans. As in Istio, a proxy makes one span for a request. The listener's direction
// says whether it is a client span or a server span. Only if a tracer needs it, the proxy makes spans for upstream
// requests, too.
func (p Proxy) tracing(l Listener) *Tracing {
	t := &Tracing{
		ClientSampling:    percent(l.Sampling.Client),
		RandomSampling:    percent(l.Sampling.Random),
		OverallSampling:   percent(l.Sampling.Overall),
		SpawnUpstreamSpan: wrapperspb.Bool(p.Tracer.UpstreamSpans),
		Provider: &tracev3.Tracing_Http{
			Name:       p.Tracer.Name,
			ConfigType: &tracev3.Tracing_Http_TypedConfig{TypedConfig: packed(p.Tracer.config(p.Service, p.Collector))},
		},
	}
	if p.Tracing != nil {
		// Replace whole fields: merging would treat a percentage of 0 as not set.
		p.Tracing.ProtoReflect().Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
			t.ProtoReflect().Set(f, v)
			return true
		})
	}
	t.CustomTags = append([]*tracingv3.CustomTag{callTag(), bookTag()}, t.CustomTags...)
	return t
}

func percent(value float64) *typev3.Percent { return &typev3.Percent{Value: value} }
