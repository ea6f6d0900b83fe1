// Package istio is a mesh of Envoys with Istio's control plane. The real istiod sends them their listeners, routes and
// clusters. There is no Kubernetes cluster and no mutual TLS.
package istio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"

	"github.com/traceferry/traceferry/examples/mesh/app"
	"github.com/traceferry/traceferry/examples/mesh/binary"
	"github.com/traceferry/traceferry/examples/mesh/envoy"
	"github.com/traceferry/traceferry/examples/mesh/judge"
	"github.com/traceferry/traceferry/examples/mesh/process"
	"github.com/traceferry/traceferry/examples/mesh/system"
)

// Mesh has a gateway at the edge and a sidecar beside each service.
type Mesh struct {
	Envoy    string // the binary
	Provider string // of tracing: an extension provider of meshconfig.yaml
	GRPC     bool   // whether the collector speaks gRPC or HTTP/1

	ground     system.Ground
	ports      process.Ports
	kubernetes *kubernetes
	istiod     *process.Process
	envoys     []*process.Process
}

var _ system.System = (*Mesh)(nil)

// Names of ports.
const discovery, httpPort, monitoring = "xds", "http", "monitoring"

func in(service string) string  { return "in " + service }
func out(service string) string { return "out " + service }

// proxies are all proxies, by their services.
var proxies = append([]string{app.Edge}, app.Services...)

// Start starts the API server, istiod and then the Envoys.
func (m *Mesh) Start(ctx context.Context, g system.Ground) (system.Routes, error) {
	m.ground = g
	err := m.ports.Hold(discovery, httpPort, monitoring)
	for _, c := range app.Calls {
		err = errors.Join(err, m.ports.Hold(in(c.To), out(c.From)))
	}
	if err != nil {
		return system.Routes{}, err
	}
	if err := m.startIstiod(ctx); err != nil {
		return system.Routes{}, err
	}
	return system.Routes{
		Entry:    m.ports.Addr(out(app.Edge)),
		Outbound: func(from, _ string) string { return m.ports.Addr(out(from)) },
	}, m.startEnvoys(ctx)
}

// startIstiod starts istiod and returns when istiod reports that it is ready.
func (m *Mesh) startIstiod(ctx context.Context) error {
	path, err := binary.Find("pilot-discovery")
	if err != nil {
		return err
	}
	if m.kubernetes, err = startKubernetes(); err != nil {
		return err
	}
	if err := m.write(); err != nil {
		return err
	}
	m.istiod, err = process.Start(ctx, m.ground.Dir, process.Command{
		Name: "istiod",
		Path: path,
		Args: []string{
			"discovery", "--registries=Kubernetes", "--kubeconfig=kubeconfig",
			"--configDir=config", "--meshConfig=meshconfig.yaml",
			"--grpcAddr=" + m.ports.Addr(discovery), "--httpAddr=" + m.ports.Addr(httpPort), "--monitoringAddr=" + m.ports.Addr(monitoring),
			"--httpsAddr=", "--secureGRPCAddr=", "--ctrlz_port=0", "--ctrlz_address=127.0.0.1",
		},
		Env: []string{
			"POD_NAMESPACE=istio-system", "PILOT_CERT_PROVIDER=none", "ENABLE_CA_SERVER=false",
			// The proxy must not use filters that only Istio's own build of Envoy has.
			"PILOT_ENABLE_METADATA_EXCHANGE=false", "PILOT_ENABLE_ALPN_FILTER=false",
		},
	})
	if err != nil {
		return err
	}
	return m.istiod.Ready(ctx, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+m.ports.Addr(httpPort)+"/ready", nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("istiod answers %s", resp.Status)
		}
		return nil
	})
}

// startEnvoys starts all Envoys at the same time. It returns when each one has the listeners that istiod sent.
func (m *Mesh) startEnvoys(ctx context.Context) error {
	m.envoys = make([]*process.Process, len(proxies))
	errs := make([]error, len(proxies))
	var starts sync.WaitGroup
	for i, service := range proxies {
		// Envoy appends to the log, and an earlier run may have left one.
		if err := os.Remove(m.accessLog(service)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		starts.Go(func() { m.envoys[i], errs[i] = m.startEnvoy(ctx, service) })
	}
	starts.Wait()
	return errors.Join(errs...)
}

func (m *Mesh) startEnvoy(ctx context.Context, service string) (*process.Process, error) {
	config, err := bootstrap(service, m.ports.Addr(discovery))
	if err != nil {
		return nil, err
	}
	e, err := envoy.Run(ctx, m.Envoy, m.ground.Dir, service, config)
	if err != nil {
		return nil, err
	}
	for _, port := range []string{in(service), out(service)} {
		if addr := m.ports.Addr(port); addr != "" {
			if err := e.Listens(ctx, addr); err != nil {
				return e, fmt.Errorf("the Envoy of %s: %w", service, err)
			}
		}
	}
	return e, nil
}

func (m *Mesh) accessLog(proxy string) string {
	return filepath.Join(m.ground.Dir, proxy+".access.log")
}

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

// Stop ends the Envoys, then istiod, then the API server.
func (m *Mesh) Stop() {
	process.StopAll(m.envoys...)
	process.StopAll(m.istiod)
	if m.kubernetes != nil {
		_ = m.kubernetes.close() // its clients have ended
	}
	_ = m.ports.Close() // nothing was sent on these sockets
	m.envoys, m.istiod, m.kubernetes = nil, nil, nil
}
