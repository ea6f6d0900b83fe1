// Package caddy is a mesh of Caddys: proxies other than Envoy, with OpenTelemetry's Go tracer. One Caddy is at the
// edge, and one beside each service.
package caddy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Mesh is the mesh. The zero value is ready to start.
type Mesh struct {
	ground    system.Ground
	ports     process.Ports
	processes []*process.Process
}

var _ system.System = (*Mesh)(nil)

// proxies are all Caddys, by their services.
var proxies = append([]string{app.Edge}, app.Services...)

// Start starts the Caddys.
func (m *Mesh) Start(ctx context.Context, g system.Ground) (system.Routes, error) {
	m.ground = g
	path, err := binary.Find("caddy")
	if err != nil {
		return system.Routes{}, err
	}
	for _, c := range app.Calls {
		if err := m.ports.Hold(in(c.To), out(c.From)); err != nil {
			return system.Routes{}, err
		}
	}
	for _, service := range proxies {
		if err := m.start(ctx, path, service); err != nil {
			return system.Routes{}, err
		}
	}
	for i, service := range proxies {
		for _, name := range []string{in(service), out(service)} {
			if addr := m.ports.Addr(name); addr != "" {
				if err := m.processes[i].Listens(ctx, addr); err != nil {
					return system.Routes{}, err
				}
			}
		}
	}
	return system.Routes{
		Entry:    m.ports.Addr(out(app.Edge)),
		Outbound: func(from, _ string) string { return m.ports.Addr(out(from)) },
	}, nil
}

// Names of ports.
func in(service string) string  { return "in " + service }
func out(service string) string { return "out " + service }

// start starts the Caddy of a service and does not wait.
func (m *Mesh) start(ctx context.Context, path, service string) error {
	if err := os.Remove(m.accessLog(service)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text, err := caddyfile(m.accessLog(service), m.sites(service))
	if err != nil {
		return err
	}
	file := filepath.Join(m.ground.Dir, service+".Caddyfile")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	p, err := process.Start(ctx, m.ground.Dir, process.Command{
		Name: service,
		Path: path,
		Args: []string{"run", "--config", file, "--adapter", "caddyfile"},
		Env: []string{
			"OTEL_SERVICE_NAME=" + service,
			"OTEL_PROPAGATORS=tracecontext,baggage",
			"OTEL_TRACES_SAMPLER=parentbased_always_on",
			"OTEL_EXPORTER_OTLP_PROTOCOL=grpc",
			"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://" + m.ground.Collector,
			// Report spans after a short time, and drop none while many wait.
			"OTEL_BSP_SCHEDULE_DELAY=200",
			"OTEL_BSP_MAX_QUEUE_SIZE=65536",
			"XDG_DATA_HOME=" + m.ground.Dir, "XDG_CONFIG_HOME=" + m.ground.Dir,
		},
	})
	if err != nil {
		return fmt.Errorf("the Caddy of %s: %w", service, err)
	}
	m.processes = append(m.processes, p)
	return nil
}

// sites returns the sites of a service's Caddy, or of the edge's. The inbound site sends requests to the service. The
// outbound site sends them to the Caddy of the called service.
func (m *Mesh) sites(service string) []site {
	inbound := site{Port: m.ports.Number(in(service))}
	outbound := site{Port: m.ports.Number(out(service)), Edge: service == app.Edge}
	for _, c := range app.Calls {
		scheme := ""
		if c.GRPC {
			scheme = "h2c://"
		}
		if c.To == service {
			inbound.Routes = append(inbound.Routes, route{Call: c.Name, Path: c.Path, Upstream: scheme + m.ground.Services[service]})
		}
		if c.From == service {
			r := route{Call: c.Name, Host: c.To, Path: c.Path, Upstream: scheme + m.ports.Addr(in(c.To))}
			if outbound.Edge {
				r.Host = ""
			}
			outbound.Routes = append(outbound.Routes, r)
		}
	}
	return slices.DeleteFunc([]site{inbound, outbound}, func(s site) bool { return s.Port == 0 })
}

// Label returns the spans unchanged, because the Caddys tag them.
func (m *Mesh) Label(spans []sink.Span, _ system.Got) []sink.Span { return spans }

// Stop ends the Caddys.
func (m *Mesh) Stop() {
	process.StopAll(m.processes...)
	m.processes = nil
	_ = m.ports.Close() // nothing was sent on these sockets
}

func (m *Mesh) accessLog(service string) string {
	return filepath.Join(m.ground.Dir, service+".access.log")
}

// Logs reads the access logs of all Caddys.
func (m *Mesh) Logs() ([]judge.LogLine, error) {
	var lines []judge.LogLine
	for _, service := range proxies {
		more, err := readLog(m.accessLog(service))
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}
