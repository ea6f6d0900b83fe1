// Package static is a mesh of Envoys without a control plane. The example writes their configurations itself.
package static

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Mesh has an Envoy at the edge, and one beside each service.
type Mesh struct {
	Binary  string         // the path of Envoy
	Tracer  envoy.Tracer   // the tracer of all Envoys
	Tracing *envoy.Tracing // fields that replace the defaults; may be nil
	Far     *Far           // nil if there is only one mesh

	ground    system.Ground
	gateway   string // the gateway's host:port
	ports     process.Ports
	processes []*process.Process
}

var _ system.System = (*Mesh)(nil)

// Far is a second mesh. The edge and one service are in the first mesh. All other services are in this one. The calls
// of that one service go through a gateway.
type Far struct {
	Near      string       // the service in the first mesh
	Tracer    envoy.Tracer // the tracer of the Envoys in the second mesh
	Collector string       // host:port for the protocol of that tracer
	// Gateway starts the gateway and returns its host:port. Its argument returns the host:port of a service's sidecar, or
	// "" for an unknown service.
	Gateway func(sidecar func(service string) string) (addr string, err error)
}

// has reports whether a service is in the second mesh.
func (f *Far) has(service string) bool {
	return f != nil && service != app.Edge && service != f.Near
}

// Start starts all Envoys at the same time, because each one takes a while.
func (m *Mesh) Start(ctx context.Context, g system.Ground) (system.Routes, error) {
	m.ground = g
	for _, c := range app.Calls {
		if err := m.ports.Hold(in(c.To), out(c.From)); err != nil {
			return system.Routes{}, err
		}
	}
	if m.Far != nil {
		var err error
		if m.gateway, err = m.Far.Gateway(func(service string) string { return m.ports.Addr(in(service)) }); err != nil {
			return system.Routes{}, err
		}
	}
	m.processes = make([]*process.Process, len(proxies))
	errs := make([]error, len(proxies))
	var starts sync.WaitGroup
	for i, service := range proxies {
		// Envoy appends to the log, and an earlier run may have left one.
		if err := os.Remove(m.accessLog(service)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return system.Routes{}, err
		}
		tracer, collector := m.Tracer, g.Collector
		if m.Far.has(service) {
			tracer, collector = m.Far.Tracer, m.Far.Collector
		}
		starts.Go(func() {
			m.processes[i], errs[i] = envoy.Start(ctx, m.Binary, g.Dir, envoy.Proxy{
				Service:   service,
				Listeners: m.listeners(service),
				Tracer:    tracer,
				Tracing:   m.Tracing,
				Collector: collector,
				AccessLog: m.accessLog(service),
			})
		})
	}
	starts.Wait()
	// A fault of the binary causes the same error for each Envoy.
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	errs = slices.CompactFunc(errs, func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
	return system.Routes{
		Entry:    m.ports.Addr(out(app.Edge)),
		Outbound: func(from, _ string) string { return m.ports.Addr(out(from)) },
	}, errors.Join(errs...)
}

// Names of ports.
func in(service string) string  { return "in " + service }
func out(service string) string { return "out " + service }

// listeners returns the listeners of a service's sidecar, or of the edge. The inbound one sends requests to the
// service. The outbound one sends them to the sidecar of the called service.
func (m *Mesh) listeners(service string) []envoy.Listener {
	inbound := envoy.Listener{Addr: m.ports.Addr(in(service)), Direction: envoy.Inbound, Sampling: envoy.Always}
	outbound := envoy.Listener{Addr: m.ports.Addr(out(service)), Direction: envoy.Outbound, Sampling: envoy.Always, Edge: service == app.Edge}
	for _, c := range app.Calls {
		r := envoy.Route{Name: c.Name, Host: "*", Prefix: c.Path, HTTP2: c.GRPC}
		if c.To == service {
			r.Upstream = m.ground.Services[service]
			inbound.Routes = append(inbound.Routes, r)
		}
		if c.From == service {
			r.Upstream = m.ports.Addr(in(c.To))
			if m.Far != nil && service == m.Far.Near {
				r.Upstream = m.gateway
			}
			if service != app.Edge {
				r.Host = c.To
			}
			outbound.Routes = append(outbound.Routes, r)
		}
	}
	return slices.DeleteFunc([]envoy.Listener{inbound, outbound}, func(l envoy.Listener) bool { return l.Addr == "" })
}

// proxies are all proxies, by their services.
var proxies = append([]string{app.Edge}, app.Services...)

func (m *Mesh) accessLog(proxy string) string {
	return filepath.Join(m.ground.Dir, proxy+".access.log")
}

// Label returns the spans unchanged, because the Envoys tag them.
func (m *Mesh) Label(spans []sink.Span, _ system.Got) []sink.Span { return spans }

// Logs reads the access logs of all Envoys.
func (m *Mesh) Logs() ([]judge.LogLine, error) {
	var lines []judge.LogLine
	for _, proxy := range proxies {
		more, err := envoy.ReadLog(m.accessLog(proxy))
		if err != nil {
			return nil, err
		}
		for _, l := range more {
			lines = append(lines, judge.LogLine{Book: l.Book, RequestID: l.RequestID})
		}
	}
	return lines, nil
}

// Stop ends the Envoys.
func (m *Mesh) Stop() {
	process.StopAll(m.processes...)
	m.processes = nil
	_ = m.ports.Close() // nothing was sent on these sockets
}
