package envoy

import (
	"bytes"
	"encoding/json"
	"fmt"

	bootstrapv3 "github.com/envoyproxy/go-control-plane/envoy/config/bootstrap/v3"
	clusterv3 "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	metricsv3 "github.com/envoyproxy/go-control-plane/envoy/config/metrics/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/structpb"
)

// Config is the proxy's bootstrap configuration as JSON, to run with envoy -c.
func (p Proxy) Config() ([]byte, error) {
	raw, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(p.bootstrap())
	if err != nil {
		return nil, fmt.Errorf("the configuration of %s: %w", p.Service, err)
	}
	var out bytes.Buffer // protojson writes different spaces in each run
	err = json.Indent(&out, raw, "", "  ")
	return out.Bytes(), err
}

func (p Proxy) bootstrap() *bootstrapv3.Bootstrap {
	var listeners []*listenerv3.Listener
	for _, l := range p.Listeners {
		listeners = append(listeners, p.listener(l))
	}
	return &bootstrapv3.Bootstrap{
		Node: &corev3.Node{Id: p.Service, Cluster: p.Service},
		StaticResources: &bootstrapv3.Bootstrap_StaticResources{
			Listeners: listeners,
			Clusters:  p.clusters(),
		},
		LayeredRuntime: &bootstrapv3.LayeredRuntime{Layers: []*bootstrapv3.RuntimeLayer{{
			Name:           "flush",
			LayerSpecifier: &bootstrapv3.RuntimeLayer_StaticLayer{StaticLayer: flush()},
		}}},
		StatsConfig: &metricsv3.StatsConfig{StatsMatcher: &metricsv3.StatsMatcher{
			StatsMatcher: &metricsv3.StatsMatcher_RejectAll{RejectAll: true},
		}},
	}
}

// flush makes Envoy report spans soon and many at once. The defaults are 5 seconds, and 5 spans.
func flush() *structpb.Struct {
	fields := map[string]*structpb.Value{}
	for _, tracer := range []string{"zipkin", "opentelemetry"} {
		fields["tracing."+tracer+".flush_interval_ms"] = structpb.NewNumberValue(200)
		fields["tracing."+tracer+".min_flush_spans"] = structpb.NewNumberValue(100)
	}
	return &structpb.Struct{Fields: fields}
}

// clusters returns one cluster for each upstream, however many routes use it, and one for the collector.
func (p Proxy) clusters() []*clusterv3.Cluster {
	var (
		out  []*clusterv3.Cluster
		seen = map[string]bool{}
	)
	for _, l := range p.Listeners {
		for _, r := range l.Routes {
			if !seen[r.Upstream] {
				seen[r.Upstream] = true
				out = append(out, cluster(r.Upstream, r.Upstream, r.HTTP2))
			}
		}
	}
	if !p.Tracer.UDP {
		out = append(out, cluster(collector, p.Collector, p.Tracer.HTTP2))
	}
	return out
}

// packed returns a message in an Any. It cannot fail for messages that this package builds.
func packed(m proto.Message) *anypb.Any {
	a, err := anypb.New(m)
	if err != nil {
		panic(err)
	}
	return a
}
