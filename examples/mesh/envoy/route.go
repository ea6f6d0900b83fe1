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

// routes has a virtual host for each host, with the routes in their order.
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

// route names the call twice: in the span's name, for people, and in metadata that becomes
// a tag, because not every tracer has names. The tag is not set in the route's own tracing,
// which would replace the listener's sampling, by 100 percent where it says nothing.
func route(r Route) *routev3.Route {
	return &routev3.Route{
		Match: &routev3.RouteMatch{PathSpecifier: &routev3.RouteMatch_Prefix{Prefix: r.Prefix}},
		Action: &routev3.Route_Route{Route: &routev3.RouteAction{
			ClusterSpecifier: &routev3.RouteAction_Cluster{Cluster: r.Upstream},
		}},
		// Propagated, the name would reach whoever has no Envoy as a header.
		Decorator: &routev3.Decorator{Operation: r.Name, Propagate: wrapperspb.Bool(false)},
		Metadata: &corev3.Metadata{FilterMetadata: map[string]*structpb.Struct{
			metadataKey: {Fields: map[string]*structpb.Value{sink.CallTag: structpb.NewStringValue(r.Name)}},
		}},
	}
}

const metadataKey = "mesh"

// callTag is the tag that a route's metadata becomes.
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

// bookTag is the tag that the request's header becomes.
func bookTag() *tracingv3.CustomTag {
	return &tracingv3.CustomTag{
		Tag: sink.BookTag,
		Type: &tracingv3.CustomTag_RequestHeader{
			RequestHeader: &tracingv3.CustomTag_Header{Name: "x-book"},
		},
	}
}
