package main

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
)

const rootPath = "github.com/traceferry/traceferry"

// unpublished are folders whose modules are for this repository alone: examples, tests and measurements.
var unpublished = []string{"adapters", "benchmarks", "examples", "interop", "release", "stats/alerts"}

// module is a module of the repository.
type module struct {
	dir  string // relative to the repository; "." for the root module
	file *modfile.File
}

func (m *module) path() string { return m.file.Module.Mod.Path }

// tag returns the module's tag for a version.
func (m *module) tag(version string) string { return path.Join(m.dir, version) }

// ours returns the paths of the repository's modules that the module requires.
func (m *module) ours() (paths []string) {
	for _, r := range m.file.Require {
		if r.Mod.Path == rootPath || strings.HasPrefix(r.Mod.Path, rootPath+"/") {
			paths = append(paths, r.Mod.Path)
		}
	}
	return paths
}

// modules returns the published modules of a repository, each after those that it requires.
func modules(root string) ([]*module, error) {
	listed, err := command(root, nil, "git", "ls-files", "go.mod", "*/go.mod")
	if err != nil {
		return nil, err
	}
	var all []*module
	for name := range strings.FieldsSeq(listed) {
		dir := path.Dir(name)
		if strings.Contains(dir, "testdata") || slices.ContainsFunc(unpublished, func(u string) bool { return dir == u || strings.HasPrefix(dir, u+"/") }) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, err
		}
		file, err := modfile.Parse(name, text, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, &module{dir, file})
	}
	return inOrder(all), nil
}

// inOrder sorts modules so that each follows those that it requires. The go command does not allow cycles of local
// modules without a replace, and neither does this repository.
func inOrder(all []*module) (sorted []*module) {
	var add func(m *module)
	add = func(m *module) {
		if slices.Contains(sorted, m) {
			return
		}
		for _, needed := range m.ours() {
			if i := slices.IndexFunc(all, func(o *module) bool { return o.path() == needed && o != m }); i >= 0 {
				add(all[i])
			}
		}
		sorted = append(sorted, m)
	}
	for _, m := range all {
		add(m)
	}
	return sorted
}
