// Package consul is a mesh of Consul: its real agent, with Envoys as sidecars and as ingress gateway, and mTLS between
// them. The agent configures the Envoys.
package consul

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Mesh is the mesh.
type Mesh struct {
	Envoy string // its binary
	// Short makes the Zipkin tracer create trace ids of 64 bits, which is its default.
	Short bool
	// Where selects which of Consul's two settings contains the tracer.
	Where Where

	native    string // host:port of a service without a sidecar; "" if there is none
	binary    string // of Consul
	domain    string // the trust domain of the certificates
	ground    system.Ground
	ports     process.Ports
	processes []*process.Process
}

// Where is the place of the tracer in Consul's proxy-defaults.
type Where int

const (
	Bootstrap Where = iota // envoy_tracing_json, for all Envoys
	Listeners              // envoy_listener_tracing_json, for the sidecars' listeners, which sample all requests
	Both                   // both settings
)

var _ system.System = (*Mesh)(nil)

// Start starts the agent, registers the services and starts the Envoys.
func (m *Mesh) Start(ctx context.Context, g system.Ground) (routes system.Routes, err error) {
	m.ground = g
	if m.binary, err = binary.Find("consul"); err != nil {
		return routes, err
	}
	if err := m.hold(); err != nil {
		return routes, err
	}
	if err := m.startAgent(ctx); err != nil {
		return routes, err
	}
	if err := m.configure(ctx); err != nil {
		return routes, err
	}
	for _, service := range app.Services {
		if err := m.startEnvoy(ctx, service, "-sidecar-for", service); err != nil {
			return routes, err
		}
	}
	if err := m.startEnvoy(ctx, gateway, "-gateway", "ingress", "-register", "-service", gateway, "-address", m.ports.Addr(sidecar(gateway))); err != nil {
		return routes, err
	}
	if err := m.ready(ctx); err != nil {
		return routes, err
	}
	return system.Routes{
		Entry:    m.ports.Addr(gateway),
		Outbound: func(from, to string) string { return m.ports.Addr(upstream(from, to)) },
		Callers:  m.callers(),
	}, nil
}

// hold reserves all ports.
func (m *Mesh) hold() error {
	names := []string{"http", "grpc", "server", "serf", gateway, sidecar(gateway), admin(gateway)}
	for _, service := range app.Services {
		names = append(names, sidecar(service), admin(service))
		for _, to := range m.called(service) {
			names = append(names, upstream(service, to))
		}
	}
	return m.ports.Hold(names...)
}

// configure writes the mesh's configuration to the agent, and to files.
func (m *Mesh) configure(ctx context.Context) error {
	entries, err := m.entries()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := m.tell(ctx, fmt.Sprint(e["Kind"], "-", e["Name"]), "/v1/config", e); err != nil {
			return err
		}
	}
	for _, service := range app.Services {
		r, err := m.registration(service)
		if err != nil {
			return err
		}
		if err := m.tell(ctx, "service-"+service, "/v1/agent/service/register", r); err != nil {
			return err
		}
	}
	if m.native == "" {
		return nil
	}
	r, err := service(native, m.native)
	if err != nil {
		return err
	}
	r["Connect"] = object{"Native": true}
	return m.tell(ctx, "service-"+native, "/v1/agent/service/register", r)
}

func (m *Mesh) tell(ctx context.Context, name, path string, o object) error {
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(m.ground.Dir, name+".json"), text, 0o600); err != nil {
		return err
	}
	return m.call(ctx, http.MethodPut, path, o, nil)
}

// startEnvoy starts the Envoy of a service and does not wait.
func (m *Mesh) startEnvoy(ctx context.Context, service string, args ...string) error {
	config, err := m.bootstrap(ctx, append(args, "-admin-bind", m.ports.Addr(admin(service)))...)
	if err != nil {
		return err
	}
	p, err := envoy.Run(ctx, m.Envoy, m.ground.Dir, service, config)
	if err != nil {
		return err
	}
	m.processes = append(m.processes, p)
	return nil
}

// Stop ends the Envoys and the agent.
func (m *Mesh) Stop() {
	process.StopAll(m.processes...)
	m.processes = nil
	_ = m.ports.Close() // nothing was sent on these sockets
}

// Logs returns nothing, because the Envoys of this Consul write no access logs.
func (m *Mesh) Logs() ([]judge.LogLine, error) { return nil, nil }
