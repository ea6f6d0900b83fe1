package consul

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"

	"github.com/traceferry/traceferry/examples/mesh/app"
)

// object is JSON that Consul reads.
type object = map[string]any

// tracer is Consul's envoy_tracing_json with Envoy's Zipkin tracer, as in Consul's documentation.
func (m *Mesh) tracer() object {
	return object{
		"@type":                      "type.googleapis.com/envoy.config.trace.v3.ZipkinConfig",
		"collector_cluster":          "zipkin",
		"collector_endpoint":         "/api/v2/spans",
		"collector_endpoint_version": "HTTP_JSON",
		"shared_span_context":        false,
		"trace_id_128bit":            !m.Short,
	}
}

// entries are the configuration entries of the mesh.
func (m *Mesh) entries() ([]object, error) {
	host, port, err := net.SplitHostPort(m.ground.Collector)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	address := object{"socket_address": object{"address": host, "port_value": number}}
	config := object{
		"protocol": "http",
		"envoy_extra_static_clusters_json": text(object{
			"name": "zipkin", "type": "STRICT_DNS", "connect_timeout": "3s",
			"load_assignment": object{"cluster_name": "zipkin", "endpoints": []object{
				{"lb_endpoints": []object{{"endpoint": object{"address": address}}}},
			}},
		}),
	}
	if m.Where != Bootstrap {
		config["envoy_listener_tracing_json"] = text(object{
			"@type":           "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.Tracing",
			"random_sampling": object{"value": 100},
			"provider":        object{"name": "envoy.tracers.zipkin", "typed_config": m.tracer()},
		})
	}
	if m.Where != Listeners {
		config["envoy_tracing_json"] = text(object{
			"http": object{"name": "envoy.tracers.zipkin", "typedConfig": m.tracer()},
		})
	}
	all := []object{{"Kind": "proxy-defaults", "Name": "global", "Config": config}}
	for _, service := range app.Services {
		protocol := "http"
		if service == "ratings" {
			protocol = "grpc"
		}
		all = append(all, object{"Kind": "service-defaults", "Name": service, "Protocol": protocol})
	}
	return append(all, object{"Kind": "ingress-gateway", "Name": gateway, "Listeners": []object{{
		"Port": m.ports.Number(gateway), "Protocol": "http",
		"Services": []object{{"Name": "productpage", "Hosts": []string{"*"}}},
	}}}), nil
}

// gateway is the name of the ingress gateway in Consul.
const gateway = "ingress"

// text returns a value as JSON in a string, for JSON inside of JSON.
func text(o object) string {
	b, err := json.Marshal(o)
	if err != nil {
		panic(err) // cannot fail: o has only strings, numbers, lists and objects
	}
	return string(b)
}

// service is the registration of a service.
func service(name, addr string) (object, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	return object{"Name": name, "ID": name, "Address": host, "Port": number}, err
}

// registration is a service with its sidecar. The sidecar's upstreams are the services that it calls. There is no
// health check, because a check would delay the start.
func (m *Mesh) registration(name string) (object, error) {
	r, err := service(name, m.ground.Services[name])
	if err != nil {
		return nil, err
	}
	upstreams := []object{}
	for _, to := range m.called(name) {
		upstreams = append(upstreams, object{
			"DestinationName": to, "LocalBindAddress": "127.0.0.1", "LocalBindPort": m.ports.Number(upstream(name, to)),
		})
	}
	r["Connect"] = object{"SidecarService": object{
		"Port":   m.ports.Number(sidecar(name)),
		"Checks": []object{{"Name": "as the service", "AliasService": name}},
		"Proxy":  object{"Upstreams": upstreams},
	}}
	return r, nil
}

// called returns the services that a service calls.
func (m *Mesh) called(from string) []string {
	var all []string
	seen := map[string]bool{}
	for _, c := range app.Calls {
		if c.From == from && !seen[c.To] {
			seen[c.To] = true
			all = append(all, c.To)
		}
	}
	if from == "productpage" && m.native != "" {
		all = append(all, native)
	}
	return all
}

// native is the name of a service without a sidecar, which terminates mTLS itself.
const native = "native"

// Names of ports.
func sidecar(service string) string      { return "sidecar of " + service }
func upstream(service, to string) string { return fmt.Sprintf("upstream of %s to %s", service, to) }
func admin(service string) string        { return "admin of " + service }
