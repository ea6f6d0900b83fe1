// Package binary finds and builds the programs that the meshes run.
package binary

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Find returns the path of a program of Sources: the one on PATH, else the one in Cache. If there is none, the error
// has the command that builds it.
func Find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	dir, err := Cache()
	if err != nil {
		return "", err
	}
	path, err := exec.LookPath(filepath.Join(dir, name))
	if err != nil {
		return "", &MissingError{Name: name}
	}
	return path, nil
}

// Cache returns the folder into which Build puts programs: traceferry/bin in the user's cache.
func Cache() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "traceferry", "bin"), err
}

// MissingError is the error for a program that is neither on PATH nor in Cache.
type MissingError struct{ Name string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("no %s on PATH or in the cache. This command builds it:\n"+
		"\tgo -C examples/mesh run ./cmd/build %[1]s", e.Name)
}
