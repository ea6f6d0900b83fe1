package envoy

import (
	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	metadatav3 "github.com/envoyproxy/go-control-plane/envoy/type/metadata/v3"
	tracingv3 "github.com/envoyproxy/go-control-plane/envoy/type/tracing/v3"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// routes returns a virtual host for each host. The routes keep their order.
func routes(all []Route) *routev3.RouteConfiguration {
	c := &routev3.RouteConfiguration{}
	hosts := map[string]*routev3.VirtualHost{}
	for _, r := range all {
		host := hosts[r.Host]
		if host == nil {
			host = &routev3.VirtualHost{Name: r.Host, Domains: []string{r.Host}}
			hosts[r.Host] = host
			c.VirtualHosts = append(c.VirtualHosts, host)
		}
		host.Routes = append(host.Routes, route(r))
	}
	return c
}

// route names the call in the span's name, for people, and in metadata that becomes a tag, because some tracers have no
// names. The route must not have tracing of its own for the tag. It would replace the listener's sampling, and 100
// percent is the default of each missing value.
func route(r Route) *routev3.Route {
	return &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: r.Prefix}},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: r.Upstream},
		}},
		// A propagated name would become a header of calls to services without an Envoy.
		Decorator: &routev3.Decorator{Operation: r.Name, Propagate: wrapperspb.Bool(false)},
		Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
			metadataKey: {Fields: map[string]*structpb.Value{sink.CallTag: structpb.NewStringValue(r.Name)}},
		}},
	}
}

const metadataKey = "mesh"

// callTag is the tag for a route's metadata.
func callTag() *tracingv3.CustomTag {
	return &tracingv3.CustomTag{
		Tag: sink.CallTag,
		Type: &tracingv3.CustomTag_Metadata_{Metadata: &tracingv3.CustomTag_Metadata{
			Kind: &metadatav3.MetadataKind{Kind: &metadatav3.MetadataKind_Route_{Route: &metadatav3.MetadataKind_Route{}}},
			MetadataKey: &metadatav3.MetadataKey{
				Key:  metadataKey,
				Path: []*metadatav3.MetadataKey_PathSegment{{Segment: &metadatav3.MetadataKey_PathSegment_Key{Key: sink.CallTag}}},
			},
		}},
	}
}

// bookTag is the tag for the request's header.
func bookTag() *tracingv3.CustomTag {
	return &tracingv3.CustomTag{
		Tag: sink.BookTag,
		Type: &tracingv3.CustomTag_RequestHeader{
			RequestHeader: &tracingv3.CustomTag_Header{Name: "x-book"},
		},
	}
}
