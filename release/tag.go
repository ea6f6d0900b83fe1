package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// release makes and tries the tags of one version.
type release struct {
	dir     string // the repository
	version string
	work    string // a temporary folder
	modules []*module
}

func (r *release) tags() (tags []string) {
	for _, m := range r.modules {
		tags = append(tags, m.tag(r.version))
	}
	return tags
}

// tag tags each module. A nested module is tagged on a commit that no branch has.
func (r *release) tag() (err error) {
	if r.modules, err = modules(r.dir); err != nil {
		return err
	}
	branch, err := command(r.dir, nil, "git", "rev-parse", "--abbrev-ref", "HEAD")
	if err != nil {
		return err
	}
	if _, err := command(r.dir, nil, "git", "checkout", "--quiet", "--detach"); err != nil {
		return err
	}
	defer command(r.dir, nil, "git", "checkout", "--quiet", "--force", branch)
	for _, m := range r.modules {
		if err := r.commit(m); err != nil {
			return fmt.Errorf("%s: %w", m.path(), err)
		}
		if _, err := command(r.dir, nil, "git", "tag", "--annotate", "--message", m.path()+" "+r.version, m.tag(r.version)); err != nil {
			return err
		}
		fmt.Println("tagged", m.tag(r.version))
	}
	return nil
}

// commit commits a go.mod that requires this repository's modules at the version, without a replace line.
func (r *release) commit(m *module) error {
	needed := m.ours()
	if len(needed) == 0 {
		return nil
	}
	dir := filepath.Join(r.dir, m.dir)
	for _, path := range needed {
		if _, err := command(dir, nil, "go", "mod", "edit", "-require="+path+"@"+r.version, "-dropreplace="+path); err != nil {
			return err
		}
	}
	for _, replace := range m.file.Replace {
		if strings.HasPrefix(replace.New.Path, ".") {
			if _, err := command(dir, nil, "go", "mod", "edit", "-dropreplace="+replace.Old.Path); err != nil {
				return err
			}
		}
	}
	if _, err := command(dir, r.env(), "go", "mod", "tidy"); err != nil {
		return err
	}
	_, err := command(dir, nil, "git", "commit", "--quiet", "--message", "Release "+m.path()+" "+r.version, "go.mod", "go.sum")
	return err
}

// env is an environment in which the go command finds this repository's modules in the clone. Its module cache is
// temporary, because the tags are not published yet. Other modules come from the usual cache and proxy.
func (r *release) env() []string {
	goenv := func(name string) string {
		value, _ := command("", nil, "go", "env", name)
		return value
	}
	return []string{
		"GOWORK=off",
		"GOFLAGS=-mod=mod -buildvcs=false",
		"GOMODCACHE=" + filepath.Join(r.work, "modules"),
		"GOPROXY=file://" + filepath.ToSlash(filepath.Join(goenv("GOMODCACHE"), "cache", "download")) + "," + goenv("GOPROXY"),
		"GOPRIVATE=" + rootPath,
		"GONOSUMDB=" + rootPath,
		"GIT_CONFIG_COUNT=1",
		"GIT_CONFIG_KEY_0=url." + r.dir + ".insteadOf",
		"GIT_CONFIG_VALUE_0=https://" + rootPath,
	}
}

// command runs a program and returns its output without white space around it. The error has what the program printed.
func command(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	var out, problem bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, problem.Bytes(), out.Bytes())
	}
	return strings.TrimSpace(out.String()), nil
}

// removeAll removes a folder. The module cache in it is read-only.
func removeAll(dir string) {
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(path, 0o755)
		}
		return nil
	})
	os.RemoveAll(dir)
}
