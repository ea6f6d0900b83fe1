package binary

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds a program of Sources with the go command and puts it into Cache. It writes the command's output to log.
// It replaces an older build. Modules of the example are in the folder examples/mesh, so that must be the current
// folder.
func Build(ctx context.Context, name string, log io.Writer) error {
	s, ok := source(name)
	if !ok {
		return fmt.Errorf("no program %q to build", name)
	}
	cache, err := Cache()
	if err != nil {
		return err
	}
	if s.Dir != "" {
		return run(ctx, s.Dir, log, "build", "-o", filepath.Join(cache, name), ".")
	}
	dir, err := os.MkdirTemp("", "build-"+name)
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	// A module of its own: go install takes no replace directive.
	mod := "module build\n"
	if s.Replace != "" {
		mod += "\nreplace " + s.Replace + "\n"
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(mod), 0o600); err != nil {
		return err
	}
	if err := run(ctx, dir, log, "get", "-tool", s.Package+"@"+s.Version); err != nil {
		return err
	}
	return run(ctx, dir, log, "build", "-o", filepath.Join(cache, name), s.Package)
}

// run runs the go command in a folder.
func run(ctx context.Context, dir string, log io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s: %w", args[0], err)
	}
	return nil
}
