package lint_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/traceferry/traceferry/lint"
)

// TestAnalyzers runs each analyzer on the package with its name in testdata/src. Each line that the analyzer must
// report has a "want" comment. It must not report any other line.
func TestAnalyzers(t *testing.T) {
	for _, a := range lint.Analyzers() {
		t.Run(a.Name, func(t *testing.T) { analysistest.Run(t, analysistest.TestData(), a, a.Name) })
	}
}

var offByDefault = []*analysis.Analyzer{lint.BareGRPC, lint.GinContext}

// TestMain switches on the analyzers that are off by default.
func TestMain(m *testing.M) {
	for _, a := range offByDefault {
		if err := a.Flags.Set("on", "true"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestOff: an analyzer that is off by default reports nothing.
func TestOff(t *testing.T) {
	for _, a := range offByDefault {
		a.Flags.Set("on", "false")
		defer a.Flags.Set("on", "true")
		silent := &silence{TB: t}
		analysistest.Run(silent, analysistest.TestData(), a, a.Name)
		if silent.unexpected != "" || silent.missing == 0 {
			t.Errorf("%s is off, but reports %q, and misses %d of the expected findings", a.Name, silent.unexpected, silent.missing)
		}
	}
}

// silence counts the expected findings that are missing.
type silence struct {
	testing.TB
	missing    int
	unexpected string
}

func (s *silence) Errorf(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); strings.Contains(text, "no diagnostic was reported") {
		s.missing++
	} else {
		s.unexpected = text
	}
}

// TestFlags: each flag changes the findings.
func TestFlags(t *testing.T) {
	for _, test := range []struct {
		analyzer *analysis.Analyzer
		flag     string
	}{
		{lint.BareClient, "callers"},
		{lint.BareGRPC, "all"},
		{lint.Goroutine, "callees"},
		{lint.GinContext, "fallback"},
	} {
		t.Run(test.flag, func(t *testing.T) {
			if err := test.analyzer.Flags.Set(test.flag, "true"); err != nil {
				t.Fatal(err)
			}
			defer test.analyzer.Flags.Set(test.flag, "false")
			analysistest.Run(t, analysistest.TestData(), test.analyzer, test.analyzer.Name+"/"+test.flag)
		})
	}
}

// TestPackages has one package for each special question.
func TestPackages(t *testing.T) {
	for name, a := range map[string]*analysis.Analyzer{"bareclient/replaced": lint.BareClient, "baregrpc/command": lint.BareGRPC, "gincontext/switched": lint.GinContext} {
		t.Run(name, func(t *testing.T) { analysistest.Run(t, analysistest.TestData(), a, name) })
	}
}

// TestFixes applies the suggested fixes and compares the result with the golden files.
func TestFixes(t *testing.T) {
	for _, a := range []*analysis.Analyzer{lint.Background, lint.GinContext, lint.Goroutine, lint.NewRequest} {
		t.Run(a.Name, func(t *testing.T) {
			analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), a, a.Name+"/fixed")
		})
	}
}
