// Package golangci is the plugin of golangci-lint that runs the analyzers of package lint. It is a module plugin: list it
// in .custom-gcl.yml, build golangci-lint with "golangci-lint custom", and enable the linter traceferry:
//
//	linters:
//	  enable:
//	    - traceferry
//	  settings:
//	    custom:
//	      traceferry:
//	        type: module
//	        description: finds the lines where a service loses its trace headers
//	        settings:
//	          disable: [baregrpc]
//
// The page docs/diagnosis.md has both files.
package golangci

import (
	"errors"
	"fmt"
	"slices"

	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/traceferry/traceferry/lint"
)

func init() { register.Plugin("traceferry", New) }

// Settings are the plugin's settings in the configuration of golangci-lint. The zero Settings run all analyzers that are
// on by default.
type Settings struct {
	// Enable has the names of the analyzers to run, also of those that are off by default. If it is empty, all analyzers
	// run that are on by default.
	Enable []string `json:"enable"`
	// Disable has the names of analyzers that do not run. It overrides Enable.
	Disable []string `json:"disable"`
}

// New returns the plugin for settings, in the form in which golangci-lint decodes them from its configuration. nil means
// the zero [Settings]. New returns an error if settings have an unknown key, or name analyzers that do not exist.
// golangci-lint calls it.
func New(settings any) (register.LinterPlugin, error) {
	s, err := register.DecodeSettings[Settings](settings)
	if err != nil {
		return nil, fmt.Errorf("traceferry: %w", err)
	}
	all := lint.Analyzers()
	var errs []error
	for _, name := range slices.Concat(s.Enable, s.Disable) {
		if !slices.ContainsFunc(all, func(a *analysis.Analyzer) bool { return a.Name == name }) {
			errs = append(errs, fmt.Errorf("traceferry: no analyzer has the name %q", name))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, a := range all { // some are off by default
		if on := a.Flags.Lookup("on"); on != nil && slices.Contains(s.Enable, a.Name) {
			errs = append(errs, on.Value.Set("true"))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return &plugin{slices.DeleteFunc(all, func(a *analysis.Analyzer) bool {
		return len(s.Enable) > 0 && !slices.Contains(s.Enable, a.Name) || slices.Contains(s.Disable, a.Name)
	})}, nil
}

type plugin struct{ analyzers []*analysis.Analyzer }

func (p *plugin) BuildAnalyzers() ([]*analysis.Analyzer, error) { return p.analyzers, nil }

func (p *plugin) GetLoadMode() string { return register.LoadModeTypesInfo }
