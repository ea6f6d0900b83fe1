package envoy

import (
	"net/netip"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	listenerv3 "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	routerv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/router/v3"
	hcmv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

var directions = map[Direction]corev3.TrafficDirection{
	Inbound:  corev3.TrafficDirection_INBOUND,
	Outbound: corev3.TrafficDirection_OUTBOUND,
}

func (p Proxy) listener(l Listener) *listenerv3.Listener {
	manager := &hcmv3.HttpConnectionManager{
		StatPrefix:            string(l.Direction),
		UseRemoteAddress:      wrapperspb.Bool(l.Edge),
		InternalAddressConfig: internal(l.Internal),
		Tracing:               p.tracing(l),
		AccessLog:             accessLog(p.AccessLog, p.Service, l.Direction),
		RouteSpecifier:        &hcmv3.HttpConnectionManager_RouteConfig{RouteConfig: routes(l.Routes)},
		HttpFilters: []*hcmv3.HttpFilter{{
			Name:       "envoy.filters.http.router",
			ConfigType: &hcmv3.HttpFilter_TypedConfig{TypedConfig: packed(&routerv3.Router{})},
		}},
	}
	return &listenerv3.Listener{
		Name:             string(l.Direction) + " " + l.Addr,
		Address:          tcp(l.Addr),
		TrafficDirection: directions[l.Direction],
		FilterChains: []*listenerv3.FilterChain{{Filters: []*listenerv3.Filter{{
			Name:       "envoy.filters.network.http_connection_manager",
			ConfigType: &listenerv3.Filter_TypedConfig{TypedConfig: packed(manager)},
		}}}},
	}
}

func internal(ranges []string) *hcmv3.HttpConnectionManager_InternalAddressConfig {
	if len(ranges) == 0 {
		return nil
	}
	c := &hcmv3.HttpConnectionManager_InternalAddressConfig{}
	for _, r := range ranges {
		prefix := netip.MustParsePrefix(r)
		c.CidrRanges = append(c.CidrRanges, &corev3.CidrRange{
			AddressPrefix: prefix.Addr().String(),
			PrefixLen:     wrapperspb.UInt32(uint32(prefix.Bits())),
		})
	}
	return c
}
