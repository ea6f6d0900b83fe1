package consul

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/traceferry/traceferry/examples/mesh/app"
)

// ready waits until a request passes from each Envoy through the next one to a service. The requests have a path that
// no service has, and nothing traces them.
func (m *Mesh) ready(ctx context.Context) error {
	envoys := append(append([]string{}, app.Services...), gateway)
	for i, from := range envoys {
		p := m.processes[len(m.processes)-len(envoys)+i]
		entries := []string{}
		for _, to := range m.called(from) {
			if to == native {
				continue // the test itself runs this service
			}
			entries = append(entries, m.ports.Addr(upstream(from, to)))
		}
		if from == gateway {
			entries = []string{m.ports.Addr(gateway)}
		}
		for _, addr := range entries {
			if err := p.Ready(ctx, func(ctx context.Context) error { return reaches(ctx, addr) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// reaches returns an error unless a service answers. Envoy answers 503 for a service that it cannot reach, and 404
// before it has routes.
func reaches(ctx context.Context, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/ready", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode == http.StatusServiceUnavailable || resp.Header.Get("x-envoy-upstream-service-time") == "" {
		return errors.New(addr + " answers " + strconv.Itoa(resp.StatusCode))
	}
	return nil
}

// callers returns the ids of the workloads that may call each service.
func (m *Mesh) callers() map[string][]string {
	ids := map[string][]string{}
	for _, c := range app.Calls {
		from := c.From
		if from == app.Edge {
			from = gateway
		}
		ids[c.To] = []string{m.ID(from)}
	}
	return ids
}

// ID returns the SPIFFE id that Consul gives a service.
func (m *Mesh) ID(service string) string {
	return "spiffe://" + m.domain + "/ns/default/dc/dc1/svc/" + service
}
