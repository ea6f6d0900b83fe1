package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
)

// service is a program to analyze: a module of the module proxy, or a commit of a repository.
type service struct {
	name                    string // the module with its version, or the address with the commit
	address, commit, folder string // the repository, the commit and the folder
}

// read reads a list of services. A line is MODULE@VERSION, "git ADDRESS COMMIT" or "git ADDRESS COMMIT FOLDER", or a
// comment that begins with #.
func read(file string) (services []service, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		switch {
		case len(fields) == 0 || strings.HasPrefix(line, "#"):
		case len(fields) == 1:
			services = append(services, service{name: fields[0]})
		case fields[0] == "git" && (len(fields) == 3 || len(fields) == 4):
			s := service{address: fields[1], commit: fields[2], folder: strings.Join(fields[3:], "")}
			s.name = path.Join(strings.TrimPrefix(s.address, "https://"), s.folder) + "@" + s.commit[:min(12, len(s.commit))]
			services = append(services, s)
		default:
			return nil, fmt.Errorf("%s: the line %q is no service", file, line)
		}
	}
	return services, nil
}

// download returns a directory with the source of a service.
func (s service) download(clones string) (dir string, err error) {
	if s.address == "" {
		out, err := run("", "go", "mod", "download", "-json", s.name)
		if err != nil {
			return "", err
		}
		var module struct{ Dir string }
		err = json.Unmarshal(out, &module)
		return module.Dir, err
	}
	if dir, err = filepath.Abs(filepath.Join(clones, path.Base(s.address)+"@"+s.commit)); err != nil {
		return "", err
	}
	if _, err := os.Stat(dir); err != nil {
		if _, err := run("", "git", "clone", "--quiet", "--filter=blob:none", "--no-checkout", s.address, dir); err != nil {
			return "", err
		}
		if _, err := run(dir, "git", "checkout", "--quiet", s.commit); err != nil {
			return "", err
		}
	}
	return filepath.Join(dir, s.folder), nil
}

// run runs a command. On failure, the error contains the command's output.
func run(dir, name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, problem.Bytes(), out)
	}
	return out, nil
}
