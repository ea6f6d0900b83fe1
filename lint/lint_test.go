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

// TestAnalyzers runs each analyzer over the package of its name in testdata/src, which has a "want" comment on each line
// that it must report. No other line may be reported.
func TestAnalyzers(t *testing.T) {
	for _, a := range lint.Analyzers() {
		t.Run(a.Name, func(t *testing.T) { analysistest.Run(t, analysistest.TestData(), a, a.Name) })
	}
}

var offByDefault = []*analysis.Analyzer{lint.BareGRPC, lint.GinContext}

// TestMain switches the analyzers on that are off by default.
func TestMain(m *testing.M) {
	for _, a := range offByDefault {
		if err := a.Flags.Set("on", "true"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// TestOff: what is off by default reports nothing.
func TestOff(t *testing.T) {
	for _, a := range offByDefault {
		a.Flags.Set("on", "false")
		defer a.Flags.Set("on", "true")
		silent := &silence{TB: t}
		analysistest.Run(silent, analysistest.TestData(), a, a.Name)
		if silent.unexpected != "" || silent.missing == 0 {
			t.Errorf("%s is off, reports %q, and misses %d findings", a.Name, silent.unexpected, silent.missing)
		}
	}
}

// silence counts the findings that a test expects and does not get.
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

// TestFlags: each flag changes what is reported.
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

// TestPackages: packages about one question each.
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
