package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repository makes a repository with files, and commits them.
func repository(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "--message", "first"}} {
		if _, err := command(dir, nil, "git", args...); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestReady: an error names all reasons against a release.
func TestReady(t *testing.T) {
	dir := repository(t, map[string]string{"CHANGELOG.md": "# Changelog\n\n## 0.1.0\n"})
	if err := ready(dir, "v0.1.0", false); err != nil {
		t.Errorf("a repository that is ready: %v", err)
	}
	if _, err := command(dir, nil, "git", "tag", "lint/v0.2.0"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "new.go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := ready(dir, "v0.2.0", false)
	for _, want := range []string{"new.go", "lint/v0.2.0", `"## 0.2.0"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not name %s: %v", want, err)
		}
	}
	for _, version := range []string{"0.1.0", "v0.1", "v2.0.0", ""} {
		if err := ready(dir, version, true); err == nil {
			t.Errorf("%q is a version", version)
		}
	}
}

// TestModules: modules of examples and tests are not published, and each module follows those that it requires.
func TestModules(t *testing.T) {
	gomod := func(name string, requires ...string) string {
		text := "module " + name + "\n"
		for _, r := range requires {
			text += "require " + r + " v0.0.0\n"
		}
		return text
	}
	dir := repository(t, map[string]string{
		"a/go.mod":              gomod(rootPath+"/a", rootPath+"/z"),
		"examples/go.mod":       gomod(rootPath + "/examples"),
		"go.mod":                gomod(rootPath),
		"lint/testdata/go.mod":  gomod("example.com/testdata"),
		"z/go.mod":              gomod(rootPath+"/z", rootPath, "example.com/other"),
		"interop/deeper/go.mod": gomod(rootPath + "/interop/deeper"),
	})
	all, err := modules(dir)
	if err != nil {
		t.Fatal(err)
	}
	var tags []string
	for _, m := range all {
		tags = append(tags, m.tag("v0.1.0"))
	}
	if want := []string{"v0.1.0", "z/v0.1.0", "a/v0.1.0"}; !slices.Equal(tags, want) {
		t.Errorf("the tags are %v, want %v", tags, want)
	}
}

// TestLicenses: docs/dependencies.md has the licences of what the published packages link.
func TestLicenses(t *testing.T) {
	root, err := command("", nil, "git", "rev-parse", "--show-toplevel")
	if err != nil {
		t.Skipf("this folder is no clone: %v", err)
	}
	want, err := licenses(root)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs/dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), want) {
		t.Errorf("docs/dependencies.md does not have this table:\n%s", want)
	}
}
