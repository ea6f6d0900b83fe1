package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/propagation"
)

// mesh is the application with its Envoys and their collector.
type mesh struct {
	dir       string // of configurations and logs
	app       *app.App
	collector sink.Sink
	gateway   *gateway               // nil: there is one mesh
	inbound   map[string]*envoy.Port // of each service's sidecar
	outbound  map[string]*envoy.Port // of the sidecar of each that calls
	processes []*envoy.Process
}

// startMesh starts all. The nil Propagator makes an application that forwards nothing.
func startMesh(ctx context.Context, o options, p *propagation.Propagator, dir string) (_ *mesh, err error) {
	m := &mesh{dir: dir, inbound: map[string]*envoy.Port{}, outbound: map[string]*envoy.Port{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	for _, c := range app.Calls {
		if err := errors.Join(hold(m.outbound, c.From), hold(m.inbound, c.To)); err != nil {
			return nil, err
		}
	}
	if m.collector, err = o.collect(ctx, dir); err != nil {
		return nil, fmt.Errorf("cannot start the collector: %w", err)
	}
	sidecars := map[string]string{}
	for service, port := range m.outbound {
		sidecars[service] = port.Addr()
	}
	if m.app, err = app.Start(p, sidecars); err != nil {
		return nil, err
	}
	if o.gateway != nil {
		if m.gateway, err = startGateway(o, m.inbound); err != nil {
			return nil, err
		}
	}
	return m, m.startEnvoys(ctx, o)
}

func hold(ports map[string]*envoy.Port, service string) (err error) {
	if ports[service] == nil {
		ports[service], err = envoy.HoldPort()
	}
	return err
}

// startEnvoys starts them at once: each takes a while.
func (m *mesh) startEnvoys(ctx context.Context, o options) error {
	m.processes = make([]*envoy.Process, len(proxies))
	errs := make([]error, len(proxies))
	var starts sync.WaitGroup
	for i, service := range proxies {
		starts.Go(func() {
			m.processes[i], errs[i] = envoy.Start(ctx, o.binary, m.dir, envoy.Proxy{
				Service:   service,
				Listeners: m.listeners(service),
				Tracer:    o.tracerOf(service).envoy,
				Tracing:   o.tracing,
				Collector: m.collectorOf(o, service),
				AccessLog: accessLog(m.dir, service),
			})
		})
	}
	starts.Wait()
	// what is wrong with the binary is wrong with it six times
	slices.SortFunc(errs, func(a, b error) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return errors.Join(slices.CompactFunc(errs, func(a, b error) bool { return fmt.Sprint(a) == fmt.Sprint(b) })...)
}

// listeners of a service's sidecar, or of the edge: one for what comes in, which goes
// to the service, and one for what goes out, which goes to the sidecar of the called.
func (m *mesh) listeners(service string) []envoy.Listener {
	in := envoy.Listener{Direction: envoy.Inbound, Sampling: envoy.Always}
	out := envoy.Listener{Direction: envoy.Outbound, Sampling: envoy.Always, Edge: service == app.Edge}
	for _, c := range app.Calls {
		r := envoy.Route{Name: c.Name, Host: "*", Prefix: c.Path, HTTP2: c.GRPC}
		if c.To == service {
			r.Upstream = m.app.Addr[service]
			in.Routes = append(in.Routes, r)
		}
		if c.From == service {
			r.Upstream = m.inbound[c.To].Addr()
			if m.gateway != nil && service == nearService {
				r.Upstream = m.gateway.Addr()
			}
			if service != app.Edge {
				r.Host = c.To
			}
			out.Routes = append(out.Routes, r)
		}
	}
	var used []envoy.Listener
	if port := m.inbound[service]; port != nil {
		in.Addr = port.Addr()
		used = append(used, in)
	}
	if port := m.outbound[service]; port != nil {
		out.Addr = port.Addr()
		used = append(used, out)
	}
	return used
}

// proxies are all, by their services.
var proxies = append([]string{app.Edge}, app.Services...)

func accessLog(dir, proxy string) string { return filepath.Join(dir, proxy+".access.log") }

// logs reads the access logs. Envoy writes their end when it ends: stop it before.
func (m *mesh) logs() ([]envoy.LogLine, error) {
	var lines []envoy.LogLine
	for _, proxy := range proxies {
		more, err := envoy.ReadLog(accessLog(m.dir, proxy))
		if err != nil {
			return nil, err
		}
		lines = append(lines, more...)
	}
	return lines, nil
}

// stopEnvoys returns when none is left.
func (m *mesh) stopEnvoys() {
	var stops sync.WaitGroup
	for _, p := range slices.DeleteFunc(m.processes, func(p *envoy.Process) bool { return p == nil }) {
		stops.Go(p.Stop)
	}
	stops.Wait()
	m.processes = nil
}

// close ends all that was started.
func (m *mesh) close() error {
	m.stopEnvoys()
	var errs []error
	if m.app != nil {
		errs = append(errs, m.app.Close())
	}
	if m.gateway != nil {
		errs = append(errs, m.gateway.Close())
	}
	if m.collector != nil {
		errs = append(errs, m.collector.Close())
	}
	for _, ports := range []map[string]*envoy.Port{m.inbound, m.outbound} {
		for _, p := range ports {
			if p != nil {
				errs = append(errs, p.Close())
			}
		}
	}
	return errors.Join(errs...)
}
