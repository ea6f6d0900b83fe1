package process

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Run runs a command until it ends. Its output goes to the writers, not to a log.
func Run(ctx context.Context, c Command, stdout, stderr io.Writer) error {
	cmd := exec.CommandContext(ctx, c.Path, c.Args...)
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := onParent(cmd.Run); err != nil {
		return fmt.Errorf("%s: %w", c.Name, err)
	}
	return nil
}
