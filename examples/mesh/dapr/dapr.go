// Package dapr is a mesh of Dapr's sidecars. They advance only grpc-trace-bin over gRPC, and only traceparent over
// HTTP.
package dapr

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Mesh has a sidecar beside each service, and one without a service at the edge. The zero value is ready to start.
type Mesh struct {
	ground   system.Ground
	ports    process.Ports
	sidecars []*process.Process
}

var _ system.System = (*Mesh)(nil)

// Names of ports. Each sidecar accepts HTTP and gRPC from its service, and gRPC from other sidecars.
func byHTTP(service string) string { return "http " + service }
func byGRPC(service string) string { return "grpc " + service }
func peers(service string) string  { return "peers " + service }

// apps are the names of the sidecars' apps.
var apps = append([]string{app.Edge}, app.Services...)

// Start starts the edge's sidecar, then the others at the same time, and returns when each is ready.
func (m *Mesh) Start(ctx context.Context, g system.Ground) (system.Routes, error) {
	m.ground = g
	path, err := binary.Find("daprd")
	if err != nil {
		return system.Routes{}, err
	}
	for _, service := range apps {
		if err := m.ports.Hold(byHTTP(service), byGRPC(service), peers(service)); err != nil {
			return system.Routes{}, err
		}
	}
	if err := m.write(); err != nil {
		return system.Routes{}, err
	}
	m.sidecars = make([]*process.Process, len(apps))
	errs := make([]error, len(apps))
	start := func(i int) { m.sidecars[i], errs[i] = m.startSidecar(ctx, path, apps[i]) }
	// The first sidecar creates the tables of names. If several create them at once, names are lost.
	start(0)
	var starts sync.WaitGroup
	for i := range apps[1:] {
		starts.Go(func() { start(i + 1) })
	}
	starts.Wait()
	return system.Routes{
		Entry:    m.ports.Addr(byHTTP(app.Edge)),
		Outbound: m.route,
		Naming:   naming,
	}, errors.Join(errs...)
}

// route returns the port of the caller's sidecar for the protocol of the call.
func (m *Mesh) route(from, to string) string {
	for _, c := range app.Calls {
		if c.From == from && c.To == to && c.GRPC {
			return m.ports.Addr(byGRPC(from))
		}
	}
	return m.ports.Addr(byHTTP(from))
}

// naming returns the headers that Dapr's users set to name the called app. A header that begins with dapr- becomes a
// tag of the sidecar's span.
func naming(to, book string) map[string]string {
	return map[string]string{"dapr-app-id": to, bookHeader: book}
}

const bookHeader = "dapr-x-book"

// config switches mutual TLS off, because it needs Dapr's own authority. It makes the sidecars write names into a file,
// because the default is multicast DNS, which uses addresses other than loopback.
const config = `apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: bookinfo
spec:
  mtls:
    enabled: false
  tracing:
    samplingRate: "1"
    otel:
      endpointAddress: %q
      isSecure: false
      protocol: grpc
  nameResolution:
    component: sqlite
    configuration:
      connectionString: %q
      updateInterval: 300s
`

func (m *Mesh) write() error {
	names := filepath.Join(m.ground.Dir, "names.db")
	// Sidecars of an earlier run may have left their ports in the file.
	for _, file := range []string{names, names + "-shm", names + "-wal"} {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return errors.Join(
		os.MkdirAll(filepath.Join(m.ground.Dir, "resources"), 0o700),
		os.WriteFile(filepath.Join(m.ground.Dir, "config.yaml"), fmt.Appendf(nil, config, m.ground.Collector, names), 0o600),
	)
}

func (m *Mesh) startSidecar(ctx context.Context, path, service string) (*process.Process, error) {
	args := []string{
		"--app-id", service, "--config", "config.yaml", "--resources-path", "resources", "--log-level", "warn",
		"--dapr-listen-addresses", "127.0.0.1", "--dapr-internal-grpc-listen-address", "127.0.0.1",
		"--dapr-http-port", strconv.Itoa(m.ports.Number(byHTTP(service))),
		"--dapr-grpc-port", strconv.Itoa(m.ports.Number(byGRPC(service))),
		"--dapr-internal-grpc-port", strconv.Itoa(m.ports.Number(peers(service))),
		"--enable-metrics=false", // metrics would listen on all addresses
		"--dapr-graceful-shutdown-seconds", "1",
	}
	if addr, ok := m.ground.Services[service]; ok {
		host, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		args = append(args, "--app-channel-address", host, "--app-port", port, "--app-protocol", protocol(service))
	}
	p, err := process.Start(ctx, m.ground.Dir, process.Command{
		Name: service,
		Path: path,
		Args: args,
		Env: []string{
			"DAPR_HOST_IP=127.0.0.1",
			"OTEL_BSP_SCHEDULE_DELAY=200", "OTEL_BSP_MAX_QUEUE_SIZE=100000", // report spans after a short time, and drop none
		},
	})
	if err != nil {
		return nil, err
	}
	return p, p.Ready(ctx, func(ctx context.Context) error { return m.healthy(ctx, service) })
}

// protocol returns the protocol of a service.
func protocol(service string) string {
	for _, c := range app.Calls {
		if c.To == service && c.GRPC {
			return "grpc"
		}
	}
	return "http"
}

// healthy asks a sidecar whether the sidecar and its app are ready.
func (m *Mesh) healthy(ctx context.Context, service string) error {
	url := "http://" + m.ports.Addr(byHTTP(service)) + "/v1.0/healthz"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("the sidecar answers %s", resp.Status)
	}
	return nil
}

// Logs returns nothing, because sidecars write no access logs with a request's headers.
func (m *Mesh) Logs() ([]judge.LogLine, error) { return nil, nil }

// Stop ends the sidecars.
func (m *Mesh) Stop() {
	process.StopAll(m.sidecars...)
	m.sidecars = nil
	_ = m.ports.Close() // nothing was sent on these sockets
}
