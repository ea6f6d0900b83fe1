package istio

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"

	"github.com/traceferry/traceferry/examples/mesh/app"
)

// bootstrap returns the JSON that tells an Envoy its identity and the address of istiod. It gets everything else from
// istiod.
func bootstrap(service, istiod string) ([]byte, error) {
	host, port, err := net.SplitHostPort(istiod)
	if err != nil {
		return nil, err
	}
	ads := object{"ads": object{}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
	http2 := object{
		"@type":                "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
		"explicit_http_config": object{"http2_protocol_options": object{}},
	}
	return json.MarshalIndent(object{
		"node": node(service),
		"dynamic_resources": object{
			"lds_config": ads,
			"cds_config": ads,
			"ads_config": object{
				"api_type":                       "DELTA_GRPC",
				"transport_api_version":          "V3",
				"set_node_on_first_message_only": true,
				"grpc_services":                  []object{{"envoy_grpc": object{"cluster_name": "istiod"}}},
			},
		},
		"static_resources": object{"clusters": []object{{
			"name":            "istiod",
			"type":            "STATIC",
			"connect_timeout": "5s",
			"typed_extension_protocol_options": object{
				"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2,
			},
			"load_assignment": object{
				"cluster_name": "istiod",
				"endpoints": []object{{"lb_endpoints": []object{{"endpoint": object{"address": object{
					"socket_address": object{"address": host, "port_value": json.Number(port)},
				}}}}}},
			},
		}}},
		"layered_runtime": object{"layers": []object{{"name": "flush", "static_layer": flush()}}},
	}, "", "  ")
}

// node is the proxy as istiod knows it: a gateway, or the sidecar of a service. istiod chooses its resources by the
// label app. No proxy binds the node's address, which is reserved for documentation. Every listener has its own
// address.
func node(service string) object {
	kind := "sidecar"
	if service == app.Edge {
		kind = "router"
	}
	ip := fmt.Sprint("192.0.2.", 1+slices.Index(proxies, service))
	return object{
		"id":      kind + "~" + ip + "~" + service + ".default~default.svc.cluster.local",
		"cluster": service + ".default",
		"metadata": object{
			"NAMESPACE":         "default",
			"NAME":              service,
			"WORKLOAD_NAME":     service,
			"LABELS":            object{"app": service},
			"SERVICE_ACCOUNT":   "default",
			"CLUSTER_ID":        "Kubernetes",
			"ISTIO_VERSION":     "1.32.0",
			"INTERCEPTION_MODE": "NONE",
			"INSTANCE_IPS":      ip,
		},
	}
}

// flush makes Envoy report spans soon and many at once. The defaults are 5 seconds, and 5 spans.
func flush() object {
	fields := object{}
	for _, tracer := range []string{"zipkin", "opentelemetry"} {
		fields["tracing."+tracer+".flush_interval_ms"] = 200
		fields["tracing."+tracer+".min_flush_spans"] = 100
	}
	return fields
}
