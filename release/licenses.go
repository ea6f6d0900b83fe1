package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// licenses returns a Markdown table of the modules that the packages of the published modules link, with their licences.
func licenses(root string) (string, error) {
	all, err := modules(root)
	if err != nil {
		return "", err
	}
	type dependency struct {
		license string
		by      []string // folders of the modules that link it
	}
	found := map[string]dependency{}
	for _, m := range all {
		packages, commands, err := packagesOf(root, m)
		if err != nil {
			return "", err
		}
		args := slices.Concat([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}\t{{.Dir}}{{end}}"}, packages, commands)
		listed, err := command(filepath.Join(root, m.dir), nil, "go", args...)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(listed) {
			path, dir, ok := strings.Cut(strings.TrimSpace(line), "\t")
			if !ok || path == rootPath || strings.HasPrefix(path, rootPath+"/") {
				continue
			}
			license, err := licenseOf(dir)
			if err != nil {
				return "", fmt.Errorf("%s: %w", path, err)
			}
			by := found[path].by
			if dir := strings.Replace(m.dir, ".", "the root module", 1); !slices.Contains(by, dir) {
				by = append(by, dir)
			}
			found[path] = dependency{license, by}
		}
	}
	var table strings.Builder
	table.WriteString("| Module | Licence | Linked by packages of |\n|---|---|---|\n")
	for _, path := range slices.Sorted(maps.Keys(found)) {
		fmt.Fprintf(&table, "| %s | %s | %s |\n", path, found[path].license, strings.Join(found[path].by, ", "))
	}
	return table.String(), nil
}

// licenseOf returns the SPDX identifiers of the licences in a module's folder.
func licenseOf(dir string) (string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "LICEN[CS]E*"))
	if err != nil {
		return "", err
	}
	var ids []string
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		for _, match := range licensecheck.Scan(text).Match {
			if !slices.Contains(ids, match.ID) {
				ids = append(ids, match.ID)
			}
		}
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("no licence is known in %s", dir)
	}
	return strings.Join(ids, ", "), nil
}
