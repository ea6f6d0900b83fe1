package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/sink"
	"github.com/traceferry/traceferry/examples/mesh/system"
	"github.com/traceferry/traceferry/propagation"
)

// mesh is the application with its system and its collector.
type mesh struct {
	system.System
	app       *app.App
	collector sink.Sink
	gateway   *gateway // nil if there is only one mesh
	entry     string
}

// startMesh starts everything. With a nil Propagator, the application forwards nothing.
func startMesh(ctx context.Context, o options, p *propagation.Propagator, dir string) (_ *mesh, err error) {
	m := &mesh{System: o.mesh.system(o)}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	if m.collector, err = o.collect(ctx, dir); err != nil {
		return nil, fmt.Errorf("cannot start the collector: %w", err)
	}
	if m.app, err = app.Start(p); err != nil {
		return nil, err
	}
	if o.gateway != nil {
		m.addGateway(o)
	}
	routes, err := m.Start(ctx, system.Ground{Dir: dir, Services: m.app.Addr, Collector: m.collector.Addr()})
	if err != nil {
		return nil, err
	}
	m.app.SetRoute(routes.Outbound)
	m.app.SetCallers(routes.Callers)
	m.app.SetNaming(routes.Naming)
	m.entry = routes.Entry
	return m, nil
}

// close ends everything that was started.
func (m *mesh) close() error {
	m.Stop()
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
	return errors.Join(errs...)
}
