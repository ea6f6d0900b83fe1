package envoy

import (
	"context"
	"os"
	"path/filepath"

	"github.com/traceferry/traceferry/examples/mesh/process"
)

// Process is a running Envoy.
type Process = process.Process

// Start writes the proxy's configuration and log into a folder, as SERVICE.json and
// SERVICE.log, runs Envoy with it, and returns when its listeners take connections. The end
// of ctx stops it, as Stop does.
func Start(ctx context.Context, binary, dir string, p Proxy) (*Process, error) {
	config, err := p.Config()
	if err != nil {
		return nil, err
	}
	base := filepath.Join(dir, p.Service)
	if err := os.WriteFile(base+".json", config, 0o600); err != nil {
		return nil, err
	}
	c := process.Command{
		Name: "the Envoy of " + p.Service,
		Path: binary,
		Args: []string{"-c", base + ".json", "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"},
		Log:  base + ".log",
	}
	for _, l := range p.Listeners {
		c.Ready = append(c.Ready, l.Addr)
	}
	return process.Start(ctx, c)
}
