package consul

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/traceferry/traceferry/examples/mesh/process"
)

// startAgent starts Consul's agent with its mesh, in development mode: a server that keeps all data in memory. It
// returns when the agent is the leader and has a certificate authority.
func (m *Mesh) startAgent(ctx context.Context) error {
	config, err := json.MarshalIndent(map[string]any{
		"bind_addr":            "127.0.0.1",
		"client_addr":          "127.0.0.1",
		"disable_update_check": true,
		"log_level":            "warn",
		"connect":              map[string]any{"enabled": true},
		"ui_config":            map[string]any{"enabled": false},
		"ports": map[string]int{
			"http": m.ports.Number("http"), "grpc": m.ports.Number("grpc"), "grpc_tls": -1, "dns": -1,
			"server": m.ports.Number("server"), "serf_lan": m.ports.Number("serf"), "serf_wan": -1,
		},
	}, "", "  ")
	if err != nil {
		return err
	}
	file := filepath.Join(m.ground.Dir, "agent.json")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return err
	}
	agent, err := process.Start(ctx, m.ground.Dir, process.Command{
		Name: "agent", Path: m.binary, Args: []string{"agent", "-dev", "-config-file", file},
	})
	if err != nil {
		return err
	}
	m.processes = append(m.processes, agent)
	return agent.Ready(ctx, func(ctx context.Context) error {
		var roots struct{ TrustDomain string }
		if err := m.call(ctx, http.MethodGet, "/v1/connect/ca/roots", nil, &roots); err != nil {
			return err
		}
		if roots.TrustDomain == "" {
			return errors.New("no certificate authority yet")
		}
		m.domain = roots.TrustDomain
		return nil
	})
}

// call calls the agent's HTTP API. It sends in as JSON if in is not nil. It decodes the answer into out if out is not
// nil.
func (m *Mesh) call(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+m.ports.Addr("http")+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("Consul's %s: %s: %s", path, resp.Status, strings.TrimSpace(string(text)))
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

// bootstrap gets the configuration of an Envoy from Consul's command line.
func (m *Mesh) bootstrap(ctx context.Context, args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	err := process.Run(ctx, process.Command{
		Name: "consul connect envoy", Path: m.binary,
		Args: append([]string{"connect", "envoy", "-bootstrap"}, args...),
		Env:  []string{"CONSUL_HTTP_ADDR=" + m.ports.Addr("http"), "CONSUL_GRPC_ADDR=" + m.ports.Addr("grpc")},
	}, &out, &errs)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s%s", err, &out, &errs)
	}
	return out.Bytes(), nil
}
