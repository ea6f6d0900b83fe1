package childenv

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/traceferry/traceferry/propagation"
)

// variable returns the environment variable of a header.
func variable(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// header returns the header of an environment variable.
func header(variable string) string { return strings.ToLower(strings.ReplaceAll(variable, "_", "-")) }

// add adds the headers of ctx to the environment of a child process.
func add(ctx context.Context, p *propagation.Propagator, cmd *exec.Cmd) {
	env := map[string]string{}
	for name, value := range p.Lines(ctx, "env:worker") {
		if earlier, ok := env[variable(name)]; ok {
			value = earlier + "," + value
		}
		env[variable(name)] = value
	}
	for name, value := range env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
}

// inherited returns the environment of this process, without the headers that this process was started with.
func inherited(p *propagation.Propagator) []string {
	fields, prefixes := p.ReadFields(), p.Prefixes()
	return slices.DeleteFunc(os.Environ(), func(line string) bool {
		name, _, _ := strings.Cut(line, "=")
		return slices.Contains(fields, header(name)) ||
			slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(header(name), prefix) })
	})
}

// environ yields the environment of this process as headers.
func environ(yield func(name, value string) bool) {
	for _, line := range os.Environ() {
		if name, value, _ := strings.Cut(line, "="); !yield(header(name), value) {
			return
		}
	}
}

// start starts a child process for the work of ctx.
func start(ctx context.Context, p *propagation.Propagator, program string, args ...string) (*exec.Cmd, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = inherited(p)
	add(ctx, p, cmd)
	return cmd, cmd.Start()
}

// begin returns the context of a process that was started by another one.
func begin(p *propagation.Propagator) context.Context {
	ctx := p.ExtractLines(context.Background(), environ)
	return ctx
}
