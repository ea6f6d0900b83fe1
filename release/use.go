package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// use requires each tagged module from a new module outside of the repository, builds its packages there, and installs
// its commands.
func (r *release) use() error {
	for i, m := range r.modules {
		packages, commands, err := packagesOf(r.dir, m)
		if err != nil {
			return err
		}
		dir := filepath.Join(r.work, fmt.Sprint("user", i))
		if err := r.build(dir, m, packages); err != nil {
			return fmt.Errorf("a module that requires %s: %w", m.path(), err)
		}
		for _, path := range commands {
			if _, err := command(r.work, append(r.env(), "GOBIN="+filepath.Join(r.work, "bin")), "go", "install", path+"@"+r.version); err != nil {
				return err
			}
		}
		fmt.Printf("used %s %s: %d packages, %d commands\n", m.path(), r.version, len(packages), len(commands))
	}
	return nil
}

// packagesOf returns the packages of a module that others may import, and its commands.
func packagesOf(root string, m *module) (packages, commands []string, err error) {
	listed, err := command(filepath.Join(root, m.dir), nil, "go", "list", "-f", "{{.Name}} {{.ImportPath}} {{len .GoFiles}}", "./...")
	if err != nil {
		return nil, nil, err
	}
	for line := range strings.Lines(listed) {
		fields := strings.Fields(line)
		switch name, path := fields[0], fields[1]; {
		case fields[2] == "0", strings.Contains(path, "/internal/"), strings.Contains(path, "/examples/"), strings.HasPrefix(path, rootPath+"/lint/survey"):
		case name == "main":
			commands = append(commands, path)
		default:
			packages = append(packages, path)
		}
	}
	return packages, commands, nil
}

func (r *release) build(dir string, m *module, packages []string) error {
	var source strings.Builder
	source.WriteString("package main\n\nimport (\n")
	for _, path := range packages {
		fmt.Fprintf(&source, "\t_ %q\n", path)
	}
	source.WriteString(")\n\nfunc main() {}\n")
	gomod := fmt.Sprintf("module example.com/user\n\ngo 1.26.0\n\nrequire %s %s\n", m.path(), r.version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{"main.go": source.String(), "go.mod": gomod} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	if _, err := command(dir, r.env(), "go", "mod", "tidy"); err != nil {
		return err
	}
	_, err := command(dir, r.env(), "go", "build", "-o", os.DevNull, ".")
	return err
}
