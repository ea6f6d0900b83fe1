// Command release tags all published modules of this repository with one version.
//
//	go -C release run . v0.1.0       # makes the tags in this clone; check them, then push them
//	go -C release run . -n v0.1.0    # a dry run: makes the tags in a temporary clone, and uses them from a new module
//	go -C release run . -licenses    # prints the table of docs/dependencies.md
//
// A nested module is tagged on a commit of its own. The go.mod of that commit requires the other modules at the same
// version and has no replace line, so that users can require the module. The branch itself does not change.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	dry := flag.Bool("n", false, "dry run: tag a temporary clone, and use the modules from there")
	list := flag.Bool("licenses", false, "print the licences of all dependencies, and release nothing")
	flag.Parse()
	if (flag.NArg() == 1) == *list {
		fmt.Fprintln(os.Stderr, "usage: release [-n] VERSION, or release -licenses")
		os.Exit(2)
	}
	root, err := command("", nil, "git", "rev-parse", "--show-toplevel")
	switch {
	case err != nil:
	case *list:
		var table string
		table, err = licenses(root)
		fmt.Print(table)
	default:
		err = run(root, flag.Arg(0), *dry)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(root, version string, dry bool) error {
	if err := ready(root, version, dry); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer removeAll(work)
	clone := root
	if dry {
		clone = filepath.Join(work, "clone")
		if _, err := command(root, nil, "git", "clone", "--quiet", "--no-tags", root, clone); err != nil {
			return err
		}
	}
	r := &release{dir: clone, version: version, work: work}
	if err := r.tag(); err != nil {
		return err
	}
	if dry {
		return r.use()
	}
	fmt.Printf("push the tags: git push origin %s\n", strings.Join(r.tags(), " "))
	return nil
}

// ready returns all reasons why the version cannot be released. A dry run needs no entry in the changelog.
func ready(root, version string, dry bool) error {
	var errs []error
	if !semver.IsValid(version) || semver.Canonical(version) != version || semver.Major(version) > "v1" {
		errs = append(errs, fmt.Errorf("VERSION is %q, not a version such as v0.1.0; a new major version needs a new import path", version))
	}
	if dry {
		return errors.Join(errs...)
	}
	if changed, err := command(root, nil, "git", "status", "--porcelain"); err != nil || changed != "" {
		errs = append(errs, fmt.Errorf("the working tree has changes: %s %v", changed, err))
	}
	if tags, err := command(root, nil, "git", "tag", "--list", version, "*/"+version); err != nil || tags != "" {
		errs = append(errs, fmt.Errorf("tags exist already: %s %v", strings.ReplaceAll(tags, "\n", " "), err))
	}
	changelog, err := os.ReadFile(filepath.Join(root, "CHANGELOG.md"))
	if heading := "\n## " + strings.TrimPrefix(version, "v"); err != nil || !strings.Contains(string(changelog), heading) {
		errs = append(errs, fmt.Errorf("CHANGELOG.md has no section %q %v", strings.TrimSpace(heading), err))
	}
	return errors.Join(errs...)
}
