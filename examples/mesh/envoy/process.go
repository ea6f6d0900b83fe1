package envoy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/traceferry/traceferry/examples/mesh/process"
)

// Start writes the proxy's configuration and log into a folder, as SERVICE.json and SERVICE.log. It runs Envoy and
// returns when its listeners accept connections. The proxy stops at the end of ctx, as with Stop.
func Start(ctx context.Context, binary, dir string, p Proxy) (*process.Process, error) {
	config, err := p.Config()
	if err != nil {
		return nil, err
	}
	e, err := Run(ctx, binary, dir, p.Service, config)
	if err != nil {
		return nil, err
	}
	for _, l := range p.Listeners {
		if err := e.Listens(ctx, l.Addr); err != nil {
			return nil, fmt.Errorf("the Envoy of %s: %w", p.Service, err)
		}
	}
	return e, nil
}

// Run starts Envoy with a bootstrap configuration in JSON, with one worker. It writes
// NAME.json and NAME.log into a folder, and does not wait until Envoy is ready.
func Run(ctx context.Context, binary, dir, name string, bootstrap []byte) (*process.Process, error) {
	file := filepath.Join(dir, name+".json")
	if err := os.WriteFile(file, bootstrap, 0o600); err != nil {
		return nil, err
	}
	return process.Start(ctx, dir, process.Command{
		Name: name,
		Path: binary,
		Args: []string{"-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"},
	})
}
